/** Task flows: the templates, their building blocks, and starting one on a stored media. */

import type { RawObject, SortBy, SubAppScope } from "./types-common.ts";

/** Runs a task flow on a media; exactly one of `FileId` and `MediaStoragePath` names it. */
export interface ProcessMediaByProcedureRequest extends SubAppScope {
  /** Name of the template. */
  ProcedureName: string;
  FileId?: string | undefined;
  /** For sub-applications in "FileID + Path" mode. */
  MediaStoragePath?: string | undefined;
  /** −10 to 10, larger goes first. Default 0. */
  TasksPriority?: number | undefined;
  /**
   * When ProcedureStateChanged is sent: `Finish` (default) once at the end, `Change` at every step, `None` never.
   * Closed: the service knows these three.
   */
  TasksNotifyMode?: "Finish" | "Change" | "None" | undefined;
  /** Opaque text passed through to the result, at most 1000 characters. */
  SessionContext?: string | undefined;
  /**
   * De-duplication id, at most 50 characters. A second request with it within seven days is refused. Default "", none.
   */
  SessionId?: string | undefined;
  /** Reserved by the service. */
  ExtInfo?: string | undefined;
}

/** The tasks that were started; which ids are set depends on what the template contains. */
export interface ProcessMediaByProcedureResponse {
  /** Processing, analysis and recognition; "" without any of them. */
  TaskId: string;
  /** Content review; "" without it. */
  ReviewAudioVideoTaskId: string;
  /** Not in the international API. */
  ImportMediaKnowledgeTaskIdSet?: readonly string[] | undefined;
}

export interface CreateProcedureTemplateRequest extends SubAppScope {
  /** At most 20 characters, Chinese ones included. An application holds at most 50 templates. */
  Name: string;
  /** At most 256 characters. */
  Comment?: string | undefined;
  MediaProcessTask?: MediaProcessTaskInput | undefined;
  /** Not listed field by field. Superseded by `ReviewAudioVideoTask`. */
  AiContentReviewTask?: RawObject | undefined;
  /** Not listed field by field. */
  AiAnalysisTask?: RawObject | undefined;
  /** Not listed field by field. */
  AiRecognitionTaskSet?: readonly RawObject[] | undefined;
  /** @deprecated Superseded by `AiRecognitionTaskSet`. */
  AiRecognitionTask?: RawObject | undefined;
  ReviewAudioVideoTask?: ProcedureReviewAudioVideoTaskInput | undefined;
  /** Not listed field by field. Not in the international API. */
  ImportMediaKnowledgeTaskSet?: readonly RawObject[] | undefined;
}

export interface DescribeProcedureTemplatesRequest extends SubAppScope {
  /** At most 100. */
  Names?: readonly string[] | undefined;
  /** Built in, or made by this account. Closed: the service knows these two. */
  Type?: "Preset" | "Custom" | undefined;
  /** Default 0. */
  Offset?: number | undefined;
  /** Default 10, at most 100. */
  Limit?: number | undefined;
  /** By `CreateTime` only. */
  SortBy?: readonly SortBy[] | undefined;
}

export interface DescribeProcedureTemplatesResponse {
  /** Of all that match, not of this page. */
  TotalCount: number;
  ProcedureTemplateSet: readonly ProcedureTemplate[];
}

/** A task-flow template. A part it does not have is null or missing. */
export interface ProcedureTemplate {
  Name: string;
  /** `Preset` or `Custom`. */
  Type: string;
  Comment: string;
  MediaProcessTask?: MediaProcessTaskInput | null | undefined;
  /** Not listed field by field. */
  AiContentReviewTask?: RawObject | null | undefined;
  /** Not listed field by field. */
  AiAnalysisTask?: RawObject | null | undefined;
  /** Not listed field by field. */
  AiRecognitionTaskSet: readonly RawObject[];
  /** @deprecated Superseded by `AiRecognitionTaskSet`. */
  AiRecognitionTask?: RawObject | null | undefined;
  /** Not listed field by field. */
  MiniProgramPublishTask?: RawObject | null | undefined;
  ReviewAudioVideoTask?: ProcedureReviewAudioVideoTaskInput | null | undefined;
  /** Not listed field by field. Not in the international API. */
  ImportMediaKnowledgeTaskSet?: readonly RawObject[] | undefined;
  /** ISO 8601. */
  CreateTime: string;
  /** ISO 8601. */
  UpdateTime: string;
}

/** Content review as part of a task flow. */
export interface ProcedureReviewAudioVideoTaskInput {
  /** Review template. */
  Definition: number;
  /** `Media`, `Cover` or both. Default, also when empty: `Media`. */
  ReviewContents?: readonly string[] | undefined;
}

/** The processing steps of a task flow. */
export interface MediaProcessTaskInput {
  TranscodeTaskSet?: readonly TranscodeTaskInput[] | undefined;
  AnimatedGraphicTaskSet?: readonly AnimatedGraphicTaskInput[] | undefined;
  SnapshotByTimeOffsetTaskSet?: readonly SnapshotByTimeOffsetTaskInput[] | undefined;
  SampleSnapshotTaskSet?: readonly SampleSnapshotTaskInput[] | undefined;
  ImageSpriteTaskSet?: readonly ImageSpriteTaskInput[] | undefined;
  CoverBySnapshotTaskSet?: readonly CoverBySnapshotTaskInput[] | undefined;
  AdaptiveDynamicStreamingTaskSet?: readonly AdaptiveDynamicStreamingTaskInput[] | undefined;
}

