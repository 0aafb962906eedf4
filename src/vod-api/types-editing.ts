/** Tasks that make new media out of stored ones: cutting, splitting, composing. */

import type { RawObject, TaskSession } from "./types-common.ts";
import type { MediaBasicInfo, MediaMetaData } from "./types-media.ts";

export interface EditMediaTask extends TaskSession {
  TaskId: string;
  /** `PROCESSING` or `FINISH`. */
  Status: string;
  /** 0 success, 40000 bad parameters, 60000 bad source file, 70000 internal error (try again). */
  ErrCode: number;
  /** Empty is success. */
  ErrCodeExt: string;
  Message: string;
  /** 0 to 100. */
  Progress: number;
  Input: EditMediaTaskInput;
  Output: ProducedMedia;
  /** Of the output. */
  MetaData: MediaMetaData;
  /** Task flow started on the output; "" when none was. */
  ProcedureTaskId: string;
  /** Content review started on the output; "" when none was. */
  ReviewAudioVideoTaskId: string;
}

export interface EditMediaTaskInput {
  /** `File` or `Stream`; the matching list below is filled. */
  InputType: string;
  FileInfoSet: readonly EditMediaFileInfo[];
  /** Not listed field by field. */
  StreamInfoSet: readonly RawObject[];
}

/** A piece of a stored media. */
export interface EditMediaFileInfo {
  FileId: string;
  /** Seconds. */
  StartTimeOffset: number;
  /** Seconds. */
  EndTimeOffset: number;
}

/** The media an edit or a composition made. */
export interface ProducedMedia {
  /** Container, e.g. `mp4`. */
  FileType: string;
  FileUrl: string;
  FileId: string;
  /** At most 64 characters; chosen by the service unless the caller did. */
  MediaName: string;
  /** 0 is "Other". */
  ClassId: number;
  /** ISO 8601; `9999-12-31T23:59:59Z` is never. */
  ExpireTime: string;
}

export type EditMediaTaskOutput = ProducedMedia;

export interface SplitMediaTask extends TaskSession {
  TaskId: string;
  /** `PROCESSING` or `FINISH`. */
  Status: string;
  /** Empty is success. */
  ErrCodeExt: string;
  /** 0 is success. Superseded by `ErrCodeExt`. */
  ErrCode: number;
  Message: string;
  FileInfoSet: readonly SplitMediaTaskSegmentInfo[];
  /** 0 to 100. */
  Progress: number;
}

export interface SplitMediaTaskSegmentInfo {
  /** Not listed field by field. */
  Input: RawObject;
  Output: TaskOutputMediaInfo;
  /** Task flow started on the output; "" when none was. */
  ProcedureTaskId: string;
  /** Content review started on the output; "" when none was. */
  ReviewAudioVideoTaskId: string;
}

export interface TaskOutputMediaInfo {
  FileId: string;
  MediaBasicInfo: MediaBasicInfo;
}

export interface ComposeMediaTask extends TaskSession {
  TaskId: string;
  /** `PROCESSING` or `FINISH`. */
  Status: string;
  /** 0 is success. */
  ErrCode: number;
  Message: string;
  /** 0 to 100. */
  Progress: number;
  /** Not listed field by field: canvas and tracks. */
  Input: RawObject;
  Output: ComposeMediaTaskOutput;
  /** Of the output. */
  MetaData?: MediaMetaData | null | undefined;
}

export type ComposeMediaTaskOutput = ProducedMedia;
