import type { UploadOptions } from "./options.ts";
import type { ApplyFields } from "./session/apply.ts";
import { invalidArgument } from "../errors.ts";
import { parseSubAppId } from "../vod-api/client.ts";
import { baseName, extensionOf, isMediaExtension, isPictureExtension } from "./source/media-type.ts";
import { expireText } from "./options.ts";

/**
 * ApplyUpload's fields (vod 266/34120) from the options and the file names (wire §4.1).
 * @throws TypeError `ERR_INVALID_ARG_VALUE` when neither tells the media's or the cover's type
 */
export function applyFields(
  options: UploadOptions,
  mediaFile: string | undefined,
  cover: { readonly fileName?: string | undefined } | undefined,
  now: number,
): ApplyFields {
  const fields: Record<string, string | number | bigint | undefined> = {
    MediaType: options.mediaType ?? mediaTypeOf(mediaFile),
    SubAppId: parseSubAppId("subAppId", options.subAppId),
    MediaName: options.mediaName ?? baseName(mediaFile),
    CoverType: cover === undefined ? undefined : (options.coverType ?? coverTypeOf(cover.fileName)),
    Procedure: options.procedure,
    ExpireTime: expireText(options.expireTime, now),
    StorageRegion: options.storageRegion,
    ClassId: options.classId,
    SourceContext: options.sourceContext,
    SessionContext: options.sessionContext,
    ExtInfo: options.extInfo,
    MediaStoragePath: options.mediaStoragePath,
  };
  if (cover === undefined && options.coverType !== undefined) {
    throw invalidArgument("coverType", "is given without a cover; give the cover too");
  }
  return Object.fromEntries(
    Object.entries(fields).filter((entry): entry is [string, string | number | bigint] => entry[1] !== undefined),
  );
}

function mediaTypeOf(fileName: string | undefined): string {
  const extension = extensionOf(fileName);
  if (extension !== undefined && (isMediaExtension(extension) || isPictureExtension(extension))) return extension;
  const why =
    fileName === undefined
      ? "must be given: bytes and streams have no file name to take it from"
      : `must be given: the name ${JSON.stringify(fileName)} does not end in a known media type`;
  throw invalidArgument("mediaType", `${why}, such as mp4`);
}

function coverTypeOf(fileName: string | undefined): string {
  const extension = extensionOf(fileName);
  if (extension !== undefined && isPictureExtension(extension)) return extension;
  throw invalidArgument(
    "coverType",
    "must be given: the cover's name does not end in a known picture type, such as jpg",
  );
}
