import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { cp, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { EmulatorOptions } from "../../src/emulator/index.ts";
import { connectProxy } from "../support/connect-proxy.ts";
import { freePort } from "../support/free-port.ts";
import { readPage, root } from "../support/markdown.ts";
import { openProject, redirect, type ProgramOptions, type Running, type UserProject } from "../support/user-project.ts";

/** docs/recipes.md: those of its programs that are whole, run in a user's project. */
const page = await readPage("docs/recipes.md");
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const sampleSha256 = "c026ec07d55872e02b73ebe91cdabd09b286c60906f87149b68e2b86a9679578";

let project: UserProject;
afterEach(() => project.close());

async function open(options: EmulatorOptions = {}): Promise<void> {
  project = await openProject(options);
  await cp(join(root, "fixtures/media/sample.mp4"), join(project.folder, "lesson.mp4"));
}

function codeOf(heading: string): string {
  const [block, ...others] = page.blocks.filter((one) => one.heading === heading && one.language === "ts");
  if (block === undefined || others.length > 0) throw new Error(`"${heading}" has not just one program`);
  return block.code;
}

async function start(heading: string, options?: ProgramOptions): Promise<Running> {
  return project.start({ file: await project.write("main.mjs", codeOf(heading)) }, options);
}

/** The sole media and what is stored of it. */
async function stored(): Promise<{ fileId: string; sha256: string | undefined }> {
  const [media, ...others] = project.emulator.media();
  if (media === undefined || others.length > 0) throw new Error(`there are ${others.length} media, not 1`);
  return { fileId: media.fileId, sha256: (await project.emulator.objects()).get(media.key)?.sha256 };
}

async function expectUploaded(program: Running): Promise<void> {
  const outcome = await program.ended;
  const { fileId, sha256: hash } = await stored();
  expect(outcome).toMatchObject({ code: 0, stdout: `${fileId}\n` });
  expect(hash).toBe(sampleSha256);
}

test("Proxy", async () => {
  await open();
  const proxy = await connectProxy({ route: () => Number(new URL(project.emulator.origin).port) });
  // Not redirected: the proxy is the only way to the names of the service.
  await expectUploaded(await start("Proxy", { preload: [], env: { HTTPS_PROXY: proxy.origin } }));
  expect(proxy.tunnels.length).toBeGreaterThan(1);
});

test("A role of STS", async () => {
  await open({ token: "exampleToken" });
  const { secretId, secretKey } = project.emulator;
  // Stands for STS: checks the signature as the service does, and hands out the emulator's key.
  const sts = await project.write(
    "sts.cjs",
    `const { createHash, createHmac } = require("node:crypto");
    const hmac = (key, text) => createHmac("sha256", key).update(text).digest();
    globalThis.fetch = async (url, { method, body, headers }) => {
      const date = new Date(headers["x-tc-timestamp"] * 1000).toISOString().slice(0, 10);
      const names = ["content-type", "host", "x-tc-action"];
      const lines = names.map((name) => name + ":" + { ...headers, host: new URL(url).host }[name].toLowerCase() + "\\n");
      const hash = (text) => createHash("sha256").update(text).digest("hex");
      const canonical = [method, "/", "", lines.join(""), names.join(";"), hash(body)].join("\\n");
      const scope = date + "/sts/tc3_request";
      const text = ["TC3-HMAC-SHA256", headers["x-tc-timestamp"], scope, hash(canonical)].join("\\n");
      const key = hmac(hmac(hmac("TC3exampleKey", date), "sts"), "tc3_request");
      const expected = "TC3-HMAC-SHA256 Credential=AKIDexample/" + scope + ", SignedHeaders=" + names.join(";") +
        ", Signature=" + hmac(key, text).toString("hex");
      const fine = url === "https://sts.intl.tencentcloudapi.com/" && headers.authorization === expected &&
        headers["x-tc-version"] === "2018-08-13" && JSON.parse(body).RoleArn === "qcs::cam::uin/1:roleName/uploads";
      const Credentials = { Token: "exampleToken", TmpSecretId: "${secretId}", TmpSecretKey: "${secretKey}" };
      const ExpiredTime = Math.floor(Date.now() / 1000) + 7200;
      const refusal = { Error: { Code: "AuthFailure.SignatureFailure" } };
      return new Response(JSON.stringify({ Response: { ...(fine ? { Credentials, ExpiredTime } : refusal), RequestId: "r" } }));
    };`,
  );
  const env = {
    TENCENTCLOUD_SECRET_ID: "AKIDexample",
    TENCENTCLOUD_SECRET_KEY: "exampleKey",
    ROLE_ARN: "qcs::cam::uin/1:roleName/uploads",
  };
  await expectUploaded(await start("A role of STS", { env, preload: [redirect, sts] }));
  project.emulator.clearRequests();
  const refused = await (
    await start("A role of STS", { env: { ...env, ROLE_ARN: "x" }, preload: [redirect, sts] })
  ).ended;
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain("AssumeRole: AuthFailure.SignatureFailure (request r)");
  expect(project.emulator.requests()).toEqual([]);
});

test("Keys that are rotated", async () => {
  await open();
  const { secretId, secretKey } = project.emulator;
  const key = join(project.folder, "vod-key.json");
  await writeFile(key, JSON.stringify({ secretId: "AKIDold", secretKey: "old" }));
  // The key is exchanged when the service has refused the old one, as late as possible.
  const rotation = await project.write(
    "rotation.cjs",
    `const { subscribe } = require("node:diagnostics_channel");
    subscribe("vodup:request", () => require("node:fs").writeFileSync(${JSON.stringify(key)},
      ${JSON.stringify(JSON.stringify({ secretId, secretKey }))}));`,
  );
  await expectUploaded(await start("Keys that are rotated", { preload: [redirect, rotation] }));
  const applied = project.emulator.requests().filter(({ operation }) => operation === "ApplyUpload");
  expect(applied.map(({ verified }) => verified)).toEqual([false, true]);
});

test("Progress bar", async () => {
  await open();
  const program = await start("Progress bar");
  await expectUploaded(program);
  const { stderr } = await program.ended;
  const shown = stderr.split("\r").map((text) => Number(/\] +(\d+) %/.exec(text)?.[1] ?? -1));
  expect(shown.filter((percent) => percent >= 0).toSorted((a, b) => a - b)).toEqual(
    shown.filter((percent) => percent >= 0),
  );
  expect(stderr).toMatch(/\[#{30}\] 100 % [\d.]+ MiB\/s.* done +\n$/);
});

describe("Abort", () => {
  test("an upload that is not stopped", async () => {
    await open();
    await expectUploaded(await start("Abort"));
  });

  test("one that is, by Ctrl-C", async () => {
    await open({ faults: [{ operation: "UploadPart", fault: { kind: "delay", ms: 3_000 } }] });
    await project.write("lesson.mp4", randomBytes(20 * 2 ** 20));
    const program = await start("Abort");
    while (!project.emulator.requests().some(({ operation }) => operation === "UploadPart")) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    program.child.kill("SIGINT");
    expect(await program.ended).toMatchObject({
      code: 0,
      stdout: "",
      stderr: "cancelled; nothing is left on the service\n",
    });
    expect(project.emulator.uploads()).toEqual([]);
    expect(project.emulator.media()).toEqual([]);
  });
});

describe("Streams of unknown length", () => {
  test("what a process prints, whole", async () => {
    await open();
    const bytes = randomBytes(20 * 2 ** 20 + 7);
    await project.write("recording.ts", bytes);
    const outcome = await (await start("Streams of unknown length", { env: { ENCODER: "cat recording.ts" } })).ended;
    const { fileId, sha256: hash } = await stored();
    expect(outcome).toMatchObject({ code: 0, stdout: `${fileId} ${bytes.byteLength}\n` });
    expect(hash).toBe(sha256(bytes));
  });

  test("half a recording is not committed", async () => {
    await open();
    await project.write("recording.ts", randomBytes(20 * 2 ** 20));
    const env = { ENCODER: "cat recording.ts; exit 3" };
    const outcome = await (await start("Streams of unknown length", { env })).ended;
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain("the encoder ended with 3");
    expect(project.emulator.media()).toEqual([]);
    expect(project.emulator.uploads()).toEqual([]);
  });
});

describe("Inside a server", () => {
  async function listening(options?: EmulatorOptions): Promise<{ program: Running; port: number }> {
    await open(options);
    const port = await freePort();
    const program = await start("Inside a server", { env: { PORT: String(port) } });
    await program.waitFor(/listening/);
    return { program, port };
  }

  test("what is posted goes on, and SIGTERM waits for it", async () => {
    const { program, port } = await listening();
    const bytes = randomBytes(20 * 2 ** 20);
    const posted = Array.from({ length: 3 }, () => fetch(`http://127.0.0.1:${port}/`, { method: "POST", body: bytes }));
    while (project.emulator.requests().length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    program.child.kill("SIGTERM");
    const answers = await Promise.all(posted);
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
    const fileIds = await Promise.all(
      answers.map(async (answer) => ((await answer.json()) as { fileId: string }).fileId),
    );
    const objects = await project.emulator.objects();
    for (const fileId of fileIds) {
      const media = project.emulator.media().find((one) => one.fileId === fileId);
      expect(objects.get(media?.key ?? "")?.sha256).toBe(sha256(bytes));
    }
    expect((await program.ended).code).toBe(0);
  });

  test("a client that goes away leaves nothing behind", async () => {
    const { program, port } = await listening();
    const client = request({ port, host: "127.0.0.1", method: "POST", headers: { "content-length": 50 * 2 ** 20 } });
    client.on("error", () => undefined);
    client.write(randomBytes(20 * 2 ** 20));
    while (!project.emulator.requests().some(({ operation }) => operation === "UploadPart")) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    client.destroy();
    while (!program.stderr().includes("\n")) await once(program.child.stderr, "data");
    expect(project.emulator.uploads()).toEqual([]);
    expect(project.emulator.media()).toEqual([]);
    program.child.kill("SIGTERM");
    expect((await program.ended).code).toBe(0);
  });
});
