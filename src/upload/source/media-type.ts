import { fileURLToPath } from "node:url";
import { invalidArgument } from "../../errors.ts";
import { extname } from "node:path";

/**
 * File types that VOD takes, with the Content-Type that their objects get.
 * @see vod 266/9760 (formats); the list grows, so an explicit `mediaType` is never checked against it
 */
const videoTypes: Readonly<Record<string, string>> = {
  "3gp": "video/3gpp",
  asf: "video/x-ms-asf",
  asx: "video/x-ms-asf",
  avi: "video/x-msvideo",
  dat: "video/mpeg",
  f4v: "video/x-f4v",
  flv: "video/x-flv",
  m3u8: "application/vnd.apple.mpegurl",
  m4v: "video/x-m4v",
  mkv: "video/x-matroska",
  mov: "video/quicktime",
  mp4: "video/mp4",
  mp4v: "video/mp4",
  mpd: "application/dash+xml",
  mpe: "video/mpeg",
  mpeg: "video/mpeg",
  mpg: "video/mpeg",
  mxf: "application/mxf",
  ogg: "video/ogg",
  qt: "video/quicktime",
  ram: "audio/x-pn-realaudio",
  rm: "application/vnd.rn-realmedia",
  rmvb: "application/vnd.rn-realmedia-vbr",
  ts: "video/mp2t",
  vob: "video/mpeg",
  webm: "video/webm",
  wm: "video/x-ms-wm",
  wmv: "video/x-ms-wmv",
};

const audioTypes: Readonly<Record<string, string>> = {
  aac: "audio/aac",
  amr: "audio/amr",
  flac: "audio/flac",
  m4a: "audio/mp4",
  mp3: "audio/mpeg",
  ra: "audio/x-pn-realaudio",
  wav: "audio/wav",
};

/** What covers may be. Programs were seen to upload pictures as media of their own too. */
const pictureTypes: Readonly<Record<string, string>> = {
  ai: "application/postscript",
  bmp: "image/bmp",
  cdr: "application/vnd.corel-draw",
  eps: "application/postscript",
  gif: "image/gif",
  heif: "image/heif",
  jpeg: "image/jpeg",
  jpg: "image/jpeg",
  png: "image/png",
  tif: "image/tiff",
  tiff: "image/tiff",
};

/** Segments of a HLS or DASH tree, which are no media of their own. */
const segmentTypes: Readonly<Record<string, string>> = {
  cmfa: "audio/mp4",
  cmft: "application/mp4",
  cmfv: "video/mp4",
  key: "application/octet-stream",
  m3u: "application/vnd.apple.mpegurl",
  m4s: "video/iso.segment",
  vtt: "text/vtt",
};

/** `lesson.PART1.MP4` → `mp4`; undefined without an extension, and for dotfiles. */
export function extensionOf(name: string | undefined): string | undefined {
  const extension = name === undefined ? "" : extname(name).slice(1).toLowerCase();
  return extension === "" ? undefined : extension;
}

/** Video and audio: what an upload of a folder takes. */
export function isMediaExtension(extension: string): boolean {
  return Object.hasOwn(videoTypes, extension) || Object.hasOwn(audioTypes, extension);
}

export function isPictureExtension(extension: string): boolean {
  return Object.hasOwn(pictureTypes, extension);
}

/** The Content-Type of an object by its extension; undefined (then COS chooses) for an unknown one. */
export function contentTypeOf(extension: string | undefined): string | undefined {
  const lower = extension?.toLowerCase() ?? "";
  for (const types of [videoTypes, audioTypes, pictureTypes, segmentTypes]) {
    if (Object.hasOwn(types, lower)) return types[lower];
  }
  return undefined;
}

/** A media's default name: its file's, up to the last dot; undefined when there is no file (wire §4.6). */
export function baseName(name: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  const base = name.slice(0, name.length - extname(name).length);
  return base === "" ? undefined : base;
}

/**
 * The path of a file: URL.
 * @param field the option's name, for messages
 * @throws TypeError `ERR_INVALID_ARG_VALUE` for one of another machine, or with an encoded slash
 */
export function pathOfFileUrl(field: string, url: URL): string {
  try {
    return fileURLToPath(url);
  } catch {
    throw invalidArgument(field, "is a file: URL that names no file on this machine", url.href);
  }
}
