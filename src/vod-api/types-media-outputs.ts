/** Files the service derives from a media: transcoded versions, adaptive streams, pictures, subtitles. */

import type { MediaAudioStreamItem, MediaVideoStreamItem } from "./types-media.ts";

/** One transcoded version. */
export interface MediaTranscodeItem {
  Url: string;
  /** Template it was made with; 0 is the original file. */
  Definition: number;
  /** Average of video plus average of audio, bits per second. */
  Bitrate: number;
  /** Largest of all video streams, pixels. */
  Height: number;
  /** Largest of all video streams, pixels. */
  Width: number;
  /** Bytes; for HLS the sum of manifest and segments. */
  Size: number;
  /** Seconds, with fractions. */
  Duration: number;
  /** Hexadecimal MD5. */
  Md5: string;
  Container: string;
  VideoStreamSet: readonly MediaVideoStreamItem[];
  AudioStreamSet: readonly MediaAudioStreamItem[];
  /** `Trace`, `CopyRight` or `None`. */
  DigitalWatermarkType: string;
  /** Text of the copyright watermark, "" without one. */
  CopyRightWatermarkText: string;
  BlindWatermarkDefinition?: number | undefined;
  /** Set when the version was asked to be a media of its own. */
  FileId?: string | undefined;
}

/** One HLS or DASH package with its variants. */
export interface AdaptiveDynamicStreamingInfoItem {
  /** Template it was made with. */
  Definition: number;
  /** `HLS` or `DASH`. */
  Package: string;
  /** E.g. `SimpleAES`; "" without encryption. */
  DrmType: string;
  Url: string;
  /** Bytes, manifest and segments together; 0 for packages made before 2022-01-10. */
  Size: number;
  /** `Trace`, `CopyRight` or `None`. */
  DigitalWatermarkType: string;
  SubStreamSet: readonly MediaSubStreamInfoItem[];
  /** Text of the copyright watermark, "" without one. */
  CopyRightWatermarkText: string;
  BlindWatermarkDefinition?: number | undefined;
  SubtitleSet?: readonly MediaSubtitleItem[] | undefined;
  DefaultSubtitleId?: string | undefined;
  /** Encryption scheme, e.g. `cbcs`. */
  DrmEncryptType?: string | undefined;
}

/** One variant of an adaptive stream. */
export interface MediaSubStreamInfoItem {
  /** `audio`, or `video` (which may carry audio as well). */
  Type: string;
  /** Pixels; for video. */
  Width: number;
  /** Pixels; for video. */
  Height: number;
  /** Bytes; 0 for packages made before 2023-02-09. */
  Size: number;
}

/** One animated image. */
export interface MediaAnimatedGraphicsItem {
  Url: string;
  /** Template it was made with. */
  Definition: number;
  /** E.g. `gif`. */
  Container: string;
  /** Pixels. */
  Height: number;
  /** Pixels. */
  Width: number;
  /** Bits per second. */
  Bitrate: number;
  /** Bytes. */
  Size: number;
  /** Hexadecimal MD5. */
  Md5: string;
  /** Seconds into the video. */
  StartTimeOffset: number;
  /** Seconds into the video. */
  EndTimeOffset: number;
}

/** Pictures taken at regular distances. */
export interface MediaSampleSnapshotItem {
  /** Template they were made with. */
  Definition: number;
  /** `Percent` or `Time`. */
  SampleType: string;
  /** Distance of two pictures: percent of the duration, or seconds. The first is always the first frame. */
  Interval: number;
  ImageUrlSet: readonly string[];
  /** Templates of the watermarks put on the pictures. */
  WaterMarkDefinition: readonly number[];
}

/** Sprite sheets with their index. */
export interface MediaImageSpriteItem {
  /** Template they were made with. */
  Definition: number;
  /** Height of one small picture, pixels. */
  Height: number;
  /** Width of one small picture, pixels. */
  Width: number;
  /** Small pictures on a sheet. */
  TotalCount: number;
  ImageUrlSet: readonly string[];
  /** WebVTT file that maps times to places on the sheets. */
  WebVttUrl: string;
}

/** Pictures taken at given moments. */
export interface MediaSnapshotByTimeOffsetItem {
  /** Template they were made with. */
  Definition: number;
  PicInfoSet: readonly MediaSnapshotByTimePicInfoItem[];
}

export interface MediaSnapshotByTimePicInfoItem {
  /** Milliseconds into the video, unlike the other offsets. */
  TimeOffset: number;
  Url: string;
  /** Templates of the watermarks put on the picture. */
  WaterMarkDefinition: readonly number[];
}

/** A subtitle track attached to a media. */
export interface MediaSubtitleItem {
  Id: string;
  Name: string;
  /** RFC 5646 tag, e.g. `en`. */
  Language: string;
  /** `vtt`. */
  Format: string;
  Url: string;
  /** `UserUploaded` or `AIRecognition`. */
  Source: string;
}
