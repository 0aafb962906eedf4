import { createHash } from "node:crypto";
import { describe, expect, test, vi } from "vitest";
import { start } from "./support/running.ts";
import { call, codeOf, dig, textAt, upload } from "./support/wire.ts";
import type { Emulator, EmulatorOptions, JsonObject } from "../../src/emulator/index.ts";

/** A frozen clock: nothing moves but by advanceClock. */
const frozen = (options: EmulatorOptions = {}): EmulatorOptions => ({
  clock: () => 1_750_000_000_000,
  pullWaitMs: 0,
  ...options,
});

const detail = (emulator: Emulator, TaskId: string): Promise<JsonObject> =>
  call(emulator, "DescribeTaskDetail", { TaskId });

async function eventsOf(emulator: Emulator): Promise<{ EventType: string; [name: string]: unknown }[]> {
  const response = await call(emulator, "PullEvents");
  return (dig(response, "EventSet") ?? []) as { EventType: string }[];
}

/** Lets asynchronous ends of tasks happen. */
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 10));

describe("a procedure named at upload", () => {
  test.each([
    ["no-task", undefined],
    ["no-task", "no-task"],
    ["empty-task", "empty-task"],
  ] as const)("without a template: %s with the option %s", async (expected, unknownProcedure) => {
    const emulator = await start(frozen({ unknownProcedure }));
    await upload(emulator, "x", { Procedure: "NobodyMadeIt" });
    const taskId = emulator.media()[0]?.procedureTaskId;
    if (expected === "no-task") return expect(taskId).toBe("");
    emulator.advanceClock(60_000);
    const task = await detail(emulator, taskId ?? "");
    expect(task).toMatchObject({ Status: "FINISH", ProcedureTask: { MediaProcessResultSet: [] } });
  });

  test("without a template is refused by ApplyUpload where the options ask for that", async () => {
    const emulator = await start(frozen({ unknownProcedure: "refused" }));
    const params = { MediaType: "mp4", Procedure: "NobodyMadeIt" };
    expect(await codeOf(emulator, "ApplyUpload", params)).toBe("InvalidParameterValue");
    await upload(emulator, "x", { Procedure: "LongVideoPreset" });
  });

  test("goes from waiting to finished by the clock, and tells of it with the session context", async () => {
    const emulator = await start(frozen({ tasks: { waitingMs: 1000, processingMs: 1000 } }));
    const { FileId } = await upload(emulator, "x", { Procedure: "LongVideoPreset", SessionContext: "mine" });
    const [event] = await eventsOf(emulator);
    const taskId = textAt(event?.["FileUploadEvent"] as JsonObject, "ProcedureTaskId");
    expect(taskId).toMatch(/^1250000000-procedurev2-[0-9a-f]{32}t0$/);
    expect(await detail(emulator, taskId)).toMatchObject({
      TaskType: "Procedure",
      Status: "WAITING",
      CreateTime: "2025-06-15T15:06:40Z",
      BeginProcessTime: "",
      FinishTime: "",
      PullUploadTask: null,
    });
    emulator.advanceClock(1000);
    expect(await detail(emulator, taskId)).toMatchObject({
      Status: "PROCESSING",
      BeginProcessTime: "2025-06-15T15:06:41Z",
      ProcedureTask: {
        Status: "PROCESSING",
        MediaProcessResultSet: [{ CoverBySnapshotTask: { Status: "PROCESSING" } }, {}],
      },
    });
    expect(await eventsOf(emulator)).toEqual([]);
    emulator.advanceClock(1000);
    await settle();
    const done = await detail(emulator, taskId);
    expect(done).toMatchObject({
      Status: "FINISH",
      FinishTime: "2025-06-15T15:06:42Z",
      ProcedureTask: { Status: "FINISH", FileId, SessionContext: "mine", TasksNotifyMode: "Finish" },
    });
    const [changed] = await eventsOf(emulator);
    expect(changed).toMatchObject({
      EventType: "ProcedureStateChanged",
      ProcedureStateChangeEvent: { TaskId: taskId, Status: "FINISH", SessionContext: "mine", FileId },
    });
    const info = await call(emulator, "DescribeMediaInfos", { FileIds: [FileId ?? ""] });
    expect(textAt(info, "MediaInfoSet", 0, "BasicInfo", "CoverUrl")).toMatch(/coverbysnapshot\.10\.jpg$/);
  });

  test("finishes with a sub-task failed when told to: FINISH is not success", async () => {
    const emulator = await start(frozen({ tasks: { fail: ["AdaptiveDynamicStreaming:10"] } }));
    await upload(emulator, "x", { Procedure: "LongVideoPreset" });
    emulator.advanceClock(1000);
    await settle();
    const events = await eventsOf(emulator);
    const task = events.find((one) => one.EventType === "ProcedureStateChanged")?.["ProcedureStateChangeEvent"];
    expect(task).toMatchObject({ Status: "FINISH", ErrCode: 0 });
    const results = dig(task as JsonObject, "MediaProcessResultSet") as JsonObject[];
    expect(results.find((one) => one["Type"] === "AdaptiveDynamicStreaming")).toMatchObject({
      AdaptiveDynamicStreamingTask: {
        Status: "FAIL",
        ErrCode: 60_000,
        ErrCodeExt: "SourceFileError",
        Output: { Url: "" },
      },
    });
    expect(results.find((one) => one["Type"] === "CoverBySnapshot")).toMatchObject({
      CoverBySnapshotTask: { Status: "SUCCESS", Progress: 100, Output: { CoverUrl: expect.any(String) } },
      TranscodeTask: null,
    });
  });

  test("can be aborted: no event then", async () => {
    const emulator = await start(frozen({ tasks: { abort: true } }));
    await upload(emulator, "x", { Procedure: "LongVideoPreset" });
    const [event] = await eventsOf(emulator);
    emulator.advanceClock(1000);
    const status = await detail(emulator, textAt(event?.["FileUploadEvent"] as JsonObject, "ProcedureTaskId"));
    expect(status).toMatchObject({ Status: "ABORTED" });
    expect(await eventsOf(emulator)).toEqual([]);
  });

  test("runs in real time too", async () => {
    const emulator = await start({ pullWaitMs: 2000, tasks: { processingMs: 30 } });
    await upload(emulator, "x", { Procedure: "LongVideoPreset" });
    await eventsOf(emulator);
    expect((await eventsOf(emulator))[0]?.EventType).toBe("ProcedureStateChanged");
  });
});

