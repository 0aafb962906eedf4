import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import type { PullOptions } from "../../src/index.ts";
import { TaskFailedError } from "../../src/index.ts";
import { RateGate } from "../../src/http/rate-gate.ts";
import { refusal, scene } from "./support.ts";
import { timing } from "../support/timing.ts";

const url = "https://source.example/lesson.mp4";
const quick = { wait: true, pollMs: 10, maxPollMs: 20 } as const;

test("every option reaches the service under its wire name", async () => {
  const { vod, requests } = await scene();
  const { taskId, sessionId, duplicate } = await vod.pull(new URL(url), {
    mediaType: "mp4",
    mediaName: "Lesson",
    coverUrl: "https://source.example/lesson.jpg",
    procedure: "LongVideoPreset",
    expireTime: new Date("2099-01-02T03:04:05.678Z"),
    storageRegion: "ap-singapore",
    classId: 7,
    tasksPriority: -10,
    sessionContext: "session",
    sessionId: "once",
    sourceContext: "order 7",
    mediaStoragePath: "/lessons/1.mp4",
    subAppId: 1_500_000_001,
  });
  expect([sessionId, duplicate]).toEqual(["once", false]);
  expect(taskId).toMatch(/-pull-/);
  expect(requests("PullUpload")[0]?.json).toEqual({
    MediaUrl: url,
    MediaType: "mp4",
    SubAppId: 1_500_000_001,
    MediaName: "Lesson",
    CoverUrl: "https://source.example/lesson.jpg",
    Procedure: "LongVideoPreset",
    ExpireTime: "2099-01-02T03:04:05Z",
    StorageRegion: "ap-singapore",
    ClassId: 7,
    TasksPriority: -10,
    SessionContext: "session",
    SessionId: "once",
    SourceContext: "order 7",
    MediaStoragePath: "/lessons/1.mp4",
  });
});

test("with wait, the answer is the stored media", async () => {
  const { vod, emulator } = await scene({ pullSource: async () => Buffer.from("a film") });
  const { fileId, mediaUrl } = await vod.pull(url, { ...quick, sourceContext: "x" });
  const [media] = emulator.media();
  expect({ fileId, mediaUrl }).toEqual({ fileId: media?.fileId, mediaUrl: media?.mediaUrl });
  expect((await emulator.readObject(media?.key ?? "")).toString()).toBe("a film");
});

test("with wait and a procedure, also the task flow that began", async () => {
  const { vod } = await scene();
  await vod.call("CreateProcedureTemplate", { Name: "flow", MediaProcessTask: {} });
  const { procedureTaskId = "" } = await vod.pull(url, { ...quick, procedure: "flow" });
  expect(await vod.waitForTask(procedureTaskId, quick)).toMatchObject({ taskType: "Procedure", failures: [] });
});

test("a source that cannot be had is TASK_FAILED", async () => {
  const { vod } = await scene({ pullSource: async () => undefined });
  const error: unknown = await vod.pull(url, quick).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(TaskFailedError);
  expect(error).toMatchObject({ taskType: "PullUpload", fileId: undefined, failures: [{ errCode: 60_000 }] });
});

describe("the SessionId", () => {
  test("is made for each call, so that two pulls of one URL are two", async () => {
    const { vod, requests } = await scene();
    const [first, second] = await Promise.all([vod.pull(url), vod.pull(url)]);
    expect(first?.taskId).not.toBe(second?.taskId);
    expect(new Set(requests("PullUpload").map(({ json }) => json?.["SessionId"])).size).toBe(2);
    expect(first?.sessionId.length).toBeLessThanOrEqual(50);
  });

  test("given again, the answer is the task of the first time", async () => {
    const { vod, emulator } = await scene();
    const first = await vod.pull(url, { ...quick, sessionId: "order 7" });
    const again = await vod.pull(url, { ...quick, sessionId: "order 7" });
    expect(again).toEqual({ ...first, duplicate: true });
    expect(emulator.media()).toHaveLength(1);
  });

  test("makes a lost answer harmless: the request is repeated and its task found", async () => {
    const { vod, emulator } = await scene({
      faults: [{ operation: "PullUpload", nth: 1, fault: { kind: "reset-after-effect" } }],
    });
    const { fileId, duplicate } = await vod.pull(url, quick);
    expect(duplicate).toBe(true);
    expect(emulator.media().map((media) => media.fileId)).toEqual([fileId]);
  });

  test("of a task among many is found on a later page", async () => {
    const { vod, requests } = await scene();
    const mine = await vod.pull(url, { sessionId: "mine" });
    await Promise.all(
      Array.from({ length: 120 }, (_, at) => vod.call("PullUpload", { MediaUrl: url, SessionId: `other ${at}` })),
    );
    expect(await vod.pull(url, { sessionId: "mine" })).toEqual({ ...mine, duplicate: true });
    expect(requests("DescribeTasks")).toHaveLength(2);
  });

  test("whose task cannot be found is the service's refusal", async () => {
    const { vod } = await scene({
      faults: [{ operation: "PullUpload", fault: refusal("InvalidParameterValue.SessionId") }],
    });
    await expect(vod.pull(url)).rejects.toMatchObject({
      apiCode: "InvalidParameterValue.SessionId",
      hint: expect.stringContaining("its task exists already"),
    });
  });
});

