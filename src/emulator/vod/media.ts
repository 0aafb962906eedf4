import type { JsonObject } from "../json.ts";
import { folderOf } from "../sessions.ts";
import type { VodAction, VodCall } from "./context.ts";
import { VodFailure } from "./envelope.ts";
import { fileDeleted } from "./event-bodies.ts";
import { basicInfo, metaData } from "./media-info.ts";
import type { Media } from "./media-library.ts";
import { isManifestType } from "./media-types.ts";
import { mediaUrl } from "./placement.ts";
import { storeBytes } from "../cos/receive.ts";
import { characters, checkExpireTime, checkLength, numberOf, objectsOf, textOf, textsOf } from "./validate.ts";

/** Member of MediaInfo → the filter that asks for it; only the first two have content here. */
const mediaParts: Readonly<Record<string, string>> = {
  BasicInfo: "basicInfo",
  MetaData: "metaData",
  TranscodeInfo: "transcodeInfo",
  AnimatedGraphicsInfo: "animatedGraphicsInfo",
  SampleSnapshotInfo: "sampleSnapshotInfo",
  ImageSpriteInfo: "imageSpriteInfo",
  SnapshotByTimeOffsetInfo: "snapshotByTimeOffsetInfo",
  KeyFrameDescInfo: "keyFrameDescInfo",
  AdaptiveDynamicStreamingInfo: "adaptiveDynamicStreamingInfo",
  MiniProgramReviewInfo: "miniProgramReviewInfo",
  SubtitleInfo: "subtitleInfo",
  ReviewInfo: "reviewInfo",
};

const maxFileIds = 20;

/** DescribeMediaInfos. */
export const describeMediaInfos: VodAction = ({ context, params, subAppId }) => {
  const fileIds = textsOf(params, "FileIds") ?? [];
  if (fileIds.length === 0) throw new VodFailure("InvalidParameterValue.FileIdsEmpty", "FileIds is empty.");
  if (fileIds.length > maxFileIds) {
    throw new VodFailure("InvalidParameterValue.FileIdsOverLimit", `FileIds has more than ${maxFileIds} members.`);
  }
  const filters = textsOf(params, "Filters");
  const found = fileIds.map((fileId) => context.media.find(fileId, subAppId));
  return {
    MediaInfoSet: found.filter((media) => media !== undefined).map((media) => mediaInfo(media, filters)),
    NotExistFileIdSet: fileIds.filter((_fileId, index) => found[index] === undefined),
  };
};

function mediaInfo(media: Media, filters: readonly string[] | undefined): JsonObject {
  const wanted = (filter: string): boolean => filters === undefined || filters.length === 0 || filters.includes(filter);
  const members = Object.entries(mediaParts).map(([member, filter]) => {
    if (!wanted(filter)) return [member, null] as const;
    if (member === "BasicInfo") return [member, basicInfo(media)] as const;
    return [member, member === "MetaData" ? metaData(media) : null] as const;
  });
  return { FileId: media.fileId, ...Object.fromEntries(members) };
}

/** The media a FileId names. @throws {VodFailure} */
export function mediaOf({ context, params, subAppId }: VodCall): Media {
  const fileId = textOf(params, "FileId") ?? "";
  const media = context.media.find(fileId, subAppId);
  if (media === undefined) throw new VodFailure("ResourceNotFound", `There is no media ${fileId}.`);
  return media;
}

/** DeleteMedia: the whole media, or with DeleteParts only what the emulator never made. */
export const deleteMedia: VodAction = async (call) => {
  const { context, params, subAppId } = call;
  const media = mediaOf(call);
  const parts = objectsOf(params, "DeleteParts");
  const original = parts.length === 0 || parts.some((part) => part["Type"] === "OriginalFiles");
  if (original) await removeObjects(call, media);
  if (parts.length === 0) context.media.remove(media);
  context.events.emit(subAppId, fileDeleted(media.fileId, parts), "delete");
  return {};
};

async function removeObjects({ context }: VodCall, media: Media): Promise<void> {
  const folder = folderOf(media.key);
  for (const { key } of context.bucket.objects()) {
    const own = key === media.key || key === media.coverKey;
    if (own || (isManifestType(media.type) && key.startsWith(folder))) await context.bucket.remove(key);
  }
}

/** ModifyMediaInfo: name, description, class, expiry, tags and cover. */
export const modifyMediaInfo: VodAction = async (call) => {
  const { params, now } = call;
  const media = mediaOf(call);
  checkLength(params, "Name", 64);
  checkLength(params, "Description", 128);
  checkExpireTime(params, now);
  media.name = textOf(params, "Name") ?? media.name;
  media.description = textOf(params, "Description") ?? media.description;
  media.classId = numberOf(params, "ClassId") ?? media.classId;
  media.expireTime = textOf(params, "ExpireTime") ?? media.expireTime;
  media.tags = newTags(params, media.tags);
  media.updateTime = now;
  const coverData = textOf(params, "CoverData");
  if (coverData !== undefined) await replaceCover(call, media, coverData);
  return { CoverUrl: media.coverUrl, AddedSubtitleSet: [] };
};

function newTags(params: JsonObject, tags: readonly string[]): readonly string[] {
  const removed = new Set(textsOf(params, "DeleteTags"));
  const kept = numberOf(params, "ClearTags") === 1 ? [] : tags.filter((tag) => !removed.has(tag));
  const all = [...new Set([...kept, ...(textsOf(params, "AddTags") ?? [])])];
  if (all.length > 16 || all.some((tag) => characters(tag) > 32)) {
    throw new VodFailure("InvalidParameterValue", "A media has at most 16 tags of at most 32 characters.");
  }
  return all;
}

async function replaceCover({ context, now }: VodCall, media: Media, base64: string): Promise<void> {
  if (base64 === "" || !/^[0-9A-Za-z+/\r\n]+={0,2}$/.test(base64)) {
    throw new VodFailure("InvalidParameterValue", "CoverData is not base64.");
  }
  const body = await storeBytes(context.bucket.store, Buffer.from(base64, "base64"));
  const key = media.coverKey ?? `${folderOf(media.key)}${context.ids.digits(17)}.jpg`;
  await context.bucket.put({ key, lastModified: now, headers: {}, etag: body.etag }, [body]);
  media.coverKey = key;
  media.coverUrl = mediaUrl(key, context.settings);
}
