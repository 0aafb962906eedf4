import { objectHeaders, parseRange } from "./cos/objects.ts";
import type { CosContext } from "./cos/context.ts";
import type { Bucket, StoredObject } from "./cos/bucket.ts";
import { CosFailure } from "./cos/respond.ts";
import { inert } from "./door.ts";
import type { Answer, Exchange } from "./exchange.ts";
import { folderOf } from "./sessions.ts";
import { isManifestType } from "./vod/media-types.ts";
import type { Media, MediaLibrary } from "./vod/media-library.ts";

/** What a browser may take a stored object for. Anything else, HTML and SVG too, is bytes to be saved. */
const shownTypes =
  /^((video|audio)\/[\w.+-]+|image\/(jpeg|png|gif|webp|avif|bmp)|application\/(vnd\.apple\.mpegurl|x-mpegurl|dash\+xml))$/i;

const mediaTypes: Readonly<Record<string, string>> = {
  mp4: "video/mp4",
  m4v: "video/mp4",
  m4s: "video/iso.segment",
  mov: "video/quicktime",
  webm: "video/webm",
  mkv: "video/x-matroska",
  ts: "video/mp2t",
  m3u8: "application/vnd.apple.mpegurl",
  mpd: "application/dash+xml",
  mp3: "audio/mpeg",
  m4a: "audio/mp4",
  aac: "audio/aac",
  flac: "audio/flac",
  wav: "audio/wav",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  png: "image/png",
  gif: "image/gif",
  webp: "image/webp",
};

/** The object a player asks for by the path of a MediaUrl: a media, its cover, or a segment of its folder. */
export function playedObject(
  path: string | undefined,
  bucket: Bucket,
  library: MediaLibrary,
): StoredObject | undefined {
  const key = path?.slice(1) ?? "";
  const object = bucket.object(key);
  if (object === undefined) return undefined;
  const belongs = ({ key: own, coverKey, type }: Media): boolean =>
    own === key || coverKey === key || (isManifestType(type) && key.startsWith(folderOf(own)));
  return library.list().some(belongs) ? object : undefined;
}

/** Answers a GET or HEAD without a signature, as the CDN before VOD's buckets does. */
export function answerPlay(exchange: Exchange, context: CosContext, object: StoredObject): Answer {
  if (!context.bucket.store.readable) return failed(501, "the emulator keeps no bytes of objects (discard)");
  const range = exchange.headers.get("range");
  const { "content-disposition": _stored, ...kept }: Record<string, string> = objectHeaders(context, object);
  const headers = { ...kept, ...inert, "content-type": typeOf(object) };
  try {
    const [start, end] = range === undefined ? [0, object.size] : parseRange(range, object.size);
    const partial = range === undefined ? {} : { "Content-Range": `bytes ${start}-${end - 1}/${object.size}` };
    return {
      status: range === undefined ? 200 : 206,
      headers: { ...headers, ...partial, "Content-Disposition": "attachment", "Content-Length": String(end - start) },
      body: exchange.method === "HEAD" ? Buffer.alloc(0) : object.blob.read(start, end),
    };
  } catch (error) {
    if (error instanceof CosFailure) return failed(416, error.message);
    throw error;
  }
}

function typeOf({ key, headers }: StoredObject): string {
  const stored = (headers["content-type"] ?? "").split(";")[0]?.trim() ?? "";
  const known = mediaTypes[/\.([^./]+)$/.exec(key)?.[1]?.toLowerCase() ?? ""];
  return shownTypes.test(stored) ? stored : (known ?? "application/octet-stream");
}

function failed(status: number, message: string): Answer {
  return {
    status,
    headers: { ...inert, "Content-Type": "text/plain; charset=utf-8" },
    body: Buffer.from(`${message}\n`),
  };
}
