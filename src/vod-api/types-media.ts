/** What the service tells about a stored file: its entry in the library, where it came from, its streams. */

/** Library entry of a media. */
export interface MediaBasicInfo {
  Name: string;
  Description: string;
  /** ISO 8601. */
  CreateTime: string;
  /** ISO 8601; editing the entry and processing the media both move it. */
  UpdateTime: string;
  /** ISO 8601; at that moment the media and all that was derived from it are deleted. `9999-12-31T23:59:59Z`: never. */
  ExpireTime: string;
  /** 0 is "Other". */
  ClassId: number;
  ClassName: string;
  /** Names of the category and its parents, joined by `-`. */
  ClassPath: string;
  /** "" without a cover. */
  CoverUrl: string;
  /** Container of the original file, e.g. `mp4`. */
  Type: string;
  /** Address of the original file. */
  MediaUrl: string;
  /** Null or missing when unknown. */
  SourceInfo?: MediaSourceData | null | undefined;
  StorageRegion: string;
  /** Path of the object; missing from older answers. */
  StoragePath?: string | undefined;
  TagSet: readonly string[];
  /** Id of the live recording the media came from, else "". */
  Vid: string;
  /** `Video`, `Audio` or `Image`; missing from older answers. */
  Category?: string | undefined;
  /** `Normal` or `Forbidden`; missing from older answers. */
  Status?: string | undefined;
  /** `STANDARD`, `STANDARD_IA`, `ARCHIVE` or `DEEP_ARCHIVE`; missing from older answers. */
  StorageClass?: string | undefined;
}

/** How a media came into the library. */
export interface MediaSourceData {
  /**
   * `Upload` (server, client and URL pull alike), `Record`, `VideoProcessing`, `TrtcRecord`, `WebPageRecord` or
   * `Unknown`. The service may add to these.
   */
  SourceType: string;
  /** What the uploader passed as SourceContext. */
  SourceContext: string;
  /** With `Record` only. */
  LiveRecordInfo?: LiveRecordInfo | null | undefined;
  /** With `TrtcRecord` only. */
  TrtcRecordInfo?: TrtcRecordInfo | null | undefined;
  /** With `WebPageRecord` only. */
  WebPageRecordInfo?: WebPageRecordInfo | null | undefined;
}

/** The live stream a recording was made of. */
export interface LiveRecordInfo {
  Domain?: string | undefined;
  Path?: string | undefined;
  StreamId: string;
  /** ISO 8601. */
  RecordStartTime: string;
  /** ISO 8601. */
  RecordEndTime: string;
}

/** The TRTC room a recording was made of. */
export interface TrtcRecordInfo {
  SdkAppId: number;
  RoomId: string;
  TaskId: string;
  UserIds: readonly string[];
}

/** The page a web-page recording was made of. */
export interface WebPageRecordInfo {
  RecordUrl: string;
  RecordTaskId: string;
}

/** Technical data of a file, as the service measured them. */
export interface MediaMetaData {
  /** Bytes; for HLS the sum of manifest and segments. */
  Size: number;
  /** E.g. `mp4`, or a demuxer's list such as `mov,mp4,m4a,3gp,3g2,mj2`. */
  Container: string;
  /** Average of video plus average of audio, bits per second. */
  Bitrate: number;
  /** Largest of all video streams, pixels. */
  Height: number;
  /** Largest of all video streams, pixels. */
  Width: number;
  /** Seconds, with fractions. */
  Duration: number;
  /** Rotation of the picture when it was taken, degrees. */
  Rotate: number;
  VideoStreamSet: readonly MediaVideoStreamItem[];
  AudioStreamSet: readonly MediaAudioStreamItem[];
  /** Seconds, with fractions. */
  VideoDuration: number;
  /** Seconds, with fractions. */
  AudioDuration: number;
  /** Hexadecimal MD5 of the file; "" until DescribeFileAttributes was run for it. */
  Md5: string;
}

export interface MediaVideoStreamItem {
  /** Bits per second. */
  Bitrate: number;
  /** Pixels. */
  Height: number;
  /** Pixels. */
  Width: number;
  /** E.g. `h264`. */
  Codec: string;
  /** Frames per second. */
  Fps: number;
  /** Sample entry such as `hev1`; meaningful for `hevc` only. */
  CodecTag: string;
  DynamicRangeInfo: DynamicRangeInfo;
}

/** Dynamic range of the picture; filled for files processed since 2023-01-10. */
export interface DynamicRangeInfo {
  /** `SDR` or `HDR`. */
  Type: string;
  /** With `HDR`: `hdr10` or `hlg`. */
  HDRType: string;
}

export interface MediaAudioStreamItem {
  /** Bits per second. */
  Bitrate: number;
  /** Hertz. */
  SamplingRate: number;
  /** E.g. `aac`. */
  Codec: string;
}
