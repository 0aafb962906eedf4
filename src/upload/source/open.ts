import type { OpenedSource, UploadSource } from "./source.ts";
import { constants } from "node:fs";
import { open, opendir, stat } from "node:fs/promises";
import { basename } from "node:path";
import { isErrored, isReadable, type Readable } from "node:stream";
import type { LanePool } from "../buffers/lane-pool.ts";
import type { SourceAccess } from "./access.ts";
import { SourceError, invalidArgument } from "../../errors.ts";
import { withoutUser } from "../../http/endpoint.ts";
import { mayPass, readingFailed } from "./may-pass.ts";
import { reasonOf } from "../../reason-of.ts";
import { streamSource } from "./source.ts";
import { pathOfFileUrl } from "./media-type.ts";
import { BlobSource, BytesSource } from "./bytes.ts";
import { FileSource } from "./file.ts";

/**
 * Opens a source: nothing is read yet, but what cannot be read is refused.
 * @param field the option's name, for messages
 * @param size bytes of a stream, if known
 * @throws SourceError `SOURCE_NOT_FOUND`, `SOURCE_UNREADABLE`
 * @throws TypeError `ERR_INVALID_ARG_VALUE` for anything that is no source
 */
export async function openSource(
  field: string,
  input: UploadSource,
  size: number | undefined,
  access: SourceAccess,
): Promise<OpenedSource> {
  const { lanes } = access;
  if (typeof input === "string") return openPath(field, input, size, lanes);
  if (input instanceof URL) {
    if (input.protocol === "file:") return openPath(field, pathOfFileUrl(field, input), size, lanes);
    const { openUrl } = await import("./url.ts");
    return openUrl(field, input, access);
  }
  // A Proxy of bytes is an instance, and has none.
  if (input instanceof Uint8Array && ArrayBuffer.isView(input)) return new BytesSource(input);
  if (input instanceof Blob) return new BlobSource(input);
  if (typeof input === "object" && input !== null && Symbol.asyncIterator in input) {
    refuseSpent(input);
    return streamSource(input as AsyncIterable<unknown>, "the stream given", undefined, size);
  }
  throw invalidArgument(
    field,
    "must be a path, a URL, a Uint8Array, a Blob, a Readable, a ReadableStream or an async iterable of bytes",
    input,
  );
}

/** A stream that somebody else has read gives nothing, or the rest: that would be taken for a whole, short video. */
function refuseSpent(stream: object): void {
  const source = stream as Readable & { readonly locked?: boolean };
  const why = source.errored ?? undefined;
  if (why !== undefined) throw readingFailed("the stream given", why);
  // A failed web stream says why when it is read.
  const failed = isErrored(source);
  const spent = isReadable(source) === false && !failed;
  if (!spent && source.locked !== true) return;
  throw new SourceError(
    "SOURCE_UNREADABLE",
    "the stream given was read, closed or locked by somebody else; give one that nobody reads",
  );
}

async function openPath(field: string, path: string, size: number | undefined, lanes: LanePool): Promise<OpenedSource> {
  if (path === "") throw invalidArgument(field, "must not be an empty path");
  if (/^https?:\/\//i.test(path)) {
    throw invalidArgument(
      field,
      "is a string, so a path; pass new URL(...) to upload what a URL gives",
      withoutUser(path.replace(/[?#].*$/s, "…")),
    );
  }
  try {
    const kind = await stat(path);
    if (kind.isDirectory()) {
      // One that a batch has met and could not list is here to say why.
      await (await opendir(path)).close();
      const remedy = `give a file, or upload what is in it with: vodup batch ${path}`;
      throw new SourceError("SOURCE_UNREADABLE", `${path} is a directory; ${remedy}`);
    }
    if (kind.isSocket()) throw new SourceError("SOURCE_UNREADABLE", `${path} is a socket; give a file`);
    // Pipes and devices have no size and no ranges: `vodup upload <(ffmpeg …)` is read as the stream that it is.
    if (kind.isFIFO() && process.platform === "linux") {
      const { openPipe } = await import("./pipe.ts");
      return openPipe(path, size);
    }
    const isSized = kind.isFile() && kind.size > 0;
    // Never on a file with bytes: where another process holds a lease on it, opening is to wait for that.
    const handle = await open(path, isSized ? constants.O_RDONLY : constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      // Again: who held the lease may have written, and a network drive knows now how large the file is.
      const stats = await handle.stat({ bigint: true });
      const names = { path, fileName: stats.isFile() ? basename(path) : undefined };
      const asFile = (): FileSource => new FileSource({ handle, stats, label: path, fileName: basename(path) }, lanes);
      if (stats.isFile() && stats.size > 0n) return asFile();
      const { firstBytes, unsizedSource } = await import("./unsized.ts");
      if (!stats.isFile()) return unsizedSource(handle, names, size);
      const first = await firstBytes(handle, path);
      return first?.byteLength === 0 ? asFile() : unsizedSource(handle, names, size, first);
    } catch (error) {
      await handle.close().catch(() => undefined);
      throw error;
    }
  } catch (cause) {
    if (cause instanceof SourceError) throw cause;
    throw openError(path, cause as NodeJS.ErrnoException);
  }
}

/** What opening a path failed with, in our words. */
export function openError(path: string, cause: NodeJS.ErrnoException): SourceError {
  if (cause.code === "ENOENT" || cause.code === "ENOTDIR") {
    // Node reads other bytes of a name as this character, and so looks for another file.
    const remedy = path.includes("\ufffd") ? "its name is not UTF-8: rename it" : "check the path";
    return new SourceError("SOURCE_NOT_FOUND", `${path} does not exist; ${remedy}`, { cause });
  }
  const why = cause.code === "EACCES" || cause.code === "EPERM" ? "permission denied" : reasonOf(cause);
  return new SourceError("SOURCE_UNREADABLE", `${path} cannot be read: ${why}`, { cause, retryable: mayPass(cause) });
}