describe("templates", () => {
  test("are created, described in pages, and used by an upload under their name", async () => {
    const emulator = await start(frozen());
    const MediaProcessTask = {
      TranscodeTaskSet: [{ Definition: 100_010 }, { Definition: 100_020 }],
      AnimatedGraphicTaskSet: [{ Definition: 1, StartTimeOffset: 0, EndTimeOffset: 2.5 }],
      SnapshotByTimeOffsetTaskSet: [{ Definition: 2, TimeOffsetSet: [1] }],
      SampleSnapshotTaskSet: [{ Definition: 3 }],
      ImageSpriteTaskSet: [{ Definition: 4 }],
      CoverBySnapshotTaskSet: [{ Definition: 5, PositionType: "Time", PositionValue: 0 }],
      AdaptiveDynamicStreamingTaskSet: [{ Definition: 6 }],
    };
    expect(
      await codeOf(emulator, "CreateProcedureTemplate", { Name: "강의 변환", Comment: "c", MediaProcessTask }),
    ).toBeUndefined();
    const custom = await call(emulator, "DescribeProcedureTemplates", { Type: "Custom" });
    expect(custom).toMatchObject({
      TotalCount: 1,
      ProcedureTemplateSet: [
        {
          Name: "강의 변환",
          Type: "Custom",
          Comment: "c",
          MediaProcessTask,
          AiAnalysisTask: null,
          CreateTime: "2025-06-15T15:06:40Z",
        },
      ],
    });
    const presets = await call(emulator, "DescribeProcedureTemplates", { Type: "Preset", Offset: 1, Limit: 1 });
    expect(presets).toMatchObject({ TotalCount: 3, ProcedureTemplateSet: [{ Name: "SimpleAesEncryptPreset" }] });

    await upload(emulator, "x", { Procedure: "강의 변환" });
    emulator.advanceClock(1000);
    await settle();
    const task = (await eventsOf(emulator)).find((one) => one.EventType === "ProcedureStateChanged");
    expect(task?.["ProcedureStateChangeEvent"]).toMatchObject({
      MediaProcessResultSet: [
        { Type: "Transcode", TranscodeTask: { Status: "SUCCESS", Input: { Definition: 100_010 } } },
        { Type: "Transcode", TranscodeTask: { Status: "SUCCESS", Input: { Definition: 100_020 } } },
        { Type: "AnimatedGraphics", AnimatedGraphicTask: { Output: { EndTimeOffset: 2.5 } } },
        { Type: "SnapshotByTimeOffset", SnapshotByTimeOffsetTask: { Status: "SUCCESS" } },
        { Type: "SampleSnapshot", SampleSnapshotTask: { Status: "SUCCESS" } },
        { Type: "ImageSprites", ImageSpriteTask: { Status: "SUCCESS" } },
        { Type: "CoverBySnapshot", CoverBySnapshotTask: { Status: "SUCCESS" } },
        { Type: "AdaptiveDynamicStreaming", AdaptiveDynamicStreamingTask: { Status: "SUCCESS" } },
      ],
    });
  });

  test("have names of at most 20 characters, each once, 50 in all", async () => {
    const emulator = await start(frozen());
    expect(await codeOf(emulator, "CreateProcedureTemplate", { Name: "한".repeat(21) })).toBe(
      "InvalidParameterValue.Name",
    );
    expect(await codeOf(emulator, "CreateProcedureTemplate", { Name: "" })).toBe("InvalidParameterValue.Name");
    expect(await codeOf(emulator, "CreateProcedureTemplate", { Name: "LongVideoPreset" })).toBe(
      "InvalidParameterValue.Name",
    );
    for (let count = 1; count <= 50; count++) {
      expect(await codeOf(emulator, "CreateProcedureTemplate", { Name: `t${count}` })).toBeUndefined();
    }
    expect(await codeOf(emulator, "CreateProcedureTemplate", { Name: "t51" })).toBe("LimitExceeded");
  });
});

