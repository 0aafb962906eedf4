import { performance } from "node:perf_hooks";
import { RateWindow } from "../rate-window.ts";

/** How far a batch is. */
export interface BatchProgress {
  /** Entries, each counted once. */
  readonly total: number;
  /** Uploaded, by earlier runs too. */
  readonly done: number;
  /** Failed in this run. */
  readonly failed: number;
  /** In hand now. */
  readonly active: number;
  /** Acknowledged in this run. */
  readonly bytes: number;
  /** Handed to sockets in this run, retries included. */
  readonly writtenBytes: number;
  /** Milliseconds since this run began. */
  readonly elapsedMs: number;
  /** Handed to sockets over the last 5 seconds. */
  readonly bytesPerSecond: number;
  /** By the pace of entries: how large the others are is not known. */
  readonly etaMs: number | undefined;
}

/** A file on its way. */
export interface ActiveFile {
  readonly name: string;
  /** Bytes that have left for the network, and those that earlier runs have sent. */
  readonly movedBytes: number;
  readonly totalBytes: number;
}

interface Moved {
  readonly sent: number;
  readonly written: number;
  readonly file?: ActiveFile | undefined;
}

interface MovedBytes {
  readonly sentBytes: number;
  readonly writtenBytes: number;
  readonly resumedBytes: number;
  readonly file?: string | undefined;
  readonly totalBytes?: number | undefined;
}

/** Counts entries and bytes of a run. */
export class Tally {
  #total: number;
  readonly #earlier: number;
  readonly #untried: number;
  readonly #now: () => number;
  readonly #started: number;
  /** Of the entries in hand, in this run. */
  readonly #active = new Map<string, Moved>();
  readonly #rate: RateWindow;
  #done = 0;
  #failed = 0;
  #interrupted = 0;
  #endedBytes = 0;
  #endedWritten = 0;

  /** @param failed entries that are not even tried */
  constructor(
    { total, earlier, failed }: { readonly total: number; readonly earlier: number; readonly failed: number },
    now: () => number = () => performance.now(),
  ) {
    this.#total = total;
    this.#earlier = earlier;
    this.#untried = failed;
    this.#failed = failed;
    this.#now = now;
    this.#started = now();
    this.#rate = new RateWindow(this.#started);
  }

  /** One more than was counted at first. */
  found(): void {
    this.#total += 1;
  }

  /** One that failed is left to be tried again. */
  again(): void {
    this.#failed -= 1;
  }

  begin(key: string): void {
    this.#active.set(key, { sent: 0, written: 0 });
  }

  moved(key: string, { sentBytes, writtenBytes, resumedBytes, file: name, totalBytes }: MovedBytes): void {
    if (!this.#active.has(key)) return;
    const isKnown = name !== undefined && totalBytes !== undefined;
    const movedBytes = Math.min(totalBytes ?? 0, Math.max(sentBytes, writtenBytes));
    const file = isKnown ? { name, movedBytes, totalBytes } : undefined;
    this.#active.set(key, { sent: sentBytes - resumedBytes, written: writtenBytes - resumedBytes, file });
    this.#rate.reached(this.#writtenBytes(), this.#now());
  }

  end(key: string, outcome: "done" | "failed" | "left"): void {
    const { sent, written } = this.#active.get(key) ?? { sent: 0, written: 0 };
    this.#endedBytes += sent;
    this.#endedWritten += written;
    this.#active.delete(key);
    if (outcome === "done") this.#done += 1;
    if (outcome === "failed") this.#failed += 1;
    if (outcome === "left") this.#interrupted += 1;
  }

  /** Files in hand of at least `leastBytes`, in the order in which they were begun. */
  large(leastBytes: number): ActiveFile[] {
    return [...this.#active.values()].flatMap(({ file }) =>
      file !== undefined && file.totalBytes >= leastBytes ? [file] : [],
    );
  }

  /** Uploaded by this run. */
  get doneNow(): number {
    return this.#done;
  }

  get failed(): number {
    return this.#failed;
  }

  /** Were in hand when the run was stopped. */
  get interrupted(): number {
    return this.#interrupted;
  }

  /** Neither uploaded nor failed. */
  get left(): number {
    return this.#total - this.#earlier - this.#done - this.#failed;
  }

  get bytes(): number {
    let sum = this.#endedBytes;
    for (const { sent } of this.#active.values()) sum += sent;
    return sum;
  }

  #writtenBytes(): number {
    let sum = this.#endedWritten;
    for (const { written } of this.#active.values()) sum += written;
    return sum;
  }

  get durationMs(): number {
    return Math.round(this.#now() - this.#started);
  }

  progress(): BatchProgress {
    const { bytes, durationMs } = this;
    const ended = this.#done + this.#failed - this.#untried;
    return {
      total: this.#total,
      done: this.#earlier + this.#done,
      failed: this.#failed,
      active: this.#active.size,
      bytes,
      writtenBytes: this.#writtenBytes(),
      elapsedMs: durationMs,
      bytesPerSecond: Math.round(this.#rate.perSecond(this.#now())),
      etaMs: this.#done === 0 ? undefined : Math.round((durationMs / ended) * this.left),
    };
  }
}
