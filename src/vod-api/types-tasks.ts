/** Finding tasks and asking about one. The service remembers a task for three days. */

import type { EditMediaTask, ComposeMediaTask, SplitMediaTask } from "./types-editing.ts";
import type { DescribeFileAttributesTask, PullUploadTask, ReviewAudioVideoTask } from "./types-file-tasks.ts";
import type { RawTask, SortBy, SubAppScope, TaskSession, TimeRange } from "./types-common.ts";
import type { ProcedureTask } from "./types-processing.ts";

export interface DescribeTaskDetailRequest extends SubAppScope {
  TaskId: string;
}

/** A task; the field that fits `TaskType` is set, the others are null or missing. */
export interface DescribeTaskDetailResponse {
  /**
   * Known: `Procedure`, `PullUpload`, `EditMedia`, `SplitMedia`, `ComposeMedia`, `WechatPublish`,
   * `WechatMiniProgramPublish`, `FastClipMedia`, `RemoveWatermarkTask`, `DescribeFileAttributesTask`, `RebuildMedia`,
   * `ReviewAudioVideo`, `ExtractTraceWatermark`, `ExtractCopyRightWatermark`, `ExtractBlindWatermark`,
   * `QualityInspect`, `QualityEnhance`, `ComplexAdaptiveDynamicStreaming`, `ProcessMediaByMPS`, `ImportMediaKnowledge`,
   * `WandAsrTask`, `DesignVoiceAsync`, `CloneVoiceAsync`, `TextToSpeechAsync`, `VideoDubbingAsync`; of AIGC
   * `AigcImageTask`, `SceneAigcImageTask`, `AigcVideoTask`, `SceneAigcVideoTask`, `AigcVideoRedrawTask`,
   * `AigcAudioTask`, `AigcHunyuan3DTask`, `CreateAigcAdvancedCustomElement`, `CreateAigcCustomVoice`,
   * `CreateAigcSubject`, `CreateAigcAudioClone`, `DescribeAigcFaceInfoAsync`; and from 2017 `Transcode`, `Concat`,
   * `Clip`, `ImageSprite`, `SnapshotByTimeOffset`. The service adds to these.
   */
  TaskType: string;
  /** `WAITING`, `PROCESSING`, `FINISH` (which is not success: look inside) or `ABORTED`. */
  Status: string;
  /** ISO 8601. */
  CreateTime: string;
  /** ISO 8601; "" before it began. */
  BeginProcessTime: string;
  /** ISO 8601; "" before it ended. */
  FinishTime: string;
  ProcedureTask?: ProcedureTask | null | undefined;
  PullUploadTask?: PullUploadTask | null | undefined;
  EditMediaTask?: EditMediaTask | null | undefined;
  SplitMediaTask?: SplitMediaTask | null | undefined;
  ComposeMediaTask?: ComposeMediaTask | null | undefined;
  ReviewAudioVideoTask?: ReviewAudioVideoTask | null | undefined;
  DescribeFileAttributesTask?: DescribeFileAttributesTask | null | undefined;
  WechatPublishTask?: RawTask | null | undefined;
  WechatMiniProgramPublishTask?: RawTask | null | undefined;
  TranscodeTask?: RawTask | null | undefined;
  ConcatTask?: RawTask | null | undefined;
  ClipTask?: RawTask | null | undefined;
  CreateImageSpriteTask?: RawTask | null | undefined;
  SnapshotByTimeOffsetTask?: RawTask | null | undefined;
  RemoveWatermarkTask?: RawTask | null | undefined;
  RebuildMediaTask?: RawTask | null | undefined;
  ExtractTraceWatermarkTask?: RawTask | null | undefined;
  ExtractCopyRightWatermarkTask?: RawTask | null | undefined;
  /** Out of use. */
  ReduceMediaBitrateTask?: RawTask | null | undefined;
  QualityInspectTask?: RawTask | null | undefined;
  QualityEnhanceTask?: RawTask | null | undefined;
  ComplexAdaptiveDynamicStreamingTask?: RawTask | null | undefined;
  ProcessMediaByMPSTask?: RawTask | undefined;
  AigcImageTask?: RawTask | undefined;
  AigcVideoTask?: RawTask | undefined;
  ImportMediaKnowledge?: RawTask | undefined;
  SceneAigcImageTask?: RawTask | undefined;
  SceneAigcVideoTask?: RawTask | undefined;
  ProcessImageAsyncTask?: RawTask | undefined;
  ExtractBlindWatermarkTask?: RawTask | undefined;
  CreateAigcAdvancedCustomElementTask?: RawTask | undefined;
  CreateAigcCustomVoiceTask?: RawTask | undefined;
  CreateAigcSubjectTask?: RawTask | undefined;
  AigcVideoRedrawTask?: RawTask | undefined;
  AigcAudioTask?: RawTask | undefined;
  CreateAigcAudioCloneTask?: RawTask | undefined;
  DescribeAigcFaceInfoAsyncTask?: RawTask | undefined;
  AigcHunyuan3DTask?: RawTask | undefined;
  DesignVoiceAsyncTask?: RawTask | undefined;
  CloneVoiceAsyncTask?: RawTask | undefined;
  TextToSpeechAsyncTask?: RawTask | undefined;
  VideoDubbingAsyncTask?: RawTask | undefined;
}

export interface DescribeTasksRequest extends SubAppScope {
  /** `WAITING`, `PROCESSING` or `FINISH`. */
  Status?: string | undefined;
  FileId?: string | undefined;
  CreateTime?: TimeRange | undefined;
  FinishTime?: TimeRange | undefined;
  /** By `CreateTime` or `FinishTime`. */
  Sort?: SortBy | undefined;
  /** Default 10, at most 100. */
  Limit?: number | undefined;
  /** Of the previous page's answer. */
  ScrollToken?: string | undefined;
}

export interface DescribeTasksResponse {
  TaskSet: readonly TaskSimpleInfo[];
  /** Where the next page begins; "" on the last one. */
  ScrollToken: string;
}

/** A task in a listing. */
export interface TaskSimpleInfo extends TaskSession {
  TaskId: string;
  /** `WAITING`, `PROCESSING`, `FINISH` or `ABORTED`. */
  Status: string;
  FileId: string;
  /** As in DescribeTaskDetail; also `WechatDistribute`. */
  TaskType: string;
  /** ISO 8601. */
  CreateTime: string;
  /** ISO 8601; "" before it began. */
  BeginProcessTime: string;
  /** ISO 8601; "" before it ended. */
  FinishTime: string;
}
