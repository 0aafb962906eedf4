import { createHash, randomBytes } from "node:crypto";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import type { EmulatorOptions } from "../../src/emulator/index.ts";
import { createTestEvent } from "../../src/events/test-event.ts";
import { until } from "../cli/support/run-cli.ts";
import { freePort } from "../support/free-port.ts";
import { anchorOf, readPage, root } from "../support/markdown.ts";
import {
  openProject,
  type Outcome,
  type ProgramOptions,
  type Running,
  type UserProject,
} from "../support/user-project.ts";

/** docs/guide.md, followed: every block is taken from the page and run in a user's project. */
const page = await readPage("docs/guide.md");
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const film = randomBytes(17 * 2 ** 20);
const sampleSha256 = "c026ec07d55872e02b73ebe91cdabd09b286c60906f87149b68e2b86a9679578";
const coverSha256 = "1a54ec8eba005dbbc9437406e17ae85e4bb088e60abaf61a18ab3cba05beb354";

let project: UserProject;
const followed = new Set<number>();

async function open(options: EmulatorOptions = {}): Promise<void> {
  project = await openProject(options);
  const media = join(root, "fixtures/media");
  await cp(join(media, "sample.mp4"), join(project.folder, "lesson.mp4"));
  await cp(join(media, "cover.jpg"), join(project.folder, "lesson.jpg"));
  await cp(join(media, "hls"), join(project.folder, "hls"), { recursive: true });
}

beforeEach(() => open());
afterEach(() => project.close());

/** Another emulator than the usual one. */
async function reopen(options: EmulatorOptions): Promise<void> {
  await project.close();
  await open(options);
}

/** The n-th block of a language below a heading, changed where the test's machine needs it. */
function block(heading: string, language: "ts" | "sh", n = 0, edit: (code: string) => string = String) {
  const found = page.blocks.filter((one) => one.heading === heading && one.language === language)[n];
  if (found === undefined) throw new Error(`"${heading}" has no ${language} block ${n}`);
  followed.add(found.line);
  return edit(found.code);
}

async function follow(code: string, language: "ts" | "sh", options?: ProgramOptions): Promise<Running> {
  if (language === "sh") return project.start({ shell: code }, options);
  // The page's TypeScript has no types in it, so that Node runs it as it is.
  return project.start({ file: await project.write("main.mjs", code) }, options);
}

async function succeed(code: string, language: "ts" | "sh", options?: ProgramOptions): Promise<Outcome> {
  const outcome = await (await follow(code, language, options)).ended;
  if (outcome.code !== 0) throw new Error(`ended with ${outcome.code}\n${outcome.stdout}\n${outcome.stderr}`);
  // Doctor asks COS for an answer, any answer, with a key nobody has.
  const asked = project.emulator.requests().filter(({ path }) => path !== "/vodup-doctor");
  expect(asked.filter(({ verified }) => !verified)).toEqual([]);
  return outcome;
}

function soleMedia() {
  const [media, ...others] = project.emulator.media();
  if (media === undefined || others.length > 0) throw new Error(`there are ${others.length} media, not 1`);
  return media;
}

const storedSha256 = async (key: string | undefined): Promise<string | undefined> =>
  (await project.emulator.objects()).get(key ?? "")?.sha256;

const operations = (): string[] => project.emulator.requests().map(({ operation }) => operation);

/** Waits until something listens there. */
async function listening(port: number, running: Running): Promise<void> {
  const answered = (): Promise<boolean> =>
    fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false,
    );
  while (!(await answered())) {
    if (running.child.exitCode !== null) throw new Error(`nothing listens: ${running.stderr()}`);
  }
}

const order42 = { sourceContext: "order 42" };
const uploadWithFlow = `vodup upload lesson.mp4 --procedure LongVideoPreset --source-context "order 42"`;

describe("before you begin", () => {
  test("the key is valid and the service is activated: doctor says so", async () => {
    // Installed it is already, and the keys are in the environment.
    const edit = (code: string): string => code.replace(/^(export|npm install) .*\n/gm, "");
    const code = block("Get the API keys", "sh", 0, edit);
    const { stdout } = await succeed(code, "sh");
    expect(stdout).toMatch(/key/);
    expect(stdout).not.toContain(project.emulator.secretKey);
    expect(operations()).not.toContain("CommitUpload");
    project.emulator.clearRequests();
    const refused = await (await follow(code, "sh", { env: { TENCENTCLOUD_SECRET_KEY: "wrong" } })).ended;
    expect(refused.code).toBe(4);
  });

  test("the sub-applications of a key", async () => {
    await succeed("vodup upload lesson.mp4 --sub-app-id 1500000007", "sh");
    const { stdout } = await succeed(block("Get the API keys", "ts"), "ts");
    expect(stdout.split("\n")).toEqual(expect.arrayContaining([expect.stringMatching(/^1500000007 .* On$/)]));
  });
});

