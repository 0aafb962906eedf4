import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { EmulatorOptions } from "../../src/emulator/index.ts";
import { createTestEvent } from "../../src/events/test-event.ts";
import { until } from "../cli/support/run-cli.ts";
import { connectProxy } from "../support/connect-proxy.ts";
import { readPage, root } from "../support/markdown.ts";
import type { UserProject } from "../support/user-project.ts";
import { openExamples } from "./example-project.ts";

const mib = 2 ** 20;
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const open: { close(): Promise<unknown> }[] = [];

afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});

async function start(options?: EmulatorOptions): Promise<UserProject> {
  const project = await openExamples(options);
  open.push(project);
  return project;
}

const count = ({ emulator }: UserProject, operation: string): number =>
  emulator.requests().filter((request) => request.operation === operation).length;

const lines = (stdout: string): Record<string, unknown>[] =>
  stdout
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Record<string, unknown>);

test("the page names every program, each program says what it is for, and test/examples runs it", async () => {
  const folder = join(root, "examples");
  const names = (await readdir(folder)).filter((name) => name !== "README.md" && name !== "multipart-form.mjs");
  const { text } = await readPage("examples/README.md");
  const tests = await readdir(import.meta.dirname);
  const source = (await Promise.all(tests.map((name) => readFile(join(import.meta.dirname, name), "utf8")))).join("\n");
  expect(names.length).toBeGreaterThan(6);
  for (const name of names) {
    expect(text).toMatch(new RegExp(`^\\|.*\\[${name}\\]\\(.*\\|$`, "m"));
    if (!name.endsWith(".mjs")) continue;
    expect(source).toContain(`"${name}"`);
    expect(await readFile(join(folder, name), "utf8")).toMatch(/^\/\/ [A-Z](.*\n\/\/)+/);
  }
});

