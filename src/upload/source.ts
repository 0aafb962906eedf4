import { open, stat } from "node:fs/promises";
import { createReadStream } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import type { LanePool } from "./lane-pool.ts";
import type { PartBody } from "./part-body.ts";
import type { OpenDownload } from "./source-url.ts";
import { SourceError, invalidArgument } from "../errors.ts";
import { BlobSource, BytesSource } from "./source-bytes.ts";
import { FileSource } from "./source-file.ts";

/**
 * What can be uploaded. A string is a path, never a URL; an `http:` or `https:` URL object is read through this host.
 * Bytes and Blobs must not change before the upload is over.
 */
export type UploadSource =
  string | URL | Uint8Array | Blob | NodeJS.ReadableStream | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>;

/** What identifies a source's content between two runs. */
export interface Fingerprint {
  readonly kind: "file" | "url";
  /** Bytes. */
  readonly size: number;
  /** Modification time in nanoseconds, or the ETag or date of a URL. */
  readonly modified: string;
}

interface SourceBase {
  /** How messages call it. */
  readonly label: string;
  /** The name that the media's name and type are derived from; undefined for bytes and streams. */
  readonly fileName?: string | undefined;
  close(): Promise<void>;
}

/** A source whose ranges can be read in any order and again: parts are sent in parallel without being kept. */
export interface RangedSource extends SourceBase {
  readonly kind: "ranged";
  readonly size: number;
  readonly fingerprint?: Fingerprint | undefined;
  body(offset: number, size: number): PartBody;
  /** @throws SourceError `SOURCE_CHANGED` when it is not what it was when it was opened */
  verify(): Promise<void>;
}

/** A source that can be read once, from its beginning. */
export interface StreamSource extends SourceBase {
  readonly kind: "stream";
  /** Bytes, where the caller said so: then it is checked. */
  readonly size?: number | undefined;
  chunks(): AsyncIterator<unknown>;
}

export type OpenedSource = RangedSource | StreamSource;

/** What sources are read with. */
export interface SourceAccess {
  readonly lanes: LanePool;
  readonly download: OpenDownload;
  readonly signal: AbortSignal;
}

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
  { lanes, download, signal }: SourceAccess,
): Promise<OpenedSource> {
  if (typeof input === "string") return openPath(field, input, size, lanes);
  if (input instanceof URL) {
    if (input.protocol === "file:") return openPath(field, fileURLToPath(input), size, lanes);
    const { openUrl } = await import("./source-url.ts");
    return openUrl(field, input, download, signal);
  }
  if (input instanceof Uint8Array) return new BytesSource(input);
  if (input instanceof Blob) return new BlobSource(input);
  if (typeof input === "object" && input !== null && Symbol.asyncIterator in input) {
    return streamSource(input as AsyncIterable<unknown>, "the stream given", undefined, size);
  }
  throw invalidArgument(
    field,
    "must be a path, a URL, a Uint8Array, a Blob, a Readable, a ReadableStream or an async iterable of bytes",
    input,
  );
}

async function openPath(field: string, path: string, size: number | undefined, lanes: LanePool): Promise<OpenedSource> {
  if (path === "") throw invalidArgument(field, "must not be an empty path");
  if (/^https?:\/\//i.test(path)) {
    throw invalidArgument(
      field,
      "is a string, so a path; pass new URL(...) to upload what a URL gives",
      path.replace(/[?#@].*$/s, "…"),
    );
  }
  try {
    const kind = await stat(path);
    if (kind.isDirectory()) throw new SourceError("SOURCE_UNREADABLE", `${path} is a directory; give a file`);
    // Pipes and devices have no size and no ranges: `vodup upload <(ffmpeg …)` is read as the stream that it is.
    if (!kind.isFile()) return streamSource(createReadStream(path), path, undefined, size);
    const handle = await open(path, "r");
    return new FileSource(handle, await handle.stat({ bigint: true }), path, basename(path), lanes);
  } catch (cause) {
    if (cause instanceof SourceError) throw cause;
    throw openError(path, cause as NodeJS.ErrnoException);
  }
}

/** What opening a path failed with, in our words. */
export function openError(path: string, cause: NodeJS.ErrnoException): SourceError {
  if (cause.code === "ENOENT" || cause.code === "ENOTDIR") {
    return new SourceError("SOURCE_NOT_FOUND", `${path} does not exist; check the path`, { cause });
  }
  const why = cause.code === "EACCES" || cause.code === "EPERM" ? "permission denied" : cause.message;
  return new SourceError("SOURCE_UNREADABLE", `${path} cannot be read: ${why}`, { cause });
}

/**
 * @param size bytes, if known
 * @param abandon ends what the stream hangs on, where the stream itself cannot
 */
export function streamSource(
  stream: AsyncIterable<unknown>,
  label: string,
  fileName: string | undefined,
  size: number | undefined,
  abandon?: () => void,
): StreamSource {
  let iterator: AsyncIterator<unknown> | undefined;
  return {
    kind: "stream",
    label,
    fileName,
    size,
    chunks: () => (iterator ??= stream[Symbol.asyncIterator]()),
    close: async () => {
      // Ends a stream that was never read, and one that hangs: a file descriptor or a socket may be behind it.
      if (abandon !== undefined) abandon();
      else if ("destroy" in stream && typeof stream.destroy === "function") stream.destroy();
      else if (iterator === undefined)
        await Promise.resolve(stream[Symbol.asyncIterator]().return?.()).catch(() => undefined);
    },
  };
}
