import type { Json, JsonObject } from "../json.ts";
import type { Task } from "./tasks.ts";
import { isoTime } from "./time.ts";

/** One kind of sub-task of a procedure (266/33953). */
export interface SubTaskKind {
  /** Of MediaProcessTask, in templates. */
  readonly set: string;
  /** In results. */
  readonly type: string;
  /** Of a result, the one that carries this kind. */
  readonly member: string;
  readonly extension: string;
  /** What a sub-task without success has as its output. */
  readonly failedOutput: "null" | "empty";
}

export const subTaskKinds: readonly SubTaskKind[] = [
  { set: "TranscodeTaskSet", type: "Transcode", member: "TranscodeTask", extension: "mp4", failedOutput: "null" },
  {
    set: "AnimatedGraphicTaskSet",
    type: "AnimatedGraphics",
    member: "AnimatedGraphicTask",
    extension: "gif",
    failedOutput: "null",
  },
  {
    set: "SnapshotByTimeOffsetTaskSet",
    type: "SnapshotByTimeOffset",
    member: "SnapshotByTimeOffsetTask",
    extension: "jpg",
    failedOutput: "null",
  },
  {
    set: "SampleSnapshotTaskSet",
    type: "SampleSnapshot",
    member: "SampleSnapshotTask",
    extension: "jpg",
    failedOutput: "null",
  },
  {
    set: "ImageSpriteTaskSet",
    type: "ImageSprites",
    member: "ImageSpriteTask",
    extension: "jpg",
    failedOutput: "null",
  },
  // The specification lets the output of these two be empty, but not null.
  {
    set: "CoverBySnapshotTaskSet",
    type: "CoverBySnapshot",
    member: "CoverBySnapshotTask",
    extension: "jpg",
    failedOutput: "empty",
  },
  {
    set: "AdaptiveDynamicStreamingTaskSet",
    type: "AdaptiveDynamicStreaming",
    member: "AdaptiveDynamicStreamingTask",
    extension: "m3u8",
    failedOutput: "empty",
  },
];

/** One entry of a template at work on a media. */
export interface SubTask {
  readonly kind: SubTaskKind;
  /** The entry itself. */
  readonly input: JsonObject;
  readonly definition: number;
  readonly outputUrl: string;
  readonly fails: boolean;
}

/** A member of MediaProcessResultSet: what has become of the sub-task by now. */
export function subTaskResult(task: Task, subTask: SubTask): JsonObject {
  const ended = task.status === "FINISH";
  const failed = ended && subTask.fails;
  const succeeded = ended && !subTask.fails;
  const body: JsonObject = {
    Status: failed ? "FAIL" : ended ? "SUCCESS" : "PROCESSING",
    ErrCodeExt: failed ? "SourceFileError" : "",
    ErrCode: failed ? 60_000 : 0,
    Message: failed ? "source file error" : ended ? "SUCCESS" : "",
    Progress: succeeded ? 100 : 0,
    Input: subTask.input,
    Output: succeeded || subTask.kind.failedOutput === "empty" ? output(subTask, succeeded) : null,
    BeginProcessTime: task.beginTime === undefined ? "" : isoTime(task.beginTime),
    FinishTime: task.finishTime === undefined ? "" : isoTime(task.finishTime),
  };
  const members = subTaskKinds.map(({ member }): [string, Json] => [
    member,
    member === subTask.kind.member ? body : null,
  ]);
  return { Type: subTask.kind.type, ...Object.fromEntries(members) };
}

/** Nothing is made, so pictures and streams have an address and no size. */
function output({ kind: { type, extension }, definition, outputUrl, input }: SubTask, succeeded: boolean): JsonObject {
  const url = succeeded ? outputUrl : "";
  const definedAt = { Definition: definition, Url: url };
  const measures = { Bitrate: 0, Height: 0, Width: 0, Size: 0, Md5: "", Container: extension };
  const watermarks = { DigitalWatermarkType: "None", CopyRightWatermarkText: "" };
  switch (type) {
    case "CoverBySnapshot":
      return { CoverUrl: url };
    case "SampleSnapshot":
      return {
        Definition: definition,
        SampleType: "Percent",
        Interval: 0,
        ImageUrlSet: [url],
        WaterMarkDefinition: [],
      };
    case "ImageSprites":
      return { Definition: definition, Height: 0, Width: 0, TotalCount: 0, ImageUrlSet: [url], WebVttUrl: "" };
    case "SnapshotByTimeOffset":
      return { Definition: definition, PicInfoSet: [{ TimeOffset: 0, Url: url, WaterMarkDefinition: [] }] };
    case "AdaptiveDynamicStreaming":
      return { ...definedAt, Package: "HLS", DrmType: "", Size: 0, SubStreamSet: [], ...watermarks };
    case "AnimatedGraphics": {
      const { StartTimeOffset = 0, EndTimeOffset = 0 } = input;
      return { ...definedAt, ...measures, StartTimeOffset, EndTimeOffset };
    }
    default:
      return { ...definedAt, ...measures, Duration: 0, VideoStreamSet: [], AudioStreamSet: [], ...watermarks };
  }
}
