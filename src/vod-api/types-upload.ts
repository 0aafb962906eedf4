/** Uploading: open a session, commit it, let the service fetch a URL, list the segments of a manifest. */

import type { SubAppScope } from "./types-common.ts";

/** What the stored media will be; shared by ApplyUpload and PullUpload. */
interface NewMediaFields extends SubAppScope {
  /** Display name of the media. */
  MediaName?: string | undefined;
  /** Task flow to start once the media is stored: the name of a template, e.g. the preset `LongVideoPreset`. */
  Procedure?: string | undefined;
  /** When the service deletes the media, ISO 8601; `9999-12-31T23:59:59Z` is never (the default). */
  ExpireTime?: string | undefined;
  /** Where to store, e.g. `ap-singapore`. The region must have been opened for the application. */
  StorageRegion?: string | undefined;
  /** Category of the media. Default 0, "Other". */
  ClassId?: number | undefined;
  /** Opaque text that comes back in the upload-finished event, at most 250 characters. */
  SourceContext?: string | undefined;
  /** Opaque text that comes back in the task-flow event, at most 1000 characters; of use with `Procedure` only. */
  SessionContext?: string | undefined;
  /** Reserved by the service. */
  ExtInfo?: string | undefined;
  /** Object path of the media, starting with `/`; only sub-applications in "FileID + Path" mode accept one. */
  MediaStoragePath?: string | undefined;
}

/** Opens an upload session. No media exists before CommitUpload. */
export interface ApplyUploadRequest extends NewMediaFields {
  /** File extension without the dot, e.g. `mp4`. */
  MediaType: string;
  /** Extension of the cover image, e.g. `jpg`. Without it no path for a cover is handed out. */
  CoverType?: string | undefined;
}

/**
 * ApplyUpload for a session that exists already, to get a fresh certificate. The extra field is in no published model
 * of API 3.0: it is known from the browser SDK's older API and from one public program, so treat an answer with another
 * bucket, region or path as a new session.
 */
export interface ApplyUploadRefreshRequest extends ApplyUploadRequest {
  /** Session key of the earlier ApplyUpload. */
  VodSessionKey: string;
}

/** Where and with which credentials to store the files. Holds secrets: never log it whole. */
export interface ApplyUploadResponse {
  /** COS bucket, application id included, e.g. `b-1250000000`. */
  StorageBucket: string;
  /** COS region of the bucket; to be used verbatim, odd spellings such as `ap-guangzhou-2` included. */
  StorageRegion: string;
  /** Names the session in CommitUpload; some 200 characters of base64, `/` and `+` included. */
  VodSessionKey: string;
  /** Object key for the media, with a leading `/`. */
  MediaStoragePath: string;
  /** Object key for the cover, with a leading `/`; null when no `CoverType` was asked for. */
  CoverStoragePath?: string | null | undefined;
  TempCertificate: TempCertificate;
}

/** Short-lived credentials for the objects of one upload session. */
export interface TempCertificate {
  SecretId: string;
  SecretKey: string;
  /** Goes into the `x-cos-security-token` header. */
  Token: string;
  /** Moment of expiry, seconds since the epoch. */
  ExpiredTime: number;
}

/** Turns the uploaded objects of a session into a media. */
export interface CommitUploadRequest extends SubAppScope {
  VodSessionKey: string;
}

export interface CommitUploadResponse {
  /** Id of the new media, a decimal number in text form. */
  FileId: string;
  /** Address the media is served from. Older documentation allows null. */
  MediaUrl?: string | null | undefined;
  /** Address of the cover; null or missing without one. */
  CoverUrl?: string | null | undefined;
}

/** Lets the service download the media from a URL by itself. */
export interface PullUploadRequest extends NewMediaFields {
  /** Public address of the media. HLS works, DASH does not. */
  MediaUrl: string;
  /** File extension without the dot; taken from `MediaUrl` when missing or empty. */
  MediaType?: string | undefined;
  /** Public address of a cover image: gif, jpeg/jpg or png. */
  CoverUrl?: string | undefined;
  /** −10 to 10, larger goes first. Default 0. */
  TasksPriority?: number | undefined;
  /**
   * De-duplication id, at most 50 characters. A second request with it within three days is refused. Default "", none.
   */
  SessionId?: string | undefined;
}

export interface PullUploadResponse {
  /** Task to ask DescribeTaskDetail about. */
  TaskId: string;
}

/** Lists the files an HLS or DASH manifest refers to. */
export interface ParseStreamingManifestRequest {
  /** Text of the manifest. */
  MediaManifestContent: string;
  /** Default `m3u8`. Closed: the service knows these two. */
  ManifestType?: "m3u8" | "mpd" | undefined;
}

export interface ParseStreamingManifestResponse {
  /**
   * References as they stand in the manifest: relative, in its directory or below. Nested manifests are listed, not
   * opened.
   */
  MediaSegmentSet: readonly string[];
}
