/** How far a batch is. */
export interface BatchProgress {
  readonly total: number;
  /** Uploaded, by earlier runs too. */
  readonly done: number;
  readonly failed: number;
  /** In hand now. */
  readonly active: number;
  /** Acknowledged in this run. */
  readonly bytes: number;
  /** Smoothed over the last seconds. */
  readonly bytesPerSecond: number;
  /** By the pace of entries: how large the others are is not known. */
  readonly etaMs: number | undefined;
}

/** Half of the weight of the speed is younger than this. */
const halfLifeMs = 5_000;

/** Counts entries and bytes of a run. */
export class Tally {
  readonly #total: number;
  readonly #earlier: number;
  readonly #untried: number;
  readonly #now: () => number;
  readonly #started: number;
  /** Acknowledged bytes of the entries in hand. */
  readonly #active = new Map<string, number>();
  #done = 0;
  #failed = 0;
  #endedBytes = 0;
  #speed = 0;
  #measured: { readonly at: number; readonly bytes: number };

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
    this.#measured = { at: this.#started, bytes: 0 };
  }

  begin(key: string): void {
    this.#active.set(key, 0);
  }

  moved(key: string, bytes: number): void {
    if (this.#active.has(key)) this.#active.set(key, bytes);
  }

  end(key: string, outcome: "done" | "failed" | "left"): void {
    this.#endedBytes += this.#active.get(key) ?? 0;
    this.#active.delete(key);
    if (outcome === "done") this.#done += 1;
    if (outcome === "failed") this.#failed += 1;
  }

  /** Uploaded by this run. */
  get doneNow(): number {
    return this.#done;
  }

  get failed(): number {
    return this.#failed;
  }

  /** Neither uploaded nor failed. */
  get left(): number {
    return this.#total - this.#earlier - this.#done - this.#failed;
  }

  get bytes(): number {
    let sum = this.#endedBytes;
    for (const bytes of this.#active.values()) sum += bytes;
    return sum;
  }

  get durationMs(): number {
    return Math.round(this.#now() - this.#started);
  }

  progress(): BatchProgress {
    const bytes = this.bytes;
    this.#measure(bytes);
    const ended = this.#done + this.#failed - this.#untried;
    return {
      total: this.#total,
      done: this.#earlier + this.#done,
      failed: this.#failed,
      active: this.#active.size,
      bytes,
      bytesPerSecond: Math.round(this.#speed),
      etaMs: this.#done === 0 ? undefined : Math.round((this.durationMs / ended) * this.left),
    };
  }

  #measure(bytes: number): void {
    const at = this.#now();
    const elapsed = at - this.#measured.at;
    if (elapsed < 1) return;
    const isFirst = this.#measured.at === this.#started;
    const weight = isFirst ? 1 : 1 - 0.5 ** (elapsed / halfLifeMs);
    this.#speed += weight * (((bytes - this.#measured.bytes) / elapsed) * 1000 - this.#speed);
    this.#measured = { at, bytes };
  }
}