describe("at most five a second", () => {
  test("pass the gate, in order", timing, async () => {
    const gate = new RateGate(5);
    const startedAt = performance.now();
    const passed: number[] = [];
    await Promise.all(
      Array.from({ length: 12 }, async (_, at) => {
        await gate.pass(undefined);
        passed.push(at);
        if (at < 5) expect(performance.now() - startedAt).toBeLessThan(500);
        if (at >= 5) expect(performance.now() - startedAt).toBeGreaterThanOrEqual(995);
        if (at >= 10) expect(performance.now() - startedAt).toBeGreaterThanOrEqual(1990);
      }),
    );
    expect(passed).toEqual(Array.from({ length: 12 }, (_, at) => at));
  });

  test("pass in small groups where that is asked for", timing, async () => {
    const gate = new RateGate(20, 2);
    const startedAt = performance.now();
    const passed = await Promise.all(
      Array.from({ length: 6 }, async () => {
        await gate.pass(undefined);
        return performance.now() - startedAt;
      }),
    );
    for (const [at, ms] of passed.entries()) expect(ms).toBeGreaterThanOrEqual(Math.floor(at / 2) * 100 - 1);
    expect(passed[1]).toBeLessThan(100);
  });

  test("are started by one client, and an abort ends the waiting", async () => {
    const { vod, requests } = await scene();
    const controller = new AbortController();
    const pulls = Array.from({ length: 8 }, () => vod.pull(url, { signal: controller.signal }));
    const settled = Promise.allSettled(pulls);
    setTimeout(() => controller.abort(new Error("stop")), 400);
    expect((await settled).map(({ status }) => status)).toEqual([
      ...Array.from({ length: 5 }, () => "fulfilled"),
      ...Array.from({ length: 3 }, () => "rejected"),
    ]);
    expect(requests("PullUpload")).toHaveLength(5);
  });
});

describe("what is refused before anything is sent", () => {
  test.each<[string, unknown, PullOptions]>([
    ["url", "lesson.mp4", {}],
    ["url", "ftp://source.example/a.mp4", {}],
    ["url", "file:///etc/passwd", {}],
    ["coverUrl", url, { coverUrl: "cover.jpg" }],
    ["sourceContext", url, { sourceContext: "한".repeat(251) }],
    ["sessionContext", url, { sessionContext: "x".repeat(1001) }],
    ["sessionId", url, { sessionId: "x".repeat(51) }],
    ["sessionId", url, { sessionId: "" }],
    ["tasksPriority", url, { tasksPriority: 11 }],
    ["expireTime", url, { expireTime: "2001-01-01T00:00:00Z" }],
    ["mediaStoragePath", url, { mediaStoragePath: "no/slash" }],
    ["storageRegion", url, { storageRegion: "AP Singapore" }],
    ["subAppId", url, { subAppId: "abc" }],
  ])("%s", async (field, source, options) => {
    const { vod, emulator } = await scene();
    const wrong = { code: "ERR_INVALID_ARG_VALUE", message: expect.stringMatching(`^${field}: `) };
    await expect(vod.pull(source as string, options)).rejects.toMatchObject(wrong);
    expect(emulator.requests()).toEqual([]);
  });

  test("but not what is just within: characters are code points", async () => {
    const { vod } = await scene();
    await expect(vod.pull(url, { sourceContext: "🎬".repeat(250), sessionId: "한".repeat(50) })).resolves.toBeDefined();
  });
});

test("no error repeats the address, which may hold a password or a signature", async () => {
  const { vod } = await scene({ faults: [{ operation: "PullUpload", fault: refusal("FailedOperation") }] });
  const secret = "https://user:hunter2@source.example/a.mp4?sig=s3cr3t";
  for (const address of [secret, secret.replace("https", "ftp"), "hunter2 s3cr3t"]) {
    const error: unknown = await vod.pull(address).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(Error);
    expect(inspect(error, { depth: 9 }) + JSON.stringify(error)).not.toMatch(/hunter2|s3cr3t/);
  }
});
