import type { Hash } from "node:crypto";
import { createHash } from "node:crypto";
import type { PartAttempt, PartBody } from "./part-body.ts";
import type { RangedSource, SourceIdentity } from "./source.ts";
import { Crc64 } from "../../cos/crc64.ts";
import { SourceError } from "../../errors.ts";
import { loopTurn } from "../../http/loop-turn.ts";
import { untilAborted } from "../../http/abort.ts";
import { changed } from "./may-pass.ts";

/**
 * Bytes given to the socket at a time: TLS encrypts a chunk in one go, and a large one would hold up the event loop.
 */
const chunkSize = 256 * 1024;

/** Bytes that the caller holds in memory: not copied, so that a buffer that is used again too early can be met. */
export class BytesSource implements RangedSource {
  readonly kind = "ranged";
  readonly label = "the bytes given";
  readonly size: number;
  readonly identity: SourceIdentity;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.size = bytes.byteLength;
    this.identity = { kind: "bytes", size: this.size, modified: "" };
  }

  body(offset: number, size: number): PartBody {
    const known: KnownSums = {};
    const begin = async (signal: AbortSignal): Promise<PartAttempt> => {
      // What is sent again must be what was sent before.
      if (known.crc64 !== undefined) await this.#compare(known.crc64, offset, size, signal);
      this.#checkLength();
      return new BufferedAttempt([this.#bytes.subarray(offset, offset + size)], size, known);
    };
    return { size, begin };
  }

  /** @throws SourceError `SOURCE_CHANGED` when other bytes are in the buffer than were sent */
  async verify(crc64: string, signal: AbortSignal): Promise<void> {
    await this.#compare(BigInt(crc64), 0, this.size, signal);
  }

  async #compare(crc64: bigint, offset: number, size: number, signal: AbortSignal): Promise<void> {
    const now = new Crc64();
    for (let from = offset; from < offset + size; from += chunkSize) {
      signal.throwIfAborted();
      const pause = loopTurn();
      if (pause !== undefined) await pause;
      this.#checkLength();
      now.update(this.#bytes.subarray(from, Math.min(from + chunkSize, offset + size)));
    }
    if (now.digest() !== crc64) throw changed(this.label, "other bytes are in it than were sent");
  }

  /** Memory that was transferred to a worker has none, and memory that can be resized may have less. */
  #checkLength(): void {
    const { byteLength } = this.#bytes;
    if (byteLength !== this.size) throw changed(this.label, `it had ${this.size} bytes and now has ${byteLength}`);
  }

  async close(): Promise<void> {}
}

/** A Blob (or File), read a slice at a time. */
export class BlobSource implements RangedSource {
  readonly kind = "ranged";
  readonly label = "the Blob given";
  readonly fileName: string | undefined;
  readonly size: number;
  readonly identity: SourceIdentity;
  readonly #blob: Blob;

  constructor(blob: Blob) {
    this.#blob = blob;
    this.size = blob.size;
    this.identity = { kind: "bytes", size: this.size, modified: "" };
    this.fileName = "name" in blob && typeof blob.name === "string" ? blob.name : undefined;
  }

  body(offset: number, size: number): PartBody {
    return { size, begin: async () => new BlobAttempt(this.#blob.slice(offset, offset + size)) };
  }

  async verify(): Promise<void> {}
  async close(): Promise<void> {}
}

interface KnownSums {
  crc64?: bigint;
  md5?: string;
}

/** A pass over bytes that are in memory; what it computes is kept in `known` for the next one. */
export class BufferedAttempt implements PartAttempt {
  readonly size: number;
  readonly #chunks: readonly Uint8Array[];
  readonly #known: KnownSums;

  constructor(chunks: readonly Uint8Array[], size: number, known: KnownSums) {
    this.#chunks = chunks;
    this.size = size;
    this.#known = known;
  }

  /**
   * The sums are computed piece by piece as the bytes go out: a part at once would hold up the event loop. They are
   * known before the last piece is given: the answer to it may come before anybody asks for more.
   */
  async *open(): AsyncGenerator<Uint8Array> {
    const crc = this.#known.crc64 === undefined ? new Crc64() : undefined;
    const md5 = this.#known.md5 === undefined ? startMd5() : undefined;
    let left = this.size;
    for (const chunk of this.#chunks) {
      for (let from = 0; from < chunk.byteLength; from += chunkSize) {
        const piece = chunk.subarray(from, from + chunkSize);
        crc?.update(piece);
        md5?.update(piece);
        left -= piece.byteLength;
        if (left === 0) this.#keep(crc, md5);
        yield piece;
      }
    }
  }

  #keep(crc: Crc64 | undefined, md5: Hash | undefined): void {
    if (crc !== undefined) this.#known.crc64 = crc.digest();
    if (md5 !== undefined) this.#known.md5 = md5.digest("hex");
  }

  crc64(): bigint {
    if (this.size === 0) return 0n;
    if (this.#known.crc64 === undefined) throw new Error("the CRC of a part is known once all of it was read");
    return this.#known.crc64;
  }

  md5(): string | undefined {
    return this.#known.md5;
  }

  async end(): Promise<void> {}
}

class BlobAttempt implements PartAttempt {
  readonly size: number;
  readonly #slice: Blob;
  readonly #crc = new Crc64();

  constructor(slice: Blob) {
    this.#slice = slice;
    this.size = slice.size;
  }

  async *open(): AsyncGenerator<Uint8Array> {
    for (let from = 0; from < this.size; from += chunkSize) {
      const piece = this.#slice.slice(from, from + chunkSize);
      const bytes = await piece.arrayBuffer().catch((cause: unknown) => {
        throw new SourceError("SOURCE_CHANGED", "the Blob given can no longer be read: what backs it has changed", {
          cause,
        });
      });
      const chunk = new Uint8Array(bytes);
      this.#crc.update(chunk);
      yield chunk;
    }
  }

  crc64(): bigint {
    return this.#crc.digest();
  }

  md5(): undefined {
    return undefined;
  }

  async end(): Promise<void> {}
}

/**
 * Reads a pass to its end without sending it. An abort does not wait for a read that hangs.
 * @throws the signal's own reason
 */
export async function readPass(
  pass: PartAttempt,
  signal: AbortSignal,
  each: (chunk: Uint8Array) => void = () => undefined,
): Promise<void> {
  const chunks = pass.open()[Symbol.asyncIterator]();
  for (;;) {
    signal.throwIfAborted();
    const next = await untilAborted(chunks.next(), signal);
    if (next.done === true) return;
    each(next.value);
  }
}

/** Undefined where the platform's policy forbids MD5 (FIPS): the CRC is what the check rests on. */
export function startMd5(): Hash | undefined {
  try {
    return createHash("md5");
  } catch {
    return undefined;
  }
}
