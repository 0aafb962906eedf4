import type { MemoryBudget, Release } from "../buffers/budget.ts";
import type { PartBody } from "./part-body.ts";
import { performance } from "node:perf_hooks";
import { Crc64 } from "../../cos/crc64.ts";
import { SourceError } from "../../errors.ts";
import { readingFailed } from "./may-pass.ts";
import { endsWithin, failureLimits, openController } from "../../http/abort.ts";
import { loopTurn } from "../../http/loop-turn.ts";
import { shortageMs, slabSize } from "../buffers/budget.ts";
import { BufferedAttempt } from "./bytes.ts";
import { resultOf } from "./source.ts";

/** Bytes that were copied out of a stream and belong to the upload. */
export interface AssembledPart {
  readonly size: number;
  readonly body: PartBody;
  release(): void;
}

/**
 * Turns a stream's chunks into parts of owned memory.
 *
 * The chunks are copied, never kept: a small chunk is often a slice of a large pooled buffer, and keeping slices can
 * hold a hundred times their size (docs/decisions/0003). Memory is reserved a MiB at a time before it is filled.
 *
 * What holds memory must always be able to give it back, or many streams on a small budget would wait for each other
 * forever. So a part is sealed as it is, and sent,
 * - when the budget is used up and none of this upload's parts is in flight any more to give some back;
 * - when others are short of memory and the stream has been silent for a while: what feeds it may itself be waiting for
 *   those others. That takes a MiB, the least that a part may have; a stream that holds nothing at all is therefore
 *   given its first MiB then, even beyond the budget.
 */
export class PartAssembler {
  readonly #source: AsyncIterator<unknown>;
  readonly #budget: MemoryBudget;
  readonly #label: string;
  readonly #drained: () => Promise<void>;
  readonly #endWatch: () => void;
  #pending: Uint8Array = new Uint8Array(0);
  /** The chunk that was asked for and not taken yet; if the stream fails meanwhile, the failure waits here as well. */
  #reading: Promise<IteratorResult<unknown>> | undefined;
  #askedAt = 0;
  /** Called when others are short of memory. */
  #onShortage: (() => void) | undefined;
  /** Called when the signal of the call under way aborts. */
  #onAbort: ((reason: unknown) => void) | undefined;
  #ended = false;
  #failed = false;
  #readBytes = 0;

  /** @param drained resolves when no part of this upload holds memory, which may be at once */
  constructor(source: AsyncIterator<unknown>, budget: MemoryBudget, label: string, drained: () => Promise<void>) {
    this.#drained = drained;
    this.#source = source;
    this.#budget = budget;
    this.#label = label;
    this.#endWatch = budget.onShortage(() => this.#onShortage?.());
  }

  /** Bytes of all parts so far. */
  get readBytes(): number {
    return this.#readBytes;
  }