describe("webhook-receiver.mjs", () => {
  test("takes the callback of an upload, refuses others', and ends in order", { timeout: 30_000 }, async () => {
    const signKey = "abcDEF123";
    const project = await start({ signKey });
    const env = { VOD_SIGN_KEY: signKey };
    const receiver = project.start({ file: "webhook-receiver.mjs" }, { args: ["0"], env });
    const [, url = ""] = await receiver.waitFor(/^listening on (\S+)$/m);
    const upload = await project.run({
      shell: `vodup events config --push ${url} --upload-events on && vodup upload media/sample.mp4 --source-context "order 42"`,
    });
    expect(upload).toMatchObject({ code: 0 });
    await receiver.waitFor(/"NewFileUpload".*\n/);

    const forged = createTestEvent("NewFileUpload", { fileId: "1" }, "another key");
    const post = (body: unknown, path = url): Promise<Response> =>
      fetch(path, { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" } });
    expect((await post(forged)).status).toBe(403);
    expect((await post(forged, new URL("/", url).href)).status).toBe(404);

    receiver.child.kill("SIGTERM");
    const { code, stdout, stderr } = await receiver.ended;
    expect(code).toBe(0);
    expect(lines(stdout)).toEqual([
      {
        type: "NewFileUpload",
        fileId: project.emulator.media()[0]?.fileId,
        mediaUrl: project.emulator.media()[0]?.mediaUrl,
        sourceContext: "order 42",
      },
    ]);
    expect(stderr).toContain("refused: 403 sign-mismatch");
  });
});

describe("event-worker.mjs", () => {
  test("prints and confirms each event once, and ends in order", { timeout: 30_000 }, async () => {
    const project = await start({ pullWaitMs: 100 });
    const names = ["one", "two", "three"];
    for (const name of names) await writeFile(join(project.folder, `${name}.mp4`), name);
    expect(await project.run({ shell: "vodup upload one.mp4 two.mp4 three.mp4" })).toMatchObject({ code: 0 });
    const worker = project.start({ file: "event-worker.mjs" });
    await worker.waitFor(/(.*\n){3}/);
    await until(() => count(project, "ConfirmEvents") > 0, "a confirmation");
    worker.child.kill("SIGTERM");
    const { code, stdout, stderr } = await worker.ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const ids = project.emulator.media().map(({ fileId }) => fileId);
    expect(lines(stdout).map(({ fileId }) => fileId)).toEqual(ids);
    const confirmed = project.emulator
      .requests()
      .filter(({ operation }) => operation === "ConfirmEvents")
      .flatMap(({ json }) => json?.["EventHandles"]);
    expect(new Set(confirmed).size).toBe(names.length);
  });
});

describe("hls-folder.mjs", () => {
  test("uploads every file of the tree, the manifest last", async () => {
    const project = await start();
    const { code, stdout, stderr } = await project.run({ file: "hls-folder.mjs" }, { args: ["media/hls/master.m3u8"] });
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const files = ["180p.m3u8", "segments/000.ts", "segments/001.ts", "segments/002.ts"];
    for (const file of [...files, "master.m3u8", "5 files"]) expect(stderr).toContain(file);
    const [media] = project.emulator.media();
    expect(stdout).toBe(`${media?.fileId}\n`);
    const folder = media?.key.slice(0, media.key.lastIndexOf("/") + 1) ?? "";
    const objects = await project.emulator.objects();
    for (const file of files) {
      const bytes = await readFile(join(root, "fixtures/media/hls", file));
      expect(objects.get(folder + file)?.sha256).toBe(sha256(bytes));
    }
    const puts = project.emulator.requests().filter(({ operation }) => operation === "PutObject");
    expect(puts.at(-1)?.key).toBe(media?.key);
  });

  test("tells every problem of a manifest and sends nothing", async () => {
    const project = await start();
    const segments = ["../secret.ts", "missing.ts", "http://elsewhere/a.ts"].map((name) => `#EXTINF:2,\n${name}`);
    await project.write("tree/bad.m3u8", `#EXTM3U\n${segments.join("\n")}\n`);
    await project.write("secret.ts", "outside of the tree");
    const { code, stderr } = await project.run({ file: "hls-folder.mjs" }, { args: ["tree/bad.m3u8"] });
    expect(code).toBe(3);
    for (const name of ["../secret.ts", "missing.ts", "elsewhere"]) expect(stderr).toContain(name);
    expect(project.emulator.requests()).toEqual([]);
  });
});

describe("resume.mjs", () => {
  test("killed in the middle, it sends only what is missing", { timeout: 30_000 }, async () => {
    const project = await start();
    const bytes = randomBytes(24 * mib);
    await project.write("big.mkv", bytes);
    const given = { args: ["big.mkv"], env: { PART_MIB: "1" } };
    // From the seventh on, parts hang.
    project.emulator.setFaults(
      Array.from({ length: 18 }, (_, index) => ({
        operation: "UploadPart",
        partNumber: index + 7,
        fault: { kind: "hang" as const },
      })),
    );
    const first = project.start({ file: "resume.mjs" }, given);
    const state = join(project.folder, "big.mkv.checkpoint.json");
    const stored = (): number => project.emulator.uploads()[0]?.parts.length ?? 0;
    await until(() => stored() >= 6, "six parts");
    await until(() => first.stderr().includes(`transfer ${6 * mib}/`), "their checkpoint");
    first.child.kill("SIGKILL");
    expect(await first.ended).toMatchObject({ code: "SIGKILL", stdout: "" });
    expect((await stat(state)).mode & 0o777).toBe(0o600);

    project.emulator.setFaults([]);
    project.emulator.clearRequests();
    const second = await project.run({ file: "resume.mjs" }, given);
    expect(second).toMatchObject({ code: 0, stdout: `${project.emulator.media()[0]?.fileId}\n` });
    expect(second.stderr).toContain("24 parts, 6 of them from an earlier run");
    expect([count(project, "ApplyUpload"), count(project, "UploadPart")]).toEqual([0, 18]);
    const media = project.emulator.media();
    expect((await project.emulator.objects()).get(media[0]?.key ?? "")?.sha256).toBe(sha256(bytes));
    await expect(stat(state)).rejects.toThrow("ENOENT");
  });

  test("a state of another content is put away, and the upload begins from the beginning", async () => {
    const project = await start();
    await project.write("big.mkv", randomBytes(3 * mib));
    project.emulator.setFaults([{ operation: "UploadPart", partNumber: 3, fault: { kind: "hang" } }]);
    const given = { args: ["big.mkv"], env: { PART_MIB: "1" } };
    const first = project.start({ file: "resume.mjs" }, given);
    await until(() => first.stderr().includes(`transfer ${2 * mib}/`), "two parts");
    first.child.kill("SIGKILL");
    await first.ended;
    project.emulator.setFaults([]);
    await project.write("big.mkv", randomBytes(4 * mib));
    const second = await project.run({ file: "resume.mjs" }, given);
    expect(second).toMatchObject({ code: 0 });
    expect(second.stderr).toContain("the source has changed");
    expect(second.stderr).toContain("4 parts, 0 of them from an earlier run");
  });
});

describe("proxy.mjs", () => {
  const proxied = async (refuse?: () => string) => {
    const project = await start();
    const port = Number(new URL(project.emulator.origin).port);
    const proxy = await connectProxy({ route: () => port, refuse });
    open.push(proxy);
    const env = { HTTPS_PROXY: `http://user:pass@127.0.0.1:${proxy.port}` };
    const outcome = await project.run({ file: "proxy.mjs" }, { args: ["media/sample.mp4"], env, preload: [] });
    return { project, proxy, outcome };
  };

  test("everything goes through the tunnel, and no secret in clear", async () => {
    const { project, proxy, outcome } = await proxied();
    expect(outcome).toMatchObject({ code: 0, stdout: `${project.emulator.media()[0]?.fileId}\n`, stderr: "" });
    expect(new Set(proxy.tunnels).size).toBe(2);
    expect(proxy.heads.every((head) => head.includes("Basic dXNlcjpwYXNz"))).toBe(true);
    expect(proxy.received().includes(project.emulator.secretId)).toBe(false);
    expect(proxy.received().includes("ApplyUpload")).toBe(false);
  });

  test("a proxy that refuses is told from a service that does", async () => {
    const { outcome } = await proxied(() => "HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n");
    expect(outcome).toMatchObject({ code: 4, stdout: "" });
    expect(outcome.stderr).toContain("407");
    expect(outcome.stderr).not.toContain("pass@");
  });
});

describe("batch.mjs", () => {
  test("uploads all files, a few at a time, whatever becomes of one", async () => {
    const project = await start();
    const names = ["a.mp4", "b.mp4", "missing.mp4", "c.mp4", "d.mp4"];
    for (const name of names.filter((one) => one !== "missing.mp4")) await project.write(name, name);
    const { code, stdout } = await project.run({ file: "batch.mjs" }, { args: names });
    expect(code).toBe(1);
    const results = lines(stdout);
    expect(results).toHaveLength(names.length);
    expect(results.map(({ file }) => file)).toEqual(expect.arrayContaining(names));
    expect(results.find(({ file }) => file === "missing.mp4")).toMatchObject({ code: "SOURCE_NOT_FOUND" });
    const ids = results.flatMap(({ fileId }) => (typeof fileId === "string" ? [fileId] : []));
    expect(ids.sort()).toEqual(
      project.emulator
        .media()
        .map(({ fileId }) => fileId)
        .sort(),
    );
    expect(ids).toHaveLength(4);
  });

  test("stops when it is told to, and leaves nothing unfinished", { timeout: 30_000 }, async () => {
    const project = await start();
    await project.write("big.mp4", randomBytes(20 * mib));
    project.emulator.setFaults([{ operation: "UploadPart", partNumber: 2, fault: { kind: "hang" } }]);
    const batch = project.start({ file: "batch.mjs" }, { args: ["big.mp4"] });
    await until(() => count(project, "UploadPart") >= 3, "parts");
    batch.child.kill("SIGINT");
    const { code, stdout } = await batch.ended;
    expect(code).toBe(1);
    expect(lines(stdout)).toMatchObject([{ file: "big.mp4", message: "stopped" }]);
    expect(project.emulator.uploads()).toEqual([]);
  });
});

test("an emulator of its own is what examples/README.md says it is", { timeout: 30_000 }, async () => {
  const project = await start();
  const emulator = project.start({ shell: "vodup emulator --port 0" });
  const [line] = await emulator.waitFor(/^\{.*\}$/m);
  const { secretId, secretKey, vodEndpoint, cosEndpoint } = JSON.parse(line) as Record<string, string>;
  const env = {
    TENCENTCLOUD_SECRET_ID: secretId,
    TENCENTCLOUD_SECRET_KEY: secretKey,
    VODUP_VOD_ENDPOINT: vodEndpoint,
    VODUP_COS_ENDPOINT: cosEndpoint,
  };
  const outcome = await project.run({ file: "batch.mjs" }, { args: ["media/sample.mp4"], env, preload: [] });
  expect(outcome).toMatchObject({ code: 0, stderr: "" });
  expect(lines(outcome.stdout)).toMatchObject([{ file: "media/sample.mp4", bytes: 87_504 }]);
  const stopped = once(emulator.child, "exit");
  emulator.child.kill("SIGTERM");
  await stopped;
});