describe("ProcessMediaByProcedure", () => {
  test("starts a task on a media named by id or path, and notifies of every change when asked", async () => {
    const emulator = await start(frozen({ uploadEvents: false }));
    const { FileId = "", MediaUrl } = await upload(emulator, "x");
    const run = { ProcedureName: "LongVideoPreset", TasksNotifyMode: "Change", SessionId: "once" };
    const { TaskId } = await call(emulator, "ProcessMediaByProcedure", { ...run, FileId });
    expect(await codeOf(emulator, "ProcessMediaByProcedure", { ...run, FileId })).toBe(
      "InvalidParameterValue.SessionId",
    );
    emulator.advanceClock(1000);
    await settle();
    expect(
      (await eventsOf(emulator)).map((one) => dig(one["ProcedureStateChangeEvent"] as JsonObject, "Status")),
    ).toEqual(["PROCESSING", "FINISH"]);
    expect(textAt(TaskId)).toMatch(/procedurev2/);
    // A SessionId is remembered for seven days, unpulled events only for four.
    emulator.advanceClock(7 * 86_400_000);
    const MediaStoragePath = new URL(textAt(MediaUrl)).pathname;
    expect(await codeOf(emulator, "ProcessMediaByProcedure", { ...run, MediaStoragePath })).toBeUndefined();
  });

  test.each([
    [{ ProcedureName: "none", FileId: "1" }, "InvalidParameterValue.ProcedureName"],
    [{ ProcedureName: "LongVideoPreset", FileId: "1" }, "ResourceNotFound"],
    [{ ProcedureName: "LongVideoPreset" }, "InvalidParameterValue.FileId"],
    [
      { ProcedureName: "LongVideoPreset", FileId: "1", SessionId: "s".repeat(51) },
      "InvalidParameterValue.SessionIdTooLong",
    ],
    [
      { ProcedureName: "LongVideoPreset", FileId: "1", SessionContext: "s".repeat(1001) },
      "InvalidParameterValue.SessionContextTooLong",
    ],
  ])("refuses %j", async (params, code) => {
    const emulator = await start(frozen());
    expect(await codeOf(emulator, "ProcessMediaByProcedure", params)).toBe(code);
  });
});

