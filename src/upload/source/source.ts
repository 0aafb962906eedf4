import type { Readable } from "node:stream";
import type { PartBody } from "./part-body.ts";
import { loopTurn } from "../../http/loop-turn.ts";
import { readingFailed } from "./may-pass.ts";

/**
 * What can be uploaded. A string is a path, never a URL; an `http:` or `https:` URL object is read through this host.
 * Bytes and Blobs must not change before the upload is over.
 */
export type UploadSource =
  | string
  | URL
  | Uint8Array
  | Blob
  | Readable
  | NodeJS.ReadableStream
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array>;

/** What identifies a source between two runs. */
export interface SourceIdentity {
  readonly kind: "file" | "url" | "bytes" | "stream";
  /** Bytes. */
  readonly size?: number | undefined;
  /** Modification time in nanoseconds, or the ETag or date of a URL; empty where nothing tells. */
  readonly modified: string;
  /**
   * Device, inode and change time of a file. Moves with every change, also one that sets the modification time back
   * (`rsync --inplace -t`, `cp -p`), but with a chmod or a link as well: if it alone moved, the content is compared.
   */
  readonly stamp?: string | undefined;
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
  /**
   * @param crc64 of all its bytes, as they were sent
   * @throws SourceError `SOURCE_CHANGED` when it is not what it was when it was opened
   */
  verify(crc64: string, signal: AbortSignal): Promise<void>;
}

/** A source that can be read once, from its beginning. */
export interface StreamSource extends SourceBase {
  readonly kind: "stream";
  /** Bytes, where the caller said so: then it is checked. */
  readonly size?: number | undefined;
  chunks(): AsyncIterator<unknown>;
  /** Waits for the first byte, which is kept. @returns false when the stream ends without one */
  hasBytes(): Promise<boolean>;
}

export type OpenedSource = RangedSource | StreamSource;

/** What an iterator answered, read once: a caller's own may answer anything. */
export function resultOf(answer: unknown): IteratorResult<unknown> {
  if (typeof answer !== "object" || answer === null)
    throw new TypeError(`its next() gave ${answer === null ? "null" : typeof answer} instead of { done, value }`);
  const { done, value } = answer as { readonly done?: unknown; readonly value?: unknown };
  return done ? { done: true, value: undefined } : { done: false, value };
}

const end: IteratorResult<unknown> = { done: true, value: undefined };

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
  /** Asked for already, in order. */
  const ahead: Promise<IteratorResult<unknown>>[] = [];
  const chunks = (): AsyncIterator<unknown> => {
    try {
      return (iterator ??= stream[Symbol.asyncIterator]());
    } catch (cause) {
      throw readingFailed(label, cause);
    }
  };
  return {
    kind: "stream",
    label,
    fileName,
    size,
    identity: { kind: "stream", size, modified: "" },
    chunks: () => {
      const own = chunks();
      if (ahead.length === 0) return own;
      return { next: () => ahead.shift() ?? own.next(), return: async () => own.return?.() ?? end };
    },
    hasBytes: async () => {
      for (;;) {
        const next = (async () => resultOf(await chunks().next()))();
        ahead.push(next);
        // What failed, and what is no bytes, is for the upload to meet.
        const { done, value } = await next.catch((): IteratorResult<unknown> => ({ done: false, value: undefined }));
        if (done === true) return false;
        if (!(ArrayBuffer.isView(value) && value.byteLength === 0)) return true;
        await loopTurn();
      }
    },
    close: async () => {
      // Ends a stream that was never read, and one that hangs: a file descriptor or a socket may be behind it.
      if (abandon !== undefined) abandon();
      else if ("destroy" in stream && typeof stream.destroy === "function") stream.destroy();
      else if (iterator === undefined) await (async () => stream[Symbol.asyncIterator]().return?.())();
    },
  };
}
