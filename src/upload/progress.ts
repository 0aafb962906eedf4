import { performance } from "node:perf_hooks";
import { RateWindow } from "../rate-window.ts";

/** How far an upload is. Bytes are those the service has acknowledged, of the whole job: media, cover and segments. */
export interface ProgressEvent {
  /** `"done"` only after the commit. */
  readonly phase: "apply" | "transfer" | "commit" | "done";
  /** The file that moved last. */
  readonly file: string;
  /** Never decreases, never exceeds `totalBytes`, and equals it at the end. */
  readonly sentBytes: number;
  /**
   * Bytes handed to sockets so far, retries included, and what an earlier run had sent. It moves while a part is under
   * way, may exceed `sentBytes` and `totalBytes`, and promises nothing: only `sentBytes` is stored.
   */
  readonly writtenBytes: number;
  /** Bytes that an earlier run had sent: those of `sentBytes` and `writtenBytes` that this one did not have to send. */
  readonly resumedBytes: number;
  /** Bytes of all objects. Undefined while a stream's length is unknown. */
  readonly totalBytes?: number | undefined;
  /** Parts acknowledged, and of how many; `total` is undefined while a stream's length is unknown. */
  readonly parts: { readonly done: number; readonly total?: number | undefined };
  /** Parts in flight allowed now. */
  readonly concurrency: number;
  /** Bytes a second handed to sockets over the last 5 seconds; what an earlier run sent does not count. */
  readonly bytesPerSecond: number;
  /** Milliseconds left at that rate; undefined while there is none, or no total. */
  readonly etaMs?: number | undefined;
}

/** Milliseconds after any event before one about bytes that are only written. */
const writtenGapMs = 200;

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
  #written = 0;
  #thisRun = 0;
  #rate: RateWindow | undefined;
  #thrown: { readonly error: unknown } | undefined;
  #sentThisRun = 0;
  #writtenShownAt = -Infinity;

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
    if (phase === "transfer") this.#rate ??= new RateWindow(this.#now());
    if (phase === "commit" || phase === "done") this.#settle();
    this.#send();
  }

  /** Bytes that a run before this one had sent: they count, but say nothing about the speed. */
  resumed(file: string, bytes: number, parts = 1): void {
    this.#file = file;
    this.#written += bytes;
    this.#count(bytes, parts);
  }

  done(file: string, bytes: number): void {
    this.#file = file;
    this.#sentThisRun += bytes;
    this.#move(Math.max(0, this.#sentThisRun - this.#thisRun));
    this.#count(bytes, 1);
  }

  /**
   * Bytes that a socket has taken. A handler that throws must not look like a broken body: its error comes with the
   * next event that is not of this kind.
   */
  written(bytes: number): void {
    this.#move(bytes);
    const now = this.#now();
    if (this.#emit === undefined || this.#phase !== "transfer" || now - this.#writtenShownAt < writtenGapMs) return;
    this.#writtenShownAt = now;
    try {
      this.#emit(this.#event());
    } catch (error) {
      this.#thrown ??= { error };
    }
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

  #move(bytes: number): void {
    this.#written += bytes;
    this.#thisRun += bytes;
    this.#rate?.reached(this.#thisRun, this.#now());
  }

  #send(): void {
    if (this.#thrown !== undefined) throw this.#thrown.error;
    this.#writtenShownAt = this.#now();
    this.#emit?.(this.#event());
  }

  #event(): ProgressEvent {
    const total = this.#planned ? this.#total : undefined;
    const partsTotal = this.#planned ? this.#partsTotal : undefined;
    const left = total === undefined ? undefined : total - this.#sent;
    const speed = this.#rate?.perSecond(this.#now()) ?? 0;
    return {
      phase: this.#phase,
      file: this.#file,
      sentBytes: total === undefined ? this.#sent : Math.min(this.#sent, total),
      writtenBytes: this.#written,
      resumedBytes: this.#written - this.#thisRun,
      totalBytes: total,
      // A resumed object keeps its own part size, and a stream's parts may be cut short: then there are more than
      // expected.
      parts: { done: this.#partsDone, total: partsTotal && Math.max(partsTotal, this.#partsDone) },
      concurrency: this.#concurrency,
      bytesPerSecond: Math.round(speed),
      etaMs: left === undefined || speed === 0 ? undefined : Math.round((left / speed) * 1000),
    };
  }
}