/** What can be burnt into or hidden in the picture of a video. */
interface DigitalWatermarks {
  TraceWatermark?: TraceWatermarkInput | undefined;
  CopyRightWatermark?: CopyRightWatermarkInput | undefined;
}

export interface TranscodeTaskInput extends DigitalWatermarks {
  /** Transcoding template. */
  Definition: number;
  /** At most 10. */
  WatermarkSet?: readonly WatermarkInput[] | undefined;
  BlindWatermark?: BlindWatermarkInput | null | undefined;
  /** At most 10. */
  MosaicSet?: readonly MosaicInput[] | undefined;
  /** At most 10. */
  HeadTailSet?: readonly HeadTailTaskInput[] | undefined;
  /** Where the output begins: seconds from the start, from the end when negative. Default 0, the beginning. */
  StartTimeOffset?: number | undefined;
  /** Where the output ends: seconds from the start, from the end when negative. Default 0, the end. */
  EndTimeOffset?: number | undefined;
  /** Not listed field by field: single parameters that differ from the template's. */
  OverrideParameter?: RawObject | null | undefined;
  /** Not listed field by field: subtitles to burn in, at most 2. */
  SubtitleInfoSet?: readonly RawObject[] | undefined;
}

export interface AdaptiveDynamicStreamingTaskInput extends DigitalWatermarks {
  /** Adaptive-streaming template. */
  Definition: number;
  /** At most 10. */
  WatermarkSet?: readonly WatermarkInput[] | undefined;
  BlindWatermark?: BlindWatermarkInput | undefined;
  /** Ids of subtitle tracks to offer, at most 16. */
  SubtitleSet?: readonly string[] | undefined;
  /** Not listed field by field: subtitles to burn in, at most 2. */
  SubtitleInfoSet?: readonly RawObject[] | undefined;
  /** Not listed field by field: third-party DRM, which task flows do not support yet. */
  DrmInfo?: RawObject | undefined;
}

export interface AnimatedGraphicTaskInput {
  /** Animated-image template. */
  Definition: number;
  /** Seconds from the start, from the end when negative. */
  StartTimeOffset: number;
  /** Seconds from the start, from the end when negative; 0 is the end. */
  EndTimeOffset: number;
}

export interface SnapshotByTimeOffsetTaskInput {
  /** Snapshot template. */
  Definition: number;
  /** Moments as `3.5s` (seconds) or `10%` (of the duration). */
  ExtTimeOffsetSet?: readonly string[] | undefined;
  /** Milliseconds. Superseded by `ExtTimeOffsetSet`. */
  TimeOffsetSet?: readonly number[] | undefined;
  /** At most 10; image watermarks only. */
  WatermarkSet?: readonly WatermarkInput[] | undefined;
}

export interface SampleSnapshotTaskInput {
  /** Sampling template. */
  Definition: number;
  /** At most 10; image watermarks only. */
  WatermarkSet?: readonly WatermarkInput[] | undefined;
}

export interface ImageSpriteTaskInput {
  /** Sprite template. */
  Definition: number;
}

/** Takes a picture of the video and makes it the cover. */
export interface CoverBySnapshotTaskInput {
  /** Snapshot template. */
  Definition: number;
  /** `Time` or `Percent`. */
  PositionType: string;
  /** Seconds, or percent of the duration. */
  PositionValue: number;
  /** At most 10; image watermarks only. */
  WatermarkSet?: readonly WatermarkInput[] | undefined;
}

export interface WatermarkInput {
  /** Watermark template. */
  Definition: number;
  /** At most 100 characters; for text watermarks. */
  TextContent?: string | undefined;
  /** At most 2 000 000 characters; for SVG watermarks. */
  SvgContent?: string | undefined;
  /** When it appears: seconds from the start, from the end when negative. Default 0. */
  StartTimeOffset?: number | undefined;
  /** When it goes: seconds from the start, from the end when negative. Default 0, the end. */
  EndTimeOffset?: number | undefined;
}

/** Hidden mark that tells copies apart. */
export interface TraceWatermarkInput {
  /** `ON` or `OFF`; documented as needed although the model calls it optional. */
  Switch?: string | undefined;
  /** @deprecated Out of use: tracing needs no template. */
  Definition?: number | undefined;
}

/** Hidden text that names the owner. */
export interface CopyRightWatermarkInput {
  /** At most 200 characters. */
  Text: string;
}

/** Hidden mark made by a template. */
export interface BlindWatermarkInput {
  Definition: number;
}

/** Blurs a rectangle of the picture. Positions and sizes are text: `10%` of the picture, or `100px`. */
export interface MosaicInput {
  /** `TopLeft`, the default and only value. */
  CoordinateOrigin?: string | undefined;
  /** Default `0px`. */
  XPos?: string | undefined;
  /** Default `0px`. */
  YPos?: string | undefined;
  /** Default `10%`. */
  Width?: string | undefined;
  /** Default `10%`. */
  Height?: string | undefined;
  /** When it appears: seconds from the start, from the end when negative. Default 0. */
  StartTimeOffset?: number | undefined;
  /** When it goes: seconds from the start, from the end when negative. Default 0, the end. */
  EndTimeOffset?: number | undefined;
}

/** Opening or closing sequence to join on. */
export interface HeadTailTaskInput {
  Definition: number;
}
