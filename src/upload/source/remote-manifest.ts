import { SourceError } from "../../errors.ts";

/** Media types that a server may call an HLS playlist or a DASH description. */
const types: Readonly<Record<string, string>> = {
  "application/vnd.apple.mpegurl": "m3u8",
  "application/x-mpegurl": "m3u8",
  "application/mpegurl": "m3u8",
  "audio/mpegurl": "m3u8",
  "audio/x-mpegurl": "m3u8",
  "application/dash+xml": "mpd",
};

/** @param contentType as a server sent it, parameters included */
export function manifestOfType(contentType: string | undefined): string | undefined {
  const type = (contentType ?? "").replace(/;.*$/s, "").trim().toLowerCase();
  return Object.hasOwn(types, type) ? types[type] : undefined;
}

/** @param head the first bytes of a file */
export function manifestOfText(head: Uint8Array): string | undefined {
  const text = textOf(head);
  if (text.startsWith("#EXTM3U")) return "m3u8";
  return /^\s*(?:<\?xml[^>]*>\s*)?<MPD[\s>]/.test(text) ? "mpd" : undefined;
}

function textOf(head: Uint8Array): string {
  return Buffer.from(head.subarray(0, 256))
    .toString("utf8")
    .replace(/^\ufeff/, "");
}

/**
 * Refuses a web page: what stands in the place of a file behind a login, a share link or a hotel's network.
 * @param head the first bytes of an answer; its type is what servers also call files that they do not know
 * @throws SourceError `SOURCE_UNREADABLE`
 */
export function refusePage(label: string, head: Uint8Array): void {
  if (!/^\s*<(?:!doctype\s+html|html|head)[\s>]/i.test(textOf(head))) return;
  throw new SourceError(
    "SOURCE_UNREADABLE",
    `${label} gives a web page (HTML) and no media, such as a login or a share page; give the file's own URL`,
  );
}

export function isManifest(type: string | undefined): boolean {
  return type === "m3u8" || type === "m3u" || type === "mpd";
}

/**
 * Refuses a manifest that is not a local file. What it names lies elsewhere: sent alone it is a media that nothing can
 * play.
 * @param type extension or container; anything else passes
 * @throws SourceError `SOURCE_UNREADABLE`
 */
export function refuseManifest(label: string, type: string | undefined): void {
  if (!isManifest(type)) return;
  const isDash = type === "mpd";
  const kind = isDash ? "a DASH manifest (mpd)" : "an HLS playlist (m3u8)";
  const local = `download it with all its files and upload it from there: vodup upload folder/index.${isDash ? "mpd" : "m3u8"}`;
  // PullUpload's MediaUrl may be HLS, and not DASH.
  const remedy = isDash ? local : `have the service download all of it: vodup pull URL (pullUpload), or ${local}`;
  throw new SourceError(
    "SOURCE_UNREADABLE",
    `${label} is ${kind}: it would be uploaded without the files that it names, and could not be played; ${remedy}`,
  );
}
