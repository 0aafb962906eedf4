/** Outcome of a task flow: one entry per step, each with its own state. */

import type { RawObject, TaskSession } from "./types-common.ts";
import type { MediaMetaData } from "./types-media.ts";
import type {
  AdaptiveDynamicStreamingInfoItem,
  MediaAnimatedGraphicsItem,
  MediaImageSpriteItem,
  MediaSampleSnapshotItem,
  MediaSnapshotByTimeOffsetItem,
  MediaTranscodeItem,
} from "./types-media-outputs.ts";
import type {
  AdaptiveDynamicStreamingTaskInput,
  AnimatedGraphicTaskInput,
  CoverBySnapshotTaskInput,
  ImageSpriteTaskInput,
  SampleSnapshotTaskInput,
  SnapshotByTimeOffsetTaskInput,
  TranscodeTaskInput,
} from "./types-procedure.ts";

/** A task flow on one media. `FINISH` is not success: look at every entry of the result sets. */
export interface ProcedureTask extends TaskSession {
  TaskId: string;
  /** `PROCESSING` or `FINISH`. */
  Status: string;
  /** @deprecated Left out at times: each step has its own. */
  ErrCode?: number | undefined;
  /** @deprecated Left out at times: each step has its own. */
  Message?: string | undefined;
  FileId: string;
  FileName: string;
  FileUrl: string;
  /** Of the original. */
  MetaData?: MediaMetaData | null | undefined;
  MediaProcessResultSet: readonly MediaProcessTaskResult[];
  /** Not listed field by field. */
  AiContentReviewResultSet: readonly RawObject[];
  /** Not listed field by field. */
  AiAnalysisResultSet: readonly RawObject[];
  /** Not listed field by field. */
  AiRecognitionResultSet: readonly RawObject[];
  /** −10 to 10. */
  TasksPriority: number;
  /** `Finish`, `Change` or `None`. */
  TasksNotifyMode: string;
  /** Who started it, e.g. `System`; "" for a caller. */
  Operator: string;
  /** E.g. `TSC` for automatic re-encoding; "" otherwise. */
  OperationType: string;
}

/** One step; the field that fits `Type` is set, the others are null or missing. */
export interface MediaProcessTaskResult {
  /**
   * `Transcode`, `AnimatedGraphics`, `SnapshotByTimeOffset`, `SampleSnapshot`, `ImageSprites`, `CoverBySnapshot` or
   * `AdaptiveDynamicStreaming`.
   */
  Type: string;
  TranscodeTask?: MediaProcessTaskTranscodeResult | null | undefined;
  AnimatedGraphicTask?: MediaProcessTaskAnimatedGraphicResult | null | undefined;
  SnapshotByTimeOffsetTask?: MediaProcessTaskSnapshotByTimeOffsetResult | null | undefined;
  SampleSnapshotTask?: MediaProcessTaskSampleSnapshotResult | null | undefined;
  ImageSpriteTask?: MediaProcessTaskImageSpriteResult | null | undefined;
  CoverBySnapshotTask?: MediaProcessTaskCoverBySnapshotResult | null | undefined;
  AdaptiveDynamicStreamingTask?: MediaProcessTaskAdaptiveDynamicStreamingResult | null | undefined;
}

/** State of one step. */
export interface MediaProcessStep {
  /** `PROCESSING`, `SUCCESS` or `FAIL`. */
  Status: string;
  /**
   * Empty is success. Known: `InvalidInput` (also `.InvalidTimeOffset`, `.DefinitionNotExist`,
   * `.ConfigurationUnsupported`, `.TaskDuplicated`, `.PermissionDenied`, `.ResultFileSizeTooLarge`), `SourceFileError`
   * (also `.NoVideoMedia`, `.NoVideoResolution`, `.ContentMalformed`, `.ContentUnsupported`, `.DownloadNotAccessible`),
   * `InternalError`.
   */
  ErrCodeExt: string;
  /** 0 is success. Superseded by `ErrCodeExt`. */
  ErrCode: number;
  Message: string;
  /** 0 to 100. */
  Progress: number;
  /** ISO 8601. */
  BeginProcessTime: string;
  /** ISO 8601; "" while it runs. */
  FinishTime: string;
}

export interface MediaProcessTaskTranscodeResult extends MediaProcessStep {
  Input: TranscodeTaskInput;
  Output?: MediaTranscodeItem | null | undefined;
}

export interface MediaProcessTaskAnimatedGraphicResult extends MediaProcessStep {
  Input: AnimatedGraphicTaskInput;
  Output?: MediaAnimatedGraphicsItem | null | undefined;
}

export interface MediaProcessTaskSnapshotByTimeOffsetResult extends MediaProcessStep {
  Input: SnapshotByTimeOffsetTaskInput;
  Output?: MediaSnapshotByTimeOffsetItem | null | undefined;
}

export interface MediaProcessTaskSampleSnapshotResult extends MediaProcessStep {
  Input: SampleSnapshotTaskInput;
  Output?: MediaSampleSnapshotItem | null | undefined;
}

export interface MediaProcessTaskImageSpriteResult extends MediaProcessStep {
  Input: ImageSpriteTaskInput;
  Output?: MediaImageSpriteItem | null | undefined;
}

/** Unlike its siblings, documented to have an output even when it failed. */
export interface MediaProcessTaskCoverBySnapshotResult extends MediaProcessStep {
  Input: CoverBySnapshotTaskInput;
  Output: CoverBySnapshotTaskOutput;
}

export interface CoverBySnapshotTaskOutput {
  CoverUrl: string;
}

/** Unlike its siblings, documented to have an output even when it failed. */
export interface MediaProcessTaskAdaptiveDynamicStreamingResult extends MediaProcessStep {
  Input: AdaptiveDynamicStreamingTaskInput;
  Output: AdaptiveDynamicStreamingInfoItem;
}