  /**
   * The next part: `target` bytes, or less at the end of the stream or of the budget; undefined after the last one.
   * @throws SourceError `SOURCE_FAILED` when the stream fails
   * @throws the signal's own reason
   */
  async next(target: number, signal: AbortSignal): Promise<AssembledPart | undefined> {
    const slabs: { readonly bytes: Buffer; readonly release: Release }[] = [];
    const crc = new Crc64();
    let size = 0;
    const release = (): void => {
      for (const slab of slabs.splice(0)) slab.release();
    };
    const unwatch = this.#watch(signal);
    try {
      while (size < target && (await this.#fill(signal, size >= slabSize)) === "bytes") {
        const within = size % slabSize;
        if (within === 0) {
          const reserved = await this.#reserve(size > 0, signal);
          if (reserved === undefined) break;
          slabs.push(this.#slab(Math.min(slabSize, target - size), reserved));
        }
        const slab = slabs.at(-1);
        if (slab === undefined) break;
        const taken = this.#pending.subarray(0, slab.bytes.byteLength - within);
        slab.bytes.set(taken, within);
        // A slab at a time: chunks may be tiny, and each call into the CRC has its price.
        if (within + taken.byteLength === slab.bytes.byteLength) crc.update(slab.bytes);
        this.#pending = this.#pending.subarray(taken.byteLength);
        size += taken.byteLength;
      }
    } catch (error) {
      release();
      throw error;
    } finally {
      unwatch();
    }
    if (size === 0) return undefined;
    this.#readBytes += size;
    const chunks = slabs.map((slab, index) => slab.bytes.subarray(0, Math.min(slabSize, size - index * slabSize)));
    const last = chunks.at(-1);
    if (last !== undefined && last.byteLength < (slabs.at(-1)?.bytes.byteLength ?? 0)) crc.update(last);
    const known = { crc64: crc.digest() };
    return { size, body: { size, begin: async () => new BufferedAttempt(chunks, size, known) }, release };
  }

  #slab(size: number, reserved: Release): { readonly bytes: Buffer; readonly release: Release } {
    const { slabs } = this.#budget;
    const slab = slabs.take();
    const release = (): void => {
      slabs.give(slab);
      reserved();
    };
    return { bytes: slab.subarray(0, size), release };
  }

  /**
   * Whether the stream has nothing left: waits for its next chunk if it must, but not while others are short of memory.
   * Then it may be over although the answer is no.
   */
  async isOver(signal: AbortSignal): Promise<boolean> {
    const unwatch = this.#watch(signal);
    try {
      return (await this.#fill(signal, true)) === "end";
    } finally {
      unwatch();
    }
  }

  /**
   * Tells the stream that no more is wanted, and waits for what it does then. A stream that is still asked for a chunk
   * cannot answer before that chunk has come, which may be never: it is told without waiting.
   */
  async close(): Promise<void> {
    this.#endWatch();
    if (this.#ended || this.#failed) return;
    this.#ended = true;
    // A stream that fails while it is being closed has nothing to add to what ended the upload.
    const closing = (async () => this.#source.return?.())().catch(() => undefined);
    if (this.#reading === undefined) await endsWithin(failureLimits.sourceMs, closing);
  }

  /** A slab's worth of memory; undefined when the part should be sent as it is to make room. */
  async #reserve(sealable: boolean, signal: AbortSignal): Promise<Release | undefined> {
    // It may have aborted while nothing was waited for, and then no listener would hear of it.
    signal.throwIfAborted();
    const now = this.#budget.tryReserve(slabSize);
    if (now !== undefined) return now;
    const wait = openController();
    const stop = (): void => wait.abort(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    let idle = false;
    const whenDrained = async (): Promise<void> => {
      await this.#drained();
      idle = true;
      if (sealable) wait.abort();
    };
    void whenDrained();
    this.#onShortage = () => {
      if (idle) wait.abort();
    };
    try {
      return await this.#budget.reserve(slabSize, wait.signal);
    } catch {
      signal.throwIfAborted();
      return sealable ? undefined : this.#budget.exceed(slabSize);
    } finally {
      this.#onShortage = undefined;
      signal.removeEventListener("abort", stop);
    }
  }

  /**
   * Makes sure that a byte is pending, unless the stream is at its end or, where the caller can do without, silent in a
   * shortage.
   */
  async #fill(signal: AbortSignal, interruptible: boolean): Promise<"bytes" | "end" | "shortage"> {
    while (this.#pending.byteLength === 0) {
      if (this.#ended) return "end";
      signal.throwIfAborted();
      const next = await this.#nextChunk(interruptible);
      // A source that never waits for anything would leave no turn to the host, nor to what aborts it.
      const pause = loopTurn();
      if (pause !== undefined) await pause;
      if (next === "shortage") return next;
      this.#reading = undefined;
      if (next.done === true) {
        this.#ended = true;
        return "end";
      }
      this.#pending = toBytes(next.value, this.#label);
    }
    return "bytes";
  }

  /**
   * A stream may never answer: neither an abort nor a shortage waits for it. What it was asked for is kept for later.
   */
  #nextChunk(interruptible: boolean): Promise<IteratorResult<unknown> | "shortage"> {
    const reading = (this.#reading ??= this.#read());
    return new Promise((resolve, reject) => {
      this.#onAbort = reject;
      this.#onShortage = () => {
        if (interruptible && performance.now() - this.#askedAt >= shortageMs) resolve("shortage");
      };
      reading.then(resolve, reject);
    });
  }

  /** One listener for a part and not one for each of its chunks, of which there may be very many. */
  #watch(signal: AbortSignal): () => void {
    const stop = (): void => this.#onAbort?.(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    return () => {
      this.#onAbort = undefined;
      signal.removeEventListener("abort", stop);
    };
  }

  async #read(): Promise<IteratorResult<unknown>> {
    this.#askedAt = performance.now();
    try {
      return resultOf(await this.#source.next());
    } catch (cause) {
      this.#failed = true;
      throw readingFailed(this.#label, cause);
    }
  }
}

function toBytes(chunk: unknown, label: string): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk;
  if (chunk instanceof ArrayBuffer) return new Uint8Array(chunk);
  if (ArrayBuffer.isView(chunk)) return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  const remedy = typeof chunk === "string" ? "; read it without an encoding" : "";
  throw new SourceError("SOURCE_FAILED", `${label} gave a chunk that is not bytes but ${typeof chunk}${remedy}`);
}
