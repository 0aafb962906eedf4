import { performance } from "node:perf_hooks";
import { createReadStream } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import type { BigIntStats } from "node:fs";
import type { Lane, LanePool } from "../buffers/lane-pool.ts";
import type { PartAttempt, PartBody } from "./part-body.ts";
import type { SourceIdentity, RangedSource } from "./source.ts";
import { Crc64 } from "../../cos/crc64.ts";
import { untilAborted } from "../../http/abort.ts";
import { readPass } from "./bytes.ts";
import { changed, readingFailed } from "./may-pass.ts";
import { laneBufferSize } from "../buffers/lane-pool.ts";

/** Pieces handed to a slow socket: the idle limit then measures 64 KiB and not a whole buffer. */
const slowPieceSize = 64 * 1024;
/** A piece that took longer than this to leave makes the socket a slow one. */
const slowPieceMs = 500;

/** How often a file whose stamp moves is read once more. */
const mostRereads = 3;

/** What a file is known by. */
export function fileIdentity(stats: BigIntStats): SourceIdentity & { readonly size: number } {
  const { dev, ino, size, mtimeNs, ctimeNs } = stats;
  return { kind: "file", size: Number(size), modified: mtimeNs.toString(), stamp: `${dev}:${ino}:${ctimeNs}` };
}

/** CRC-64/XZ of a file, as unsigned decimal. @throws what the file system says */
export async function crc64OfFile(path: string): Promise<string> {
  const crc64 = new Crc64();
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) crc64.update(chunk);
  return String(crc64.digest());
}

/** A regular file that was opened. */
export interface OpenFile {
  readonly handle: FileHandle;
  readonly stats: BigIntStats;
  /** How messages call it. */
  readonly label: string;
  readonly fileName: string;
}

/** A regular file, read by range: never more than two buffers of it are in memory for each connection. */
export class FileSource implements RangedSource {
  readonly kind = "ranged";
  readonly label: string;
  readonly fileName: string;
  readonly size: number;
  readonly identity: SourceIdentity;
  readonly #handle: FileHandle;
  readonly #lanes: LanePool;

  constructor({ handle, stats, label, fileName }: OpenFile, lanes: LanePool) {
    this.#handle = handle;
    this.#lanes = lanes;
    this.label = label;
    this.fileName = fileName;
    this.size = Number(stats.size);
    this.identity = fileIdentity(stats);
  }