describe("tasks", () => {
  test("are listed by status, file and time, in pages, and are gone after three days", async () => {
    const emulator = await start(frozen({ uploadEvents: false, tasks: { waitingMs: 5000 } }));
    const first = await upload(emulator, "x", { Procedure: "LongVideoPreset" });
    emulator.advanceClock(4000);
    await upload(emulator, "x", { Procedure: "LongVideoPreset" });
    emulator.advanceClock(2000);
    await settle();
    const list = async (params: object): Promise<string[]> => {
      const { TaskSet } = await call(emulator, "DescribeTasks", params);
      return (TaskSet as unknown as { Status: string }[]).map((one) => one.Status);
    };
    expect(await list({})).toEqual(["WAITING", "FINISH"]);
    expect(await list({ Sort: { Field: "CreateTime", Order: "Asc" } })).toEqual(["FINISH", "WAITING"]);
    expect(await list({ Status: "WAITING" })).toEqual(["WAITING"]);
    expect(await list({ FileId: textAt(first, "FileId") })).toEqual(["FINISH"]);
    expect(await list({ CreateTime: { After: "2025-06-15T15:06:42Z", Before: "2025-06-15T16:00:00Z" } })).toEqual([
      "WAITING",
    ]);
    const page = await call(emulator, "DescribeTasks", { Limit: 1 });
    expect(await list({ Limit: 1, ScrollToken: textAt(page, "ScrollToken") })).toEqual(["FINISH"]);
    const taskId = textAt(page, "TaskSet", 0, "TaskId");
    emulator.advanceClock(3 * 86_400_000 - 2000);
    expect(await codeOf(emulator, "DescribeTaskDetail", { TaskId: taskId })).toBeUndefined();
    emulator.advanceClock(1);
    expect(await codeOf(emulator, "DescribeTaskDetail", { TaskId: taskId })).toBe("ResourceNotFound");
    expect(await list({})).toEqual([]);
  });

  test("of other sub-apps, or of nobody, are not found", async () => {
    const emulator = await start(frozen());
    const { TaskId } = await call(emulator, "PullUpload", { MediaUrl: "http://127.0.0.1/x.mp4" });
    expect(await codeOf(emulator, "DescribeTaskDetail", { TaskId: textAt(TaskId), SubAppId: 1_500_000_002 })).toBe(
      "ResourceNotFound",
    );
    expect(await codeOf(emulator, "DescribeTaskDetail", { TaskId: "none" })).toBe("ResourceNotFound");
  });
});