describe("start the upload", () => {
  test("upload by the library", async () => {
    const { stdout, stderr } = await succeed(block("By the library", "ts"), "ts");
    const { fileId, mediaUrl, coverUrl, key, coverKey, fields } = soleMedia();
    expect(stdout).toBe(`${fileId} ${mediaUrl} ${coverUrl}\n`);
    expect(fields).toEqual({
      MediaType: "mp4",
      MediaName: "Lesson 1",
      CoverType: "jpg",
      ClassId: 0,
      SourceContext: "order 42",
    });
    expect([await storedSha256(key), await storedSha256(coverKey)]).toEqual([sampleSha256, coverSha256]);
    expect(stderr).toMatch(/^apply 0 \d+\n/);
    expect(stderr).toMatch(/done (\d+) \1\n87504 bytes, verified by crc64\n$/);
  });

  test("upload by the command line", async () => {
    const { stdout } = await succeed(block("By the command line", "sh"), "sh");
    const { fileId, key, coverKey, fields } = soleMedia();
    expect(stdout).toBe(`${fileId}\n`);
    expect(fields).toMatchObject({ MediaName: "Lesson 1", SourceContext: "order 42" });
    expect([await storedSha256(key), await storedSha256(coverKey)]).toEqual([sampleSha256, coverSha256]);
  });

  test("upload by the API: apply, store, confirm", async () => {
    const { stdout } = await succeed(block("By the API", "ts", 0), "ts");
    const { fileId, mediaUrl, key } = soleMedia();
    expect(stdout).toBe(`${fileId} ${mediaUrl}\n`);
    expect(operations()).toEqual(["ApplyUpload", "PutObject", "CommitUpload"]);
    expect(await storedSha256(key)).toBe(sampleSha256);
  });

  test("upload by the API: in parts", async () => {
    await project.write("film.mp4", film);
    const { stdout } = await succeed(block("By the API", "ts", 1), "ts");
    const { fileId, key } = soleMedia();
    expect(stdout).toBe(`${fileId}\n`);
    expect(operations()).toEqual([
      "ApplyUpload",
      "InitiateMultipartUpload",
      "UploadPart",
      "UploadPart",
      "UploadPart",
      "CompleteMultipartUpload",
      "CommitUpload",
    ]);
    expect(await storedSha256(key)).toBe(sha256(film));
  });

  test("create a task flow template and find it by its name", async () => {
    const { stdout } = await succeed(block("A task flow when it is done", "ts", 0), "ts");
    expect(stdout).toBe("Lessons 720p and a cover\n");
    await succeed("vodup upload lesson.mp4 --procedure Lessons --wait", "sh");
    expect(soleMedia().procedureTaskId).not.toBe("");
  });

  test("a task flow starts when the upload is complete", async () => {
    const code = block("A task flow when it is done", "ts", 1);
    const { stdout } = await succeed(code, "ts");
    const { fileId, procedureTaskId, fields } = soleMedia();
    expect(fields).toMatchObject({ Procedure: "LongVideoPreset", SessionContext: "order 42" });
    expect(stdout).toBe(`${fileId}\n${procedureTaskId} FINISH\n`);
    const shell = block("A task flow when it is done", "sh");
    expect((await succeed(shell, "sh")).stdout).toContain(project.emulator.media()[1]?.fileId);

    await reopen({ tasks: { fail: ["AdaptiveDynamicStreaming"] } });
    const failed = await succeed(code, "ts");
    expect(failed.stderr).toMatch(/^AdaptiveDynamicStreaming /m);
    expect((await (await follow(shell, "sh")).ended).code).toBe(1);
  });

  test("upload into a storage region that was opened", async () => {
    const { stdout } = await succeed(block("The storage region", "ts"), "ts");
    expect(stdout).toMatch(/^ap-singapore .* opened \(default\)$/m);
    expect(stdout).toMatch(/^eu-frankfurt .* not opened/m);
    expect(soleMedia()).toMatchObject({ storageRegion: "eu-frankfurt" });
    await succeed(block("The storage region", "sh"), "sh");
    expect(project.emulator.media()[1]).toMatchObject({ storageRegion: "ap-hongkong" });
    await succeed("vodup upload lesson.mp4", "sh");
    expect(project.emulator.media()[2]).toMatchObject({ storageRegion: "ap-singapore" });
    const hosts = project.emulator.requests().flatMap(({ api, headers }) => (api === "cos" ? [headers["host"]] : []));
    const regions = hosts.map((host) => /^\w+1250000000-10022853\.cos\.([\w-]+)\.myqcloud\.com$/.exec(host ?? "")?.[1]);
    expect(new Set(regions)).toEqual(new Set(["eu-frankfurt", "ap-hongkong", "ap-singapore"]));
    const unopened = await (await follow("vodup upload lesson.mp4 --storage-region eu-moscow", "sh")).ended;
    expect(unopened.code).toBe(1);
  });

  test("upload a HLS tree", async () => {
    const { stdout } = await succeed(block("HLS and DASH", "ts"), "ts");
    const { fileId, key } = soleMedia();
    expect(stdout).toBe(`5 files, 108781 bytes\n${fileId}\n`);
    const folder = key.slice(0, key.lastIndexOf("/") + 1);
    const objects = [...(await project.emulator.objects()).keys()].map((name) => name.slice(folder.length));
    expect(objects).toEqual(
      expect.arrayContaining(["180p.m3u8", "segments/000.ts", "segments/001.ts", "segments/002.ts"]),
    );
  });

  test("pull a URL", async () => {
    const { stdout } = await succeed(block("A URL", "ts"), "ts");
    const { fileId, mediaUrl, fields } = soleMedia();
    expect(stdout).toBe(`${fileId} ${mediaUrl}\n`);
    expect(fields).toMatchObject({ MediaUrl: "https://media.example.com/lesson.mp4", SourceContext: "order 42" });
    expect(operations()).toContain("PullUpload");
  });

  test("sign for a client", async () => {
    const library = (await succeed(block("Clients that upload by themselves", "ts"), "ts")).stdout;
    const shell = (await succeed(block("Clients that upload by themselves", "sh"), "sh")).stdout;
    const { signature } = JSON.parse(shell) as { signature: string };
    for (const made of [library.trim(), signature]) {
      const bytes = Buffer.from(made, "base64");
      const original = new URLSearchParams(bytes.subarray(20).toString("utf8"));
      expect(original.get("secretId")).toBe(project.emulator.secretId);
      expect(original.get("sourceContext")).toBe("order 42");
      expect(original.get("storageRegion")).toBe("ap-singapore");
      expect(Number(original.get("expireTime"))).toBeGreaterThan(Date.now() / 1000 + 3500);
    }
    expect(project.emulator.requests()).toEqual([]);
  });
});

