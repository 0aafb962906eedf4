/** Reading, changing, deleting and hashing media that are stored already. */

import type { RawObject, SubAppScope } from "./types-common.ts";
import type { MediaBasicInfo, MediaMetaData } from "./types-media.ts";
import type {
  AdaptiveDynamicStreamingInfoItem,
  MediaAnimatedGraphicsItem,
  MediaImageSpriteItem,
  MediaSampleSnapshotItem,
  MediaSnapshotByTimeOffsetItem,
  MediaSubtitleItem,
  MediaTranscodeItem,
} from "./types-media-outputs.ts";

export interface DescribeMediaInfosRequest extends SubAppScope {
  /** At most 20. */
  FileIds: readonly string[];
  /**
   * Sections of the answer, all by default. Known: `basicInfo`, `metaData`, `transcodeInfo`, `animatedGraphicsInfo`,
   * `imageSpriteInfo`, `snapshotByTimeOffsetInfo`, `sampleSnapshotInfo`, `keyFrameDescInfo`,
   * `adaptiveDynamicStreamingInfo`, `miniProgramReviewInfo`, `subtitleInfo`, `reviewInfo`, `mpsAiMediaInfo`,
   * `knowledgeBasesInfo`.
   */
  Filters?: readonly string[] | undefined;
}

export interface DescribeMediaInfosResponse {
  MediaInfoSet: readonly MediaInfo[];
  /** Ids that were asked for and do not exist. */
  NotExistFileIdSet: readonly string[];
}

/** A media with the sections that were asked for; a section without content is null or missing. */
export interface MediaInfo {
  FileId: string;
  BasicInfo?: MediaBasicInfo | null | undefined;
  MetaData?: MediaMetaData | null | undefined;
  TranscodeInfo?: MediaTranscodeInfo | null | undefined;
  AnimatedGraphicsInfo?: MediaAnimatedGraphicsInfo | null | undefined;
  SampleSnapshotInfo?: MediaSampleSnapshotInfo | null | undefined;
  ImageSpriteInfo?: MediaImageSpriteInfo | null | undefined;
  SnapshotByTimeOffsetInfo?: MediaSnapshotByTimeOffsetInfo | null | undefined;
  KeyFrameDescInfo?: MediaKeyFrameDescInfo | null | undefined;
  AdaptiveDynamicStreamingInfo?: MediaAdaptiveDynamicStreamingInfo | null | undefined;
  /** Not listed field by field: Mini Program review. */
  MiniProgramReviewInfo?: RawObject | null | undefined;
  SubtitleInfo?: MediaSubtitleInfo | null | undefined;
  ReviewInfo?: FileReviewInfo | null | undefined;
  /** Not listed field by field: AI results of the MPS product. */
  MPSAiMediaInfo?: RawObject | undefined;
  /** Not listed field by field: AI image understanding. */
  ImageUnderstandingInfo?: RawObject | null | undefined;
  /** Not listed field by field: knowledge bases the media was put into. */
  KnowledgeBasesInfo?: RawObject | undefined;
  /** Not listed field by field: AI face recognition. */
  FaceRecognitionInfo?: RawObject | undefined;
}

export interface MediaTranscodeInfo {
  TranscodeSet: readonly MediaTranscodeItem[];
}

export interface MediaAnimatedGraphicsInfo {
  AnimatedGraphicsSet: readonly MediaAnimatedGraphicsItem[];
}

export interface MediaSampleSnapshotInfo {
  SampleSnapshotSet: readonly MediaSampleSnapshotItem[];
}

export interface MediaImageSpriteInfo {
  ImageSpriteSet: readonly MediaImageSpriteItem[];
}

export interface MediaSnapshotByTimeOffsetInfo {
  SnapshotByTimeOffsetSet: readonly MediaSnapshotByTimeOffsetItem[];
}

export interface MediaKeyFrameDescInfo {
  KeyFrameDescSet: readonly MediaKeyFrameDescItem[];
}

export interface MediaAdaptiveDynamicStreamingInfo {
  AdaptiveDynamicStreamingSet: readonly AdaptiveDynamicStreamingInfoItem[];
}

export interface MediaSubtitleInfo {
  SubtitleSet: readonly MediaSubtitleItem[];
}

/** A marker on the time line. */
export interface MediaKeyFrameDescItem {
  /** Seconds into the video. */
  TimeOffset: number;
  /** 1 to 128 characters. */
  Content: string;
}

/** Outcome of content review, as far as it was run. */
export interface FileReviewInfo {
  MediaReviewInfo?: ReviewInfo | null | undefined;
  CoverReviewInfo?: ReviewInfo | null | undefined;
}

