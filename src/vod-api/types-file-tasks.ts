/** Tasks and events about whole files: stored, pulled, deleted, restored, hashed, reviewed. */

import type { RawObject, TaskSession } from "./types-common.ts";
import type { MediaBasicInfo, MediaMetaData } from "./types-media.ts";
import type { MediaDeleteItem } from "./types-media-actions.ts";

/** A media has been stored: by server, client or console upload, or by live recording. */
export interface FileUploadTask {
  FileId: string;
  MediaBasicInfo: MediaBasicInfo;
  /** Task flow started by the upload; "" when none was. */
  ProcedureTaskId: string;
  /** Content review started by the upload; "" when none was, missing from older events. */
  ReviewAudioVideoTaskId?: string | undefined;
  /** Null or missing when the file was not probed. */
  MetaData?: MediaMetaData | null | undefined;
}

/** Download of a media from a URL (PullUpload). */
export interface PullUploadTask extends TaskSession {
  TaskId: string;
  /** `PROCESSING` or `FINISH`. */
  Status: string;
  /** 0 success, 40000 bad parameters, 60000 bad source file, 70000 internal error (try again). */
  ErrCode: number;
  Message: string;
  /** "" until it succeeded. */
  FileId: string;
  MediaBasicInfo?: MediaBasicInfo | null | undefined;
  MetaData?: MediaMetaData | undefined;
  /** Address of the stored media. */
  FileUrl: string;
  /** Task flow started by the pull; "" when none was. */
  ProcedureTaskId: string;
  /** Content review started by the pull; "" when none was. */
  ReviewAudioVideoTaskId: string;
  /** 0 to 100; missing from older events. */
  Progress?: number | undefined;
}

export interface FileDeleteTask {
  FileIdSet: readonly string[];
  FileDeleteResultInfo: readonly FileDeleteResultItem[];
}

export interface FileDeleteResultItem {
  FileId: string;
  /** What was deleted of it; empty for everything. */
  DeleteParts: readonly MediaDeleteItem[];
}

/** A media was brought back from archive storage. */
export interface RestoreMediaTask {
  FileId: string;
  /** E.g. `ARCHIVE`. */
  OriginalStorageClass: string;
  /** Same as the original class for a temporary copy. */
  TargetStorageClass: string;
  /** `Expedited`, `Standard` or `Bulk`. */
  RestoreTier: string;
  /** Days a temporary copy lives; 0 when restored for good. */
  RestoreDay: number;
  /** @deprecated Out of use. */
  Status: number;
  /** @deprecated Out of use. */
  Message: string;
}

/** Hashing of a stored original (DescribeFileAttributes). */
export interface DescribeFileAttributesTask extends TaskSession {
  TaskId: string;
  /** `PROCESSING`, `SUCCESS` or `FAIL`. */
  Status: string;
  /** 0 success, 40000 bad parameters, 60000 bad source file, 70000 internal error (try again). */
  ErrCode: number;
  /** Empty is success. */
  ErrCodeExt: string;
  Message: string;
  /** 0 to 100. */
  Progress: number;
  FileId: string;
  Output?: DescribeFileAttributesTaskOutput | null | undefined;
}

/** Hashes of the stored original, hexadecimal. */
export interface DescribeFileAttributesTaskOutput {
  Md5: string;
  Sha1: string;
}

/** Content review of a media or its cover. */
export interface ReviewAudioVideoTask extends TaskSession {
  TaskId: string;
  /** `PROCESSING` or `FINISH`. */
  Status: string;
  /** Empty is success. */
  ErrCodeExt: string;
  Message: string;
  Input: ReviewAudioVideoTaskInput;
  Output: ReviewAudioVideoTaskOutput;
}

export interface ReviewAudioVideoTaskInput {
  FileId: string;
  /** Review template. */
  Definition: number;
  /** `Media`, `Cover` or both. */
  ReviewContents: readonly string[];
}

export interface ReviewAudioVideoTaskOutput {
  /** `pass`, `review` or `block`. */
  Suggestion: string;
  /** Likeliest finding, with `review` and `block`: `Porn`, `Terror`, `Polity`, `Ad`, `Illegal`, `Abuse` or `Moan`. */
  Label: string;
  /** Where it was found, with `review` and `block`: `Image`, `OCR`, `ASR` or `Voice`. */
  Form: string;
  /** Not listed field by field. The first 10 only: the file has all. */
  SegmentSet: readonly RawObject[];
  /** JSON file with the whole of `SegmentSet`. */
  SegmentSetFileUrl: string;
  /** ISO 8601. */
  SegmentSetFileUrlExpireTime: string;
  /** Not listed field by field. */
  CoverReviewResult?: RawObject | null | undefined;
}

/** A clip of a live stream has become a media of its own. */
export interface PersistenceCompleteTask {
  FileId?: string | undefined;
  /** `SimpleHlsClip`, `FastEditMedia` or `LiveRealTimeClip`. */
  PersistenceSource?: string | undefined;
}