  body(offset: number, size: number): PartBody {
    return {
      size,
      begin: async (signal) =>
        new FileAttempt(
          { handle: this.#handle, label: this.label, size: this.size },
          { offset, size },
          await this.#lanes.acquire(signal),
          signal,
        ),
    };
  }

  /**
   * Looks whether the file was written to since it was opened, and, where a time can be set back or need not mean it,
   * whether it still has the bytes that were sent.
   * @throws SourceError `SOURCE_CHANGED`
   */
  async verify(crc64: string, signal: AbortSignal): Promise<void> {
    let before = this.identity;
    for (let round = 1; ; round += 1) {
      const stats = await this.#handle.stat({ bigint: true }).catch((cause: unknown) => {
        throw readingFailed(this.label, cause);
      });
      const now = fileIdentity(stats);
      if (now.size !== this.size) throw changed(this.label, `it had ${this.size} bytes and now has ${stats.size}`);
      if (now.modified !== this.identity.modified) throw changed(this.label, "its modification time moved");
      if (now.stamp === before.stamp) return;
      // Until nothing moved while it was read.
      if (round > mostRereads) throw changed(this.label, "it changes again and again");
      before = now;
      if ((await this.crc64(signal)) !== crc64) throw changed(this.label, "other bytes are in it than were sent");
    }
  }

  /** Reads all of it. */
  async crc64(signal: AbortSignal): Promise<string> {
    const pass = await this.body(0, this.size).begin(signal);
    try {
      await readPass(pass, signal);
      return String(pass.crc64());
    } finally {
      await pass.end();
    }
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

interface WholeFile {
  readonly handle: FileHandle;
  readonly label: string;
  readonly size: number;
}

class FileAttempt implements PartAttempt {
  readonly size: number;
  readonly #file: WholeFile;
  readonly #offset: number;
  readonly #lane: Lane;
  readonly #signal: AbortSignal;
  #reading: Promise<unknown> = Promise.resolve();
  /** Which pass may use the buffers: the last one that was opened, and none once the request has ended. */
  #turn = 0;
  #crc = 0n;
  #passed = 0;

  constructor(
    file: WholeFile,
    range: { readonly offset: number; readonly size: number },
    lane: Lane,
    signal: AbortSignal,
  ) {
    this.#signal = signal;
    this.#file = file;
    this.#offset = range.offset;
    this.size = range.size;
    this.#lane = lane;
  }

  /** As an iterator of its own, and no generator: see http/tap.ts. */
  open(): AsyncIterable<Uint8Array> {
    // Of a connection that broke, undici may ask for more before it sees that, and be given what it asked for before.
    // The buffers are those of another request by then: what was read into them would be sent as its bytes, checksum
    // and all.
    const turn = (this.#turn += 1);
    const isOver = (): boolean => this.#turn !== turn;
    let which: 0 | 1 = 0;
    let position = 0;
    let reading = this.#reading.then(() => (isOver() ? 0 : this.#read(0, 0)));
    this.#reading = reading.catch(() => undefined);
    let rest: Buffer | undefined;
    const pace = new Pace();
    const next = async (): Promise<IteratorResult<Uint8Array>> => {
      if (isOver()) return { done: true, value: undefined };
      if (rest === undefined) {
        if (position === this.size) return { done: true, value: undefined };
        const length = await reading;
        if (isOver()) return { done: true, value: undefined };
        const current: 0 | 1 = which;
        position += length;
        if (position < this.size) {
          which = current === 0 ? 1 : 0;
          reading = this.#read(which, position);
        }
        this.#crc = this.#lane.crc(current, length, this.#crc);
        this.#passed = position;
        rest = this.#lane.buffers[current].subarray(0, length);
      }
      const step = pace.step();
      const piece = rest.subarray(0, step);
      rest = step < rest.byteLength ? rest.subarray(step) : undefined;
      return { done: false, value: piece };
    };
    return { [Symbol.asyncIterator]: () => ({ next }) };
  }

  crc64(): bigint {
    if (this.#passed !== this.size) throw new Error("the CRC of a part is known once all of it was read");
    return this.#crc;
  }

  md5(): undefined {
    return undefined;
  }

  async end(): Promise<void> {
    this.#turn += 1;
    // A read that hangs keeps its buffers, but nobody who aborts waits for it.
    const released = this.#reading.then(() => this.#lane.release());
    await untilAborted(released, this.#signal).catch(() => undefined);
  }

  /** Fills a buffer with what follows `position`; a short file is a changed one. */
  #read(which: 0 | 1, position: number): Promise<number> {
    const reading = this.#fill(this.#lane.buffers[which], position, Math.min(laneBufferSize, this.size - position));
    // The failure is met where the bytes are needed; until then, and if nobody needs them, it must not count as
    // unhandled.
    this.#reading = reading.catch(() => undefined);
    return reading;
  }

  async #fill(buffer: Buffer, position: number, length: number): Promise<number> {
    const isEnd = this.#offset + position + length === this.#file.size;
    // With the last bytes one more is asked for: a file whose size is not that of its content says so by it.
    const wanted = isEnd && length < buffer.length ? length + 1 : length;
    let filled = 0;
    while (filled < length) {
      const from = this.#offset + position + filled;
      const bytesRead = await this.#readAt(buffer, filled, wanted - filled, from);
      if (bytesRead === 0) throw changed(this.#file.label, `it ends at byte ${from}`);
      filled += bytesRead;
    }
    const { label, size } = this.#file;
    const beyond = isEnd && wanted === length ? await this.#readAt(Buffer.alloc(1), 0, 1, size) : filled - length;
    if (beyond > 0) throw changed(label, `it has more than the ${size} bytes of its size`);
    return length;
  }

  async #readAt(buffer: Buffer, start: number, length: number, position: number): Promise<number> {
    const { handle, label } = this.#file;
    const { bytesRead } = await handle.read(buffer, start, length, position).catch((cause: unknown) => {
      throw readingFailed(label, cause);
    });
    return bytesRead;
  }
}

/** A whole buffer at once while the socket is quick; 64 KiB at a time at first, and when it is not. */
class Pace {
  #given: number | undefined;

  /** Bytes of the next piece: asked for once the one before has left. */
  step(): number {
    const now = performance.now();
    const quick = this.#given !== undefined && now - this.#given < slowPieceMs;
    this.#given = now;
    return quick ? laneBufferSize : slowPieceSize;
  }
}