describe("the event", () => {
  /** Makes the emulator post to a local address: the page's own names a host that is not there. */
  const push = async (port: number, ...flags: readonly string[]): Promise<void> => {
    await succeed(`vodup events config --push http://127.0.0.1:${port}/ --upload-events on ${flags.join(" ")}`, "sh");
  };

  test("switch notification on", async () => {
    const { stdout } = await succeed(block("Switch it on", "sh"), "sh");
    const [pushed, pulled, shown] = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as object);
    const notificationUrl = "https://backend.example.com/vod-events";
    expect(pushed).toMatchObject({ mode: "PUSH", notificationUrl, uploadEvents: "ON" });
    expect(pulled).toMatchObject({ mode: "PULL", uploadEvents: "ON" });
    expect(shown).toEqual(pulled);
    await reopen({ uploadEvents: false });
    expect((await succeed(block("Switch it on", "ts"), "ts")).stdout).toBe("PULL ON\n");
    await succeed("vodup upload lesson.mp4", "sh");
    expect((await succeed("vodup events --confirm --max 1", "sh")).stdout).toContain("NewFileUpload");
  });

  test.each(["3.0", "2.0"] as const)("receive the event, in format 3.0 and 2.0 (%s)", async (eventFormat) => {
    const signKey = "0123456789abcdefABCDEF";
    await reopen({ eventFormat, signKey });
    const env = { VOD_SIGN_KEY: signKey };
    const port = await freePort();
    const here = (code: string): string => code.replace("8080", String(port));

    const receiver = await follow(block("Receive it", "ts", 0, here), "ts", { env });
    await listening(port, receiver);
    await push(port);
    await succeed(uploadWithFlow, "sh");
    const { fileId, mediaUrl, procedureTaskId } = soleMedia();
    await receiver.waitFor(new RegExp(`^${fileId} .*\n`, "m"));
    const forged = JSON.stringify(createTestEvent("NewFileUpload", {}, "notTheKey"));
    const headers = { "content-type": "application/json" };
    expect((await fetch(`http://127.0.0.1:${port}/`, { method: "POST", body: forged, headers })).status).toBe(403);
    receiver.child.kill("SIGTERM");
    expect(await receiver.ended).toMatchObject({
      code: 0,
      stdout: `${fileId} ${mediaUrl} true order 42 ${procedureTaskId}\n`,
    });

    await until(() => project.emulator.deliveries().some(({ eventType }) => eventType !== "NewFileUpload"), "the flow");
    await project.emulator.pushesSettled();
    const listener = await follow(block("Receive it", "sh", 0, here), "sh", { env });
    await listening(port, listener);
    await succeed("vodup upload lesson.mp4", "sh");
    const { code, stdout } = await listener.ended;
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ type: "NewFileUpload", fileId: project.emulator.media()[1]?.fileId });
  });

  test("pull the event and confirm it", async () => {
    // The command takes what a pull gave it, prints one event, and leaves the others until the window is over.
    await reopen({ pullWaitMs: 200, confirmWindowMs: 5_000 });
    await succeed(uploadWithFlow, "sh");
    const { fileId, procedureTaskId } = soleMedia();
    const { stdout } = await succeed(block("Pull it", "ts"), "ts");
    expect(stdout).toContain(`NewFileUpload ${fileId} order 42 ${procedureTaskId}\n`);
    await succeed("vodup upload lesson.mp4", "sh");
    const printed: { type: string; fileId: string }[] = [];
    while (!printed.some(({ type }) => type === "NewFileUpload")) {
      printed.push(JSON.parse((await succeed(block("Pull it", "sh"), "sh")).stdout) as (typeof printed)[number]);
    }
    // What was confirmed does not come again.
    expect(printed.find(({ type }) => type === "NewFileUpload")?.fileId).toBe(project.emulator.media()[1]?.fileId);
    expect(operations()).toContain("ConfirmEvents");
  });

  test("wait for upload and task", async () => {
    const { stdout } = await succeed(block("Without events", "ts"), "ts");
    expect(stdout).toBe(`${soleMedia().mediaUrl} Upload ${order42.sourceContext}\nFINISH 100\n`);
    expect(operations()).not.toContain("PullEvents");
  });

  test("both formats read the same", async () => {
    const { stdout } = await succeed(block("Formats 2.0 and 3.0", "ts"), "ts");
    expect(stdout).toBe(
      "3.0 NewFileUpload Upload true order 42 task-1\n2.0 NewFileUpload ServerUpload true order 42 task-1\n",
    );
  });
});

