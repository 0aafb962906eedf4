import { textOf } from "./validate.ts";
import type { JsonObject } from "../json.ts";
import { VodFailure } from "./envelope.ts";

/* File types of 266/9760, in lower case; callers may write them in any. */

const videoTypes =
  "wmv rm mov mpeg mp4 3gp flv avi rmvb ts asf mpg webm mkv m3u8 mpd wm asx ram mpe vob dat mp4v m4v f4v mxf qt ogg";
const audioTypes = "mp3 m4a flac ogg wav ra aac amr";
const imageTypes = "jpg jpeg png gif bmp tiff ai cdr eps tif heif webp";

const mediaTypes = new Set(`${videoTypes} ${audioTypes} ${imageTypes}`.split(" "));
const coverTypes = new Set(imageTypes.split(" "));
const manifestTypes = new Set(["m3u8", "mpd"]);

export const isMediaType = (type: string): boolean => mediaTypes.has(type.toLowerCase());

/** HLS and DASH: one media of many objects. */
export const isManifestType = (type: string): boolean => manifestTypes.has(type.toLowerCase());

/** wire §4.5. @throws {VodFailure} InvalidParameterValue.MediaType, InvalidParameterValue.CoverType */
export function checkTypes(params: JsonObject): void {
  if (!isMediaType(textOf(params, "MediaType") ?? "")) {
    throw new VodFailure("InvalidParameterValue.MediaType", "invalid media type");
  }
  const coverType = textOf(params, "CoverType");
  if (coverType !== undefined && !coverTypes.has(coverType.toLowerCase())) {
    throw new VodFailure("InvalidParameterValue.CoverType", "invalid cover type");
  }
}
