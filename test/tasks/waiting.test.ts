import { describe, expect, test } from "vitest";
import type { TaskState } from "../../src/index.ts";
import { NetworkError, TaskFailedError, VodApiError, VodupError } from "../../src/index.ts";
import { answer, refusal, scene } from "./support.ts";
import { timing } from "../support/timing.ts";

const quick = { pollMs: 10, maxPollMs: 20 };
const template = {
  Name: "flow",
  MediaProcessTask: {
    TranscodeTaskSet: [{ Definition: 100_010 }, { Definition: 100_020 }],
    SampleSnapshotTaskSet: [{ Definition: 10 }],
  },
};

async function flow(options: Parameters<typeof scene>[0] = {}): Promise<Awaited<ReturnType<typeof scene>>> {
  const made = await scene(options);
  await made.vod.call("CreateProcedureTemplate", template);
  return made;
}

describe("waitForUpload", () => {
  test("answers the media with what the guide's event tells, and takes no event", async () => {
    const { vod, upload, requests } = await scene();
    const fileId = await upload({ sourceContext: "order 7" });
    const found = await vod.waitForUpload(fileId, quick);
    expect(found).toMatchObject({
      fileId,
      mediaUrl: expect.stringMatching(/^https?:/),
      sourceType: "Upload",
      sourceContext: "order 7",
      coverUrl: undefined,
      media: { FileId: fileId, MetaData: { Size: 5 } },
    });
    expect(requests("PullEvents")).toEqual([]);
    expect(await vod.call("DescribeEventsState", {})).toMatchObject({ CountOfEventsToPull: 1 });
  });

  test("asks again until the media is there", async () => {
    const nothing = answer({ MediaInfoSet: [], NotExistFileIdSet: ["x"] });
    const { vod, upload, requests } = await scene({
      faults: [{ operation: "DescribeMediaInfos", times: 3, fault: nothing }],
    });
    const fileId = await upload();
    expect((await vod.waitForUpload(fileId, quick)).fileId).toBe(fileId);
    expect(requests("DescribeMediaInfos")).toHaveLength(4);
  });

  test("an entry without address is not there yet", async () => {
    const { vod, upload, emulator } = await scene();
    const fileId = await upload();
    const bare = answer({ MediaInfoSet: [{ FileId: fileId, BasicInfo: null }], NotExistFileIdSet: [] });
    emulator.setFaults([{ operation: "DescribeMediaInfos", nth: 1, fault: bare }]);
    expect((await vod.waitForUpload(fileId, quick)).mediaUrl).toMatch(/./);
  });

  test("failures that pass do not end it; the last one is the cause of a timeout", async () => {
    const { vod, upload } = await scene({
      faults: [{ operation: "DescribeMediaInfos", times: 4, fault: { kind: "reset-before" } }],
    });
    expect((await vod.waitForUpload(await upload(), quick)).fileId).toMatch(/./);
    const down = await scene({ faults: [{ operation: "DescribeMediaInfos", fault: { kind: "reset-before" } }] });
    const error: unknown = await down.vod.waitForUpload("1", { ...quick, timeoutMs: 100 }).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: "TIMEOUT", retryable: true, cause: expect.any(NetworkError) });
  });

  test("others end it at once", async () => {
    const { vod, requests } = await scene({
      faults: [{ operation: "DescribeMediaInfos", fault: refusal("UnauthorizedOperation") }],
    });
    await expect(vod.waitForUpload("1", quick)).rejects.toThrow(VodApiError);
    expect(requests("DescribeMediaInfos")).toHaveLength(1);
  });

  test("its time runs out also while a request hangs", timing, async () => {
    const { vod } = await scene({ faults: [{ operation: "DescribeMediaInfos", fault: { kind: "hang" } }] });
    const startedAt = performance.now();
    await expect(vod.waitForUpload("1", { timeoutMs: 80 })).rejects.toMatchObject({ code: "TIMEOUT" });
    expect(performance.now() - startedAt).toBeLessThan(2000);
  });

  test("the signal ends it with its own reason, while it sleeps and while it asks", async () => {
    const { vod, emulator } = await scene();
    const reason = new Error("enough");
    for (const fault of [undefined, { kind: "hang" as const }]) {
      emulator.setFaults(fault === undefined ? [] : [{ operation: "DescribeMediaInfos", fault }]);
      const controller = new AbortController();
      setTimeout(() => controller.abort(reason), 30);
      await expect(vod.waitForUpload("1", { signal: controller.signal })).rejects.toBe(reason);
    }
    await expect(vod.waitForUpload("1", { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  test("questions come ever more slowly", async () => {
    const { vod, requests } = await scene();
    await expect(vod.waitForUpload("1", { timeoutMs: 700, pollMs: 20, maxPollMs: 400 })).rejects.toThrow(VodupError);
    // 20, 30, 45, 67, 101, 152, 228 …; a constant pace would be 35.
    expect(requests("DescribeMediaInfos").length).toBeLessThan(11);
    expect(requests("DescribeMediaInfos").length).toBeGreaterThan(3);
  });
});

describe("waitForTask", () => {
  test("answers the task once every step has succeeded, and tells its progress", async () => {
    const { vod, upload } = await flow({ tasks: { waitingMs: 250, processingMs: 250 } });
    const fileId = await upload();
    const { taskId } = await vod.processByProcedure(fileId, "flow");
    const seen: TaskState[] = [];
    const done = await vod.waitForTask(taskId, { ...quick, onProgress: (state) => seen.push(state) });
    expect(done).toMatchObject({
      taskId,
      taskType: "Procedure",
      status: "FINISH",
      fileId,
      failures: [],
      progress: 100,
    });
    expect([...new Set(seen.map(({ status }) => status))]).toEqual(["WAITING", "PROCESSING", "FINISH"]);
    expect(seen.at(-1)).toEqual(done);
  });

  test("FINISH with a step that failed is TASK_FAILED, saying which and why", async () => {
    const { vod, upload } = await flow({ tasks: { processingMs: 20, fail: ["Transcode:100020", "SampleSnapshot"] } });
    const fileId = await upload();
    const { taskId } = await vod.processByProcedure(fileId, "flow");
    const error: unknown = await vod.waitForTask(taskId, quick).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(TaskFailedError);
    const cause = { errCodeExt: "SourceFileError", errCode: 60_000, message: "source file error" };
    expect(error).toMatchObject({
      name: "TaskFailedError",
      code: "TASK_FAILED",
      retryable: false,
      taskId,
      taskType: "Procedure",
      status: "FINISH",
      fileId,
      failures: [
        { type: "Transcode", definition: 100_020, ...cause },
        { type: "SampleSnapshot", definition: 10, ...cause },
      ],
    });
    expect((error as Error).message).toMatch(/Transcode 100020: SourceFileError .*; SampleSnapshot 10/);
    expect(JSON.parse(JSON.stringify(error))).toMatchObject({ code: "TASK_FAILED", failures: [{}, {}] });
    // What the others made can still be had.
    expect(await vod.describeTask(taskId)).toMatchObject({ status: "FINISH", failures: [{}, {}], fileId });
  });

  test("ABORTED is TASK_FAILED", async () => {
    const { vod, upload } = await flow({ tasks: { processingMs: 20, abort: true } });
    const { taskId } = await vod.processByProcedure(await upload(), "flow");
    await expect(vod.waitForTask(taskId, quick)).rejects.toMatchObject({
      code: "TASK_FAILED",
      status: "ABORTED",
      message: expect.stringContaining("was aborted"),
    });
  });

  test("a task the service does not know, or no longer, is its error with a hint", async () => {
    const { vod, emulator, upload } = await flow();
    await expect(vod.waitForTask("nothing", quick)).rejects.toMatchObject({ apiCode: "ResourceNotFound" });
    const { taskId } = await vod.processByProcedure(await upload(), "flow");
    emulator.advanceClock(3 * 86_400_000 + 1000);
    await expect(vod.waitForTask(taskId, quick)).rejects.toMatchObject({ hint: expect.stringContaining("3 days") });
  });

  test("what onProgress throws ends it", async () => {
    const { vod, upload } = await flow();
    const { taskId } = await vod.processByProcedure(await upload(), "flow");
    const fail = (): never => {
      throw new Error("mine");
    };
    await expect(vod.waitForTask(taskId, { ...quick, onProgress: fail })).rejects.toThrow("mine");
  });
});

describe("waitForProcedure", () => {
  test("finds the task flow that an upload started, and answers its outcome", async () => {
    const { vod, upload } = await flow();
    const fileId = await upload({ procedure: "flow" });
    expect(await vod.waitForProcedure(fileId, quick)).toMatchObject({ taskType: "Procedure", fileId, failures: [] });
  });

  test("fails as the flow does", async () => {
    const { vod, upload } = await flow({ tasks: { processingMs: 10, fail: ["Transcode"] } });
    const fileId = await upload({ procedure: "flow" });
    await expect(vod.waitForProcedure(fileId, quick)).rejects.toMatchObject({ failures: [{}, {}] });
  });

  test("its time is that of finding the task and of waiting for it together", timing, async () => {
    const { vod, upload } = await flow({ tasks: { waitingMs: 20_000 } });
    const fileId = await upload({ procedure: "flow" });
    const startedAt = performance.now();
    await expect(vod.waitForProcedure(fileId, { ...quick, timeoutMs: 150 })).rejects.toMatchObject({
      code: "TIMEOUT",
      message: expect.stringMatching(/^task .* took longer than 1\d\d ms/),
    });
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });

  test("without one: TIMEOUT once it should have appeared", async () => {
    const { vod, upload } = await flow();
    const waiting = vod.waitForProcedure(await upload(), { ...quick, startTimeoutMs: 60 });
    await expect(waiting).rejects.toMatchObject({ code: "TIMEOUT", message: expect.stringContaining("the start of") });
  });
});

test.each([
  ["timeoutMs", { timeoutMs: 0 }],
  ["timeoutMs", { timeoutMs: 4 * 86_400_000 }],
  ["pollMs", { pollMs: 0.5 }],
  ["maxPollMs", { maxPollMs: -1 }],
  ["signal", { signal: "no" }],
  ["subAppId", { subAppId: "x" }],
])("a wrong %s is refused before anything is sent", async (field, options) => {
  const { vod, emulator } = await scene();
  const wrong = { code: "ERR_INVALID_ARG_VALUE", message: expect.stringMatching(`^${field}: `) };
  await expect(vod.waitForUpload("1", options as object)).rejects.toMatchObject(wrong);
  await expect(vod.waitForTask("1", options as object)).rejects.toMatchObject(wrong);
  await expect(vod.waitForProcedure("1", options as object)).rejects.toMatchObject(wrong);
  expect(emulator.requests()).toEqual([]);
});

test("so is an empty id", async () => {
  const { vod } = await scene();
  for (const refused of [vod.waitForUpload(""), vod.waitForTask(" "), vod.describeTask("")]) {
    await expect(refused).rejects.toMatchObject({ code: "ERR_INVALID_ARG_VALUE" });
  }
});
