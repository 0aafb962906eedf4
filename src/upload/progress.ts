/** How far an upload is. Bytes are those the service has acknowledged, of the whole job: media, cover and segments. */
export interface ProgressEvent {
  /** `"done"` only after the commit. */
  readonly phase: "apply" | "transfer" | "commit" | "done";
  /** The file that moved last. */
  readonly file: string;
  /** Never decreases, never exceeds `totalBytes`, and equals it at the end. */
  readonly sentBytes: number;
  /** Undefined while a stream's length is unknown. */
  readonly totalBytes?: number | undefined;
  readonly parts: { readonly done: number; readonly total?: number | undefined };
  /** Parts in flight allowed now. */
  readonly concurrency: number;
  /** Smoothed over the last seconds. */
  readonly bytesPerSecond: number;
  readonly etaMs?: number | undefined;
}

/** Half of the weight of the speed is younger than this. */
const halfLifeMs = 5_000;

/** Counts acknowledged bytes of one job. A part counts once, when it is done, so retries never show. */
export class ProgressMeter {
  readonly #emit: ((event: ProgressEvent) => void) | undefined;
  readonly #now: () => number;
  #phase: ProgressEvent["phase"] = "apply";
  #file: string;
  #sent = 0;
  #total: number | undefined = 0;
  #planned = false;
  #partsDone = 0;
  #partsTotal: number | undefined = 0;
  #concurrency = 0;
  #speed = 0;
  #startedAt: number | undefined;
  #lastAt = 0;

  constructor(
    file: string,
    emit: ((event: ProgressEvent) => void) | undefined,
    now: () => number = () => performance.now(),
  ) {
    this.#file = file;
    this.#emit = emit;
    this.#now = now;
  }

  /** A new session sends everything again: what was sent no longer counts towards the total. */
  reset(): void {
    this.#total = this.#sent;
    this.#partsTotal = this.#partsDone;
  }

  /** Adds a file to the totals; one of unknown length makes them unknown until the transfer is over. */
  expect(bytes: number | undefined, parts: number | undefined): void {
    this.#planned = true;
    this.#total = this.#total === undefined || bytes === undefined ? undefined : this.#total + bytes;
    this.#partsTotal = this.#partsTotal === undefined || parts === undefined ? undefined : this.#partsTotal + parts;
  }

  enter(phase: ProgressEvent["phase"], file: string = this.#file): void {
    this.#phase = phase;
    this.#file = file;
    if (phase === "transfer") this.#startedAt ??= this.#now();
    if (phase === "commit" || phase === "done") this.#settle();
    this.#send();
  }

  /** Bytes that a run before this one had sent: they count, but say nothing about the speed. */
  resumed(file: string, bytes: number, parts = 1): void {
    this.#file = file;
    this.#count(bytes, parts);
  }

  done(file: string, bytes: number): void {
    this.#file = file;
    this.#measure(bytes);
    this.#count(bytes, 1);
  }

  set concurrency(value: number) {
    this.#concurrency = value;
  }

  #count(bytes: number, parts: number): void {
    this.#sent += bytes;
    this.#partsDone += parts;
    this.#send();
  }

  /** Everything is sent, so what was sent is the total. */
  #settle(): void {
    this.#planned = true;
    this.#total = this.#sent;
    this.#partsTotal = this.#partsDone;
  }

  #measure(bytes: number): void {
    const now = this.#now();
    const since = this.#startedAt ?? now;
    const elapsed = Math.max(1, now - Math.max(since, this.#lastAt));
    const weight = this.#lastAt === 0 ? 1 : 1 - 0.5 ** (elapsed / halfLifeMs);
    this.#speed += weight * ((bytes / elapsed) * 1000 - this.#speed);
    this.#lastAt = now;
  }

  #send(): void {
    if (this.#emit === undefined) return;
    const total = this.#planned ? this.#total : undefined;
    const partsTotal = this.#planned ? this.#partsTotal : undefined;
    const left = total === undefined ? undefined : total - this.#sent;
    this.#emit({
      phase: this.#phase,
      file: this.#file,
      sentBytes: total === undefined ? this.#sent : Math.min(this.#sent, total),
      totalBytes: total,
      // A resumed object keeps its own part size, and a stream's parts may be cut short: then there are more than
      // expected.
      parts: { done: this.#partsDone, total: partsTotal && Math.max(partsTotal, this.#partsDone) },
      concurrency: this.#concurrency,
      bytesPerSecond: Math.round(this.#speed),
      etaMs: left === undefined || this.#speed === 0 ? undefined : Math.round((left / this.#speed) * 1000),
    });
  }
}
