/** Reliable notification: events wait in a queue, are pulled in batches and confirmed. */

import type { RawObject, RawTask, SubAppScope } from "./types-common.ts";
import type { ComposeMediaTask, EditMediaTask, SplitMediaTask } from "./types-editing.ts";
import type {
  DescribeFileAttributesTask,
  FileDeleteTask,
  FileUploadTask,
  PersistenceCompleteTask,
  PullUploadTask,
  RestoreMediaTask,
  ReviewAudioVideoTask,
} from "./types-file-tasks.ts";
import type { ProcedureTask } from "./types-processing.ts";

/**
 * Waits for events: the service holds the request for up to 5 s. Works only while the delivery mode is `PULL`. Events
 * not pulled within 4 days are lost.
 */
export interface PullEventsRequest extends SubAppScope {
  /** Reserved by the service. */
  ExtInfo?: string | undefined;
}

export interface PullEventsResponse {
  /**
   * At most 16. When nothing waits the service was seen to answer the error `ResourceNotFound`; null, missing and empty
   * are possible.
   */
  EventSet?: readonly EventContent[] | null | undefined;
}

/** Takes events off the queue. */
export interface ConfirmEventsRequest extends SubAppScope {
  /** At most 16, each within 30 s of being pulled: later, the event comes again under another handle. */
  EventHandles: readonly string[];
  /** Reserved by the service. */
  ExtInfo?: string | undefined;
}

/** Not in the international API: with site `intl` a call is refused before it is sent. */
export interface DescribeEventsStateRequest extends SubAppScope {}

export interface DescribeEventsStateResponse {
  /** An approximation some 3 minutes old; no ground for not pulling. */
  CountOfEventsToPull: number;
}

/**
 * One event; the field that fits `EventType` is set, the others are null or missing. A callback posts the same object
 * without its handle.
 */
export interface EventContent {
  /** What ConfirmEvents takes. */
  EventHandle: string;
  /**
   * Known: `NewFileUpload`, `ProcedureStateChanged`, `FileDeleted`, `RestoreMediaComplete`, `PullComplete`,
   * `EditMediaComplete`, `SplitMediaComplete`, `ComposeMediaComplete`, `WechatMiniProgramPublishComplete`,
   * `RemoveWatermark`, `RebuildMediaComplete`, `ReviewAudioVideoComplete`, `ExtractTraceWatermarkComplete`,
   * `ExtractCopyRightWatermarkComplete`, `ExtractBlindWatermarkComplete`, `DescribeFileAttributesComplete`,
   * `QualityInspectComplete`, `QualityEnhanceComplete`, `PersistenceComplete`, `MediaCastStatusChanged`,
   * `ComplexAdaptiveDynamicStreamingComplete`, `ProcessMediaByMPSComplete`, `AigcImageTaskComplete`,
   * `AigcVideoTaskComplete`, `AigcHunyuan3DTaskComplete`, `DescribeAigcFaceInfoAsyncComplete`, and from 2017
   * `TranscodeComplete`, `ConcatComplete`, `ClipComplete`, `CreateImageSpriteComplete`,
   * `CreateSnapshotByTimeOffsetComplete`. The service adds to these.
   */
  EventType: string;
  /** `NewFileUpload`. */
  FileUploadEvent?: FileUploadTask | null | undefined;
  /** `ProcedureStateChanged`. */
  ProcedureStateChangeEvent?: ProcedureTask | null | undefined;
  /** `FileDeleted`. */
  FileDeleteEvent?: FileDeleteTask | null | undefined;
  PullCompleteEvent?: PullUploadTask | null | undefined;
  EditMediaCompleteEvent?: EditMediaTask | null | undefined;
  SplitMediaCompleteEvent?: SplitMediaTask | null | undefined;
  ComposeMediaCompleteEvent?: ComposeMediaTask | null | undefined;
  RestoreMediaCompleteEvent?: RestoreMediaTask | null | undefined;
  ReviewAudioVideoCompleteEvent?: ReviewAudioVideoTask | null | undefined;
  DescribeFileAttributesCompleteEvent?: DescribeFileAttributesTask | null | undefined;
  PersistenceCompleteEvent?: PersistenceCompleteTask | null | undefined;
  TranscodeCompleteEvent?: RawTask | null | undefined;
  ConcatCompleteEvent?: RawTask | null | undefined;
  ClipCompleteEvent?: RawTask | null | undefined;
  CreateImageSpriteCompleteEvent?: RawTask | null | undefined;
  /** `CreateSnapshotByTimeOffsetComplete`. */
  SnapshotByTimeOffsetCompleteEvent?: RawTask | null | undefined;
  WechatPublishCompleteEvent?: RawTask | null | undefined;
  WechatMiniProgramPublishCompleteEvent?: RawTask | null | undefined;
  /** `RemoveWatermark`. */
  RemoveWatermarkCompleteEvent?: RawTask | null | undefined;
  RebuildMediaCompleteEvent?: RawTask | null | undefined;
  ExtractTraceWatermarkCompleteEvent?: RawTask | null | undefined;
  ExtractCopyRightWatermarkCompleteEvent?: RawTask | null | undefined;
  /** Out of use. */
  ReduceMediaBitrateCompleteEvent?: RawTask | null | undefined;
  QualityInspectCompleteEvent?: RawTask | null | undefined;
  QualityEnhanceCompleteEvent?: RawTask | null | undefined;
  MediaCastStatusChangedEvent?: RawObject | null | undefined;
  ComplexAdaptiveDynamicStreamingCompleteEvent?: RawTask | null | undefined;
  ProcessMediaByMPSCompleteEvent?: RawTask | undefined;
  /** `AigcImageTaskComplete`. */
  AigcImageCompleteEvent?: RawTask | undefined;
  /** `AigcVideoTaskComplete`. */
  AigcVideoCompleteEvent?: RawTask | undefined;
  /** Without the suffix all the others have. */
  ExtractBlindWatermarkComplete?: RawTask | undefined;
  SceneAigcImageCompleteEvent?: RawTask | undefined;
  ProcessImageAsyncCompleteEvent?: RawObject | undefined;
  CreateAigcAdvancedCustomElementCompleteEvent?: RawTask | undefined;
  CreateAigcCustomVoiceCompleteEvent?: RawTask | undefined;
  DescribeAigcFaceInfoAsyncCompleteEvent?: RawTask | undefined;
  /** `AigcHunyuan3DTaskComplete`. */
  AigcHunyuan3DCompleteEvent?: RawTask | undefined;
}