test("without an account: an emulator of one's own", async () => {
  const { stdout } = await (await follow(block("Without an account", "ts"), "ts", { preload: [] })).ended;
  expect(stdout).toMatch(/^\d{10,20}\n$/);
});

describe("the page itself", () => {
  test("every block was followed", () => {
    const left = page.blocks.filter(
      ({ language, line }) => (language === "ts" || language === "sh") && !followed.has(line),
    );
    expect(left.map(({ heading, line }) => `${line}: ${heading}`)).toEqual([]);
  });

  test("its table names headings of the page and tests of this file", async (context) => {
    const rows =
      page.text
        .split("## What the guide says")[1]
        ?.split("\n")
        .filter((line) => line.startsWith("|")) ?? [];
    const titles = context.task.file.tasks.flatMap((task) => [task, ...("tasks" in task ? task.tasks : [])]);
    const names = titles.map(({ name }) => name.replace(/ \([23]\.0\)$/, ""));
    expect(rows.length).toBeGreaterThan(15);
    for (const row of rows.slice(2)) {
      const [, , link = "", title = ""] = row.split("|").map((cell) => cell.trim());
      expect(page.headings.map(anchorOf)).toContain(/\(#(.+)\)/.exec(link)?.[1]);
      expect(names).toContain(title.replaceAll("`", ""));
    }
  });
});

afterAll(() => project.close().catch(() => undefined));
