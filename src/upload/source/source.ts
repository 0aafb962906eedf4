import type { PartBody } from "./part-body.ts";

/**
 * What can be uploaded. A string is a path, never a URL; an `http:` or `https:` URL object is read through this host.
 * Bytes and Blobs must not change before the upload is over.
 */
export type UploadSource =
  string | URL | Uint8Array | Blob | NodeJS.ReadableStream | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>;

/** What identifies a source between two runs. */
export interface SourceIdentity {
  readonly kind: "file" | "url" | "bytes" | "stream";
  /** Bytes. */
  readonly size?: number | undefined;
  /** Modification time in nanoseconds, or the ETag or date of a URL; empty where nothing tells. */
  readonly modified: string;
}

interface SourceBase {
  /** How messages call it. */
  readonly label: string;
  /** The name that the media's name and type are derived from; undefined for bytes and streams. */
  readonly fileName?: string | undefined;
  readonly identity: SourceIdentity;
  close(): Promise<void>;
}

/** A source whose ranges can be read in any order and again: parts are sent in parallel without being kept. */
export interface RangedSource extends SourceBase {
  readonly kind: "ranged";
  readonly size: number;
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

/**
 * Makes a source of anything iterable.
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
    identity: { kind: "stream", size, modified: "" },
    chunks: () => (iterator ??= stream[Symbol.asyncIterator]()),
    close: async () => {
      // Ends a stream that was never read, and one that hangs: a file descriptor or a socket may be behind it.
      if (abandon !== undefined) abandon();
      else if ("destroy" in stream && typeof stream.destroy === "function") stream.destroy();
      else if (iterator === undefined) await (async () => stream[Symbol.asyncIterator]().return?.())();
    },
  };
}