describe("PullUpload", () => {
  test("makes a media of what the source gives, starts its procedure, and tells of it", async () => {
    const asked: string[] = [];
    const pullSource = async (url: string): Promise<Uint8Array> => {
      asked.push(url);
      return Buffer.from("pulled");
    };
    const emulator = await start(frozen({ pullSource }));
    const { TaskId } = await call(emulator, "PullUpload", {
      MediaUrl: "https://127.0.0.1/dir/film.mp4?x=1",
      SessionContext: "ctx",
      SessionId: "sid",
      SourceContext: "src",
      Procedure: "LongVideoPreset",
    });
    expect(await detail(emulator, textAt(TaskId))).toMatchObject({
      TaskType: "PullUpload",
      PullUploadTask: { Status: "PROCESSING", Progress: 0, FileId: "" },
    });
    emulator.advanceClock(200);
    await vi.waitFor(async () => expect(await detail(emulator, textAt(TaskId))).toMatchObject({ Status: "FINISH" }));
    const [event] = await eventsOf(emulator);
    expect(event).toMatchObject({
      EventType: "PullComplete",
      PullCompleteEvent: {
        TaskId,
        Status: "FINISH",
        ErrCode: 0,
        Progress: 100,
        SessionContext: "ctx",
        SessionId: "sid",
        MediaBasicInfo: { Name: "film", Type: "mp4", SourceInfo: { SourceContext: "src" } },
        ProcedureTaskId: expect.stringMatching(/procedurev2/),
      },
    });
    expect(asked).toEqual(["https://127.0.0.1/dir/film.mp4?x=1"]);
    const [media] = emulator.media();
    expect((await emulator.readObject(media?.key ?? "")).toString()).toBe("pulled");
  });

  test.each([
    ["gives nothing", async () => undefined],
    ["fails", () => Promise.reject(new Error("gone"))],
  ])("whose source %s ends with an error and no media", async (_what, pullSource) => {
    const emulator = await start(frozen({ pullSource }));
    await call(emulator, "PullUpload", { MediaUrl: "http://127.0.0.1/x.mp4" });
    emulator.advanceClock(200);
    await settle();
    const [event] = await eventsOf(emulator);
    expect(event?.["PullCompleteEvent"]).toMatchObject({
      Status: "FINISH",
      ErrCode: 60_000,
      FileId: "",
      MediaBasicInfo: null,
    });
    expect(emulator.media()).toEqual([]);
  });

  test("fetches nothing by itself", async () => {
    const emulator = await start(frozen());
    await call(emulator, "PullUpload", { MediaUrl: "http://192.0.2.1/x.mp4" });
    emulator.advanceClock(200);
    await settle();
    expect(emulator.media()).toHaveLength(1);
  });

  test("refuses a SessionId for three days", async () => {
    const emulator = await start(frozen());
    const pull = { MediaUrl: "http://127.0.0.1/x.mp4", SessionId: "once" };
    expect(await codeOf(emulator, "PullUpload", pull)).toBeUndefined();
    emulator.advanceClock(3 * 86_400_000 - 1);
    expect(await codeOf(emulator, "PullUpload", pull)).toBe("InvalidParameterValue.SessionId");
    emulator.advanceClock(1);
    expect(await codeOf(emulator, "PullUpload", pull)).toBeUndefined();
  });

  test.each([
    [{ MediaUrl: "ftp://127.0.0.1/x.mp4" }, "InvalidParameterValue.MediaUrl"],
    [{ MediaUrl: "x.mp4" }, "InvalidParameterValue.MediaUrl"],
    [{ MediaUrl: "http://127.0.0.1/x" }, "FailedOperation.MediaType"],
    [{ MediaUrl: "http://127.0.0.1/x.mpd" }, "FailedOperation.MediaType"],
    [{ MediaUrl: "http://127.0.0.1/x", MediaType: "mp4" }, undefined],
    [{ MediaUrl: "http://127.0.0.1/x.mp4", StorageRegion: "ap-tokyo" }, "InvalidParameterValue.StorageRegion"],
  ])("with %j answers %s", async (params, code) => {
    const emulator = await start(frozen());
    expect(await codeOf(emulator, "PullUpload", params)).toBe(code);
  });
});

describe("DescribeFileAttributes", () => {
  test("finds MD5 and SHA-1 of the stored object", async () => {
    const emulator = await start(frozen({ uploadEvents: false }));
    const { FileId = "" } = await upload(emulator, "content");
    const { TaskId } = await call(emulator, "DescribeFileAttributes", { FileId, SessionContext: "ctx" });
    emulator.advanceClock(200);
    await settle();
    const hash = (algorithm: string): string => createHash(algorithm).update("content").digest("hex");
    const Output = { Md5: hash("md5"), Sha1: hash("sha1") };
    expect(await detail(emulator, textAt(TaskId))).toMatchObject({
      DescribeFileAttributesTask: { Status: "FINISH", Output, SessionContext: "ctx" },
    });
    expect(await eventsOf(emulator)).toMatchObject([
      { EventType: "DescribeFileAttributesComplete", DescribeFileAttributesCompleteEvent: { FileId, Output } },
    ]);
  });

  test("cannot when the bytes were discarded", async () => {
    const emulator = await start(frozen({ discard: true }));
    const { FileId = "" } = await upload(emulator, "content");
    const { TaskId } = await call(emulator, "DescribeFileAttributes", { FileId });
    emulator.advanceClock(200);
    await settle();
    expect(await detail(emulator, textAt(TaskId))).toMatchObject({
      DescribeFileAttributesTask: { ErrCode: 70_000, Output: null },
    });
  });
});
