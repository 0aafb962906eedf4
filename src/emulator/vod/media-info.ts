import type { JsonObject } from "../json.ts";
import type { Media } from "./media-library.ts";
import { isoTime } from "./time.ts";

const audioTypes = new Set(["mp3", "m4a", "flac", "wav", "ra", "aac", "amr"]);
const imageTypes = new Set(["jpg", "jpeg", "png", "gif", "bmp", "tiff", "ai", "cdr", "eps", "tif", "heif"]);

function category(type: string): string {
  if (audioTypes.has(type.toLowerCase())) return "Audio";
  return imageTypes.has(type.toLowerCase()) ? "Image" : "Video";
}

function sourceInfo(media: Media): JsonObject {
  return {
    SourceType: "Upload",
    SourceContext: media.sourceContext,
    LiveRecordInfo: null,
    TrtcRecordInfo: null,
    WebPageRecordInfo: null,
  };
}

/** MediaBasicInfo as queries answer it. */
export function basicInfo(media: Media): JsonObject {
  return {
    Name: media.name,
    Description: media.description,
    CreateTime: isoTime(media.createTime),
    UpdateTime: isoTime(media.updateTime),
    ExpireTime: media.expireTime,
    ClassId: media.classId,
    ClassName: media.classId === 0 ? "Other" : `Class ${media.classId}`,
    ClassPath: media.classId === 0 ? "Other" : `Class ${media.classId}`,
    CoverUrl: media.coverUrl,
    Type: media.type,
    MediaUrl: media.url,
    SourceInfo: sourceInfo(media),
    StorageRegion: media.storageRegion,
    StoragePath: `/${media.key}`,
    TagSet: media.tags,
    Vid: media.fileId,
    Category: category(media.type),
    Status: "Normal",
    StorageClass: "STANDARD",
  };
}

/** MediaMetaData: the size is true; nothing here looks into the file, so streams and times are empty. */
export function metaData(media: Media | undefined): JsonObject {
  return {
    Size: media?.size ?? 0,
    Container: media?.type ?? "",
    Bitrate: 0,
    Height: 0,
    Width: 0,
    Duration: 0,
    Rotate: 0,
    VideoStreamSet: [],
    AudioStreamSet: [],
    VideoDuration: 0,
    AudioDuration: 0,
    Md5: "",
  };
}