export interface ReviewInfo {
  /** Review template. */
  Definition: number;
  /** `pass`, `review` or `block`. */
  Suggestion: string;
  /** What was found, as `Form.Label`, e.g. `OCR.Ad`; with `review` and `block`. */
  TypeSet: readonly string[];
  /** ISO 8601. */
  ReviewTime: string;
}

export interface DeleteMediaRequest extends SubAppScope {
  FileId: string;
  /** What to delete; by default everything, the original included. */
  DeleteParts?: readonly MediaDeleteItem[] | undefined;
}

/** One part of a media to delete. */
export interface MediaDeleteItem {
  /**
   * `OriginalFiles` (no further processing is possible afterwards; takes the uploaded cover along), `TranscodeFiles`
   * (takes generated covers along), `AdaptiveDynamicStreamingFiles`, `WechatPublishFiles`,
   * `WechatMiniProgramPublishFiles`, `MpsAiMediaAiAnalysisFiles`, `MpsAiMediaSmartEraseFiles` or
   * `MpsAiMediaSmartSubtitleFiles`.
   */
  Type: string;
  /** Template whose output is meant. Default 0, all of that type. */
  Definition?: number | undefined;
}

/** What to change about a media; a field left out stays as it is. */
export interface ModifyMediaInfoRequest extends SubAppScope {
  FileId: string;
  /** At most 64 characters. */
  Name?: string | undefined;
  /** At most 128 characters. */
  Description?: string | undefined;
  ClassId?: number | undefined;
  /** ISO 8601; `9999-12-31T23:59:59Z` is never. */
  ExpireTime?: string | undefined;
  /** New cover: gif, jpeg or png in base64. */
  CoverData?: string | undefined;
  /** Markers to add; one at an existing offset replaces it. At most 100 on a media. */
  AddKeyFrameDescs?: readonly MediaKeyFrameDescItem[] | undefined;
  /** Offsets of markers to delete, seconds; none may be in `AddKeyFrameDescs` too. */
  DeleteKeyFrameDescs?: readonly number[] | undefined;
  /** 1 deletes all markers; not together with `AddKeyFrameDescs`. */
  ClearKeyFrameDescs?: number | undefined;
  /** At most 16 on a media, 32 characters each. */
  AddTags?: readonly string[] | undefined;
  /** None may be in `AddTags` too. */
  DeleteTags?: readonly string[] | undefined;
  /** 1 deletes all tags; not together with `AddTags`. */
  ClearTags?: number | undefined;
  /** At most 16 on a media. */
  AddSubtitles?: readonly MediaSubtitleInput[] | undefined;
  /** None may be in `AddSubtitles` too. */
  DeleteSubtitleIds?: readonly string[] | undefined;
  /** 1 deletes all subtitles; not together with `AddSubtitles`. */
  ClearSubtitles?: number | undefined;
  /** Knowledge bases to take the media out of. Not in the international API. */
  DeleteKnowledgeBases?: readonly string[] | undefined;
  /**
   * 1 takes the media out of all knowledge bases; not together with `DeleteKnowledgeBases`. Not in the international
   * API.
   */
  ClearKnowledgeBases?: number | undefined;
}

/** A subtitle track to attach. */
export interface MediaSubtitleInput {
  /** At most 64 characters. */
  Name: string;
  /** RFC 5646 tag, e.g. `en`. */
  Language: string;
  /** `vtt`. */
  Format: string;
  /** The file in base64. */
  Content: string;
  /** At most 16 of `A-Za-z0-9_-`, unique for the media. Chosen by the service when missing. */
  Id?: string | undefined;
}

export interface ModifyMediaInfoResponse {
  /** Address of the new cover; meaningful only if `CoverData` was sent. */
  CoverUrl: string;
  AddedSubtitleSet: readonly MediaSubtitleItem[];
}

/**
 * Starts a task that hashes the stored original. In spite of its name this does not read: each call makes a task, whose
 * outcome comes by DescribeTaskDetail or an event.
 */
export interface DescribeFileAttributesRequest extends SubAppScope {
  FileId: string;
  /**
   * De-duplication id, at most 50 characters. A second request with it within three days is refused. Default "", none.
   */
  SessionId?: string | undefined;
  /** Opaque text passed through to the result, at most 1000 characters. */
  SessionContext?: string | undefined;
  /** −10 to 10, larger goes first. Default 0. */
  TasksPriority?: number | undefined;
  /** Reserved by the service. */
  ExtInfo?: string | undefined;
}

export interface DescribeFileAttributesResponse {
  TaskId: string;
}
