import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { DescribeTaskDetailResponse } from "../../src/vod-api/index.ts";
import { readTask } from "../../src/tasks/task-state.ts";

function read(detail: object): ReturnType<typeof readTask> {
  return readTask("t", { Status: "FINISH", ...detail } as DescribeTaskDetailResponse);
}

const step = (fields: object): object => ({ Status: "SUCCESS", ErrCodeExt: "", ErrCode: 0, Message: "", ...fields });
const failed = { Status: "FAIL", ErrCodeExt: "SourceFileError.NoVideoMedia", ErrCode: 60_000, Message: "no video" };

function procedure(task: object): object {
  return { TaskType: "Procedure", ProcedureTask: { TaskId: "t", Status: "FINISH", FileId: "1", ...task } };
}

describe("every documented answer is read without a failure", () => {
  test.each([
    ["1", "EditMedia", "4565514956222184986", 100],
    ["2", "Procedure", "5285890784246869930", undefined],
    ["3", "Transcode", "5285890784246869930", undefined],
    ["4", "WechatMiniProgramPublish", "5285890789444337543", undefined],
  ])("DescribeTaskDetail-%s", (n, taskType, fileId, progress) => {
    const file = new URL(`../../fixtures/vod/api3-DescribeTaskDetail-${n}.response.json`, import.meta.url);
    const { Response } = JSON.parse(readFileSync(file, "utf8")) as { Response: DescribeTaskDetailResponse };
    const state = readTask("t", Response);
    expect(state).toMatchObject({ taskId: "t", taskType, status: "FINISH", fileId, failures: [] });
    expect(state.progress).toBe(progress);
    expect(state.detail).toBe(Response);
  });
});

describe("what failed", () => {
  test("a step of each kind, with its template", () => {
    const kinds = [
      ["Transcode", "TranscodeTask"],
      ["AnimatedGraphics", "AnimatedGraphicTask"],
      ["SnapshotByTimeOffset", "SnapshotByTimeOffsetTask"],
      ["SampleSnapshot", "SampleSnapshotTask"],
      ["ImageSprites", "ImageSpriteTask"],
      ["CoverBySnapshot", "CoverBySnapshotTask"],
      ["AdaptiveDynamicStreaming", "AdaptiveDynamicStreamingTask"],
    ];
    const MediaProcessResultSet = kinds.map(([Type = "", member = ""], at) => ({
      Type,
      ...Object.fromEntries(kinds.map(([, name = ""]) => [name, null])),
      [member]: { ...failed, Input: { Definition: at } },
    }));
    expect(read(procedure({ MediaProcessResultSet })).failures).toEqual(
      kinds.map(([type], definition) => ({
        type,
        definition,
        errCodeExt: "SourceFileError.NoVideoMedia",
        errCode: 60_000,
        message: "no video",
      })),
    );
  });

  test("only the steps that did, not those that succeeded or still run", () => {
    const MediaProcessResultSet = [
      { Type: "Transcode", TranscodeTask: step({ Input: { Definition: 10 } }) },
      { Type: "Transcode", TranscodeTask: step({ ...failed, Input: { Definition: 20 } }) },
      { Type: "SampleSnapshot", SampleSnapshotTask: step({ Status: "PROCESSING" }) },
    ];
    expect(read(procedure({ MediaProcessResultSet })).failures).toMatchObject([{ type: "Transcode", definition: 20 }]);
  });

  test.each([
    ["AiContentReviewResultSet", { Type: "Porn", PornTask: failed, TerrorTask: null }, "Porn"],
    ["AiAnalysisResultSet", { Type: "Cover", CoverTask: failed }, "Cover"],
    ["AiRecognitionResultSet", { Type: "AsrFullTextRecognition", AsrFullTextTask: failed }, "AsrFullTextRecognition"],
  ])("a step of %s", (set, entry, type) => {
    expect(read(procedure({ MediaProcessResultSet: [], [set]: [entry] })).failures).toMatchObject([{ type }]);
  });

  test("a step whose code stands beside no FAIL", () => {
    const TranscodeTask = { Status: "FINISH", ErrCode: 70_000, Message: "internal" };
    const { failures } = read(procedure({ MediaProcessResultSet: [{ Type: "Transcode", TranscodeTask }] }));
    expect(failures).toEqual([{ type: "Transcode", errCodeExt: "", errCode: 70_000, message: "internal" }]);
  });

  test("a leftover code beside SUCCESS does not count", () => {
    const TranscodeTask = step({ ErrCode: 1, ErrCodeExt: "Leftover" });
    expect(read(procedure({ MediaProcessResultSet: [{ Type: "Transcode", TranscodeTask }] })).failures).toEqual([]);
  });

  test("a flow that failed as a whole, where no step says so", () => {
    const { failures } = read(procedure({ ErrCode: 30_009, Message: "source", MediaProcessResultSet: null }));
    expect(failures).toEqual([{ type: "Procedure", errCodeExt: "", errCode: 30_009, message: "source" }]);
  });

  test.each([
    ["PullUpload", { PullUploadTask: { Status: "FINISH", ErrCode: 60_000, Message: "source", FileId: "" } }],
    ["EditMedia", { EditMediaTask: { Status: "FINISH", ErrCode: 40_000, ErrCodeExt: "InvalidInput", Message: "" } }],
    ["DescribeFileAttributesTask", { DescribeFileAttributesTask: { ...failed } }],
  ])("a task without steps: %s", (TaskType, members) => {
    const state = read({ TaskType, ProcedureTask: null, ...members });
    expect(state.failures).toMatchObject([{ type: TaskType }]);
    expect(state.fileId).toBeUndefined();
  });

  test("a step of a set nobody listed, be the entry the step or hold it", () => {
    const mps = { Status: "FINISH", SubTaskSet: [{ TaskType: "AiAnalysis", ...failed }] };
    expect(read({ TaskType: "ProcessMediaByMPS", ProcessMediaByMPSTask: mps }).failures).toMatchObject([
      { type: "AiAnalysis" },
    ]);
    const complex = { Status: "FINISH", ComplexAdaptiveDynamicStreamingTaskResultSet: [failed] };
    const state = read({ TaskType: "X", ComplexAdaptiveDynamicStreamingTask: complex });
    expect(state.failures).toMatchObject([{ type: "ComplexAdaptiveDynamicStreaming" }]);
  });
});

describe("progress", () => {
  const at = (...steps: object[]): number | undefined =>
    read(procedure({ MediaProcessResultSet: steps.map((one) => ({ Type: "Transcode", TranscodeTask: one })) }))
      .progress;

  test("is the task's own", () => {
    expect(read({ TaskType: "PullUpload", PullUploadTask: { Status: "PROCESSING", Progress: 42 } }).progress).toBe(42);
  });

  test("or the mean of its steps, ended ones whole", () => {
    const running = (Progress: number): object => step({ Status: "PROCESSING", Progress });
    expect(at(running(50), running(0))).toBe(25);
    expect(at(running(50), failed, step({ Progress: 0 }))).toBe(83);
  });

  test("or unknown", () => {
    expect(at()).toBeUndefined();
    expect(read({ TaskType: "Transcode" }).progress).toBeUndefined();
  });
});
