/** Parts in flight at the beginning: enough for any LAN, harmless to any server. */
const startLimit = 8;
/** Beyond this, connections only take from each other. */
const mostLimit = 32;

/** A step up is kept when it brings at least this much more throughput: a doubling, and one by a quarter. */
const worthwhileGain = { doubling: 1.25, quarter: 1.15 };
/**
 * A first window shorter than this is no measure: handshakes and a cold process make it slow, and what follows look
 * quick.
 */
const warmUpMs = 1_000;
/** Windows shorter than this measure noise. */
const leastWindowMs = 500;
/**
 * After a step that brought nothing, and after trouble, this number of windows passes before the next try, and
 * the double after each further one.
 */
const holdWindows = 6;
const mostHoldWindows = 96;
/**
 * An event loop that is busy for more than half of the time cannot carry twice as much; what looks like a gain there is
 * the noise of a shared machine, and costs memory.
 */
const busyLoop = 0.5;

/** How parts in flight are found for `concurrency: "auto"`. */
export interface ConcurrencySetting {
  readonly start?: number | undefined;
  readonly most?: number | undefined;
  /** Answers for what share of the time since it was last asked the event loop was busy, 0 to 1. @defaultValue never */
  readonly busy?: (() => number) | undefined;
}

/**
 * Finds how many parts to have in flight, by trying: it doubles the number as long as the whole gets faster by that,
 * goes back to the last one that did, and looks again from time to time, by smaller steps. When the service asks for
 * less, or connections break, it halves. Where this process is the bottleneck it tries nothing.
 *
 * Pure but for what it is given, a clock and a look at the event loop: no timers, so nothing to stop. Time is measured
 * in windows of one finished part for each in flight.
 */
export class AdaptiveConcurrency {
  readonly #now: () => number;
  readonly #most: number;
  readonly #busy: () => number;
  #limit: number;
  /** The last number that proved its worth, and the throughput it had (bytes a millisecond). */
  #proven: { limit: number; rate: number };
  /** Whether `limit` is on trial against `proven`. */
  #trying = false;
  #doubling = true;
  #warm = false;
  #hold = 0;
  /** Steps in a row that brought nothing. */
  #vain = 0;
  #window: { startedAt: number; bytes: number; parts: number };

  /** @param now milliseconds, monotonic */
  constructor(now: () => number, setting: ConcurrencySetting = {}) {
    this.#now = now;
    this.#most = setting.most ?? mostLimit;
    this.#busy = setting.busy ?? (() => 0);
    this.#limit = Math.min(setting.start ?? startLimit, this.#most);
    this.#proven = { limit: this.#limit, rate: 0 };
    this.#window = { startedAt: now(), bytes: 0, parts: 0 };
  }

  /** Parts in flight that are allowed now. */
  get limit(): number {
    return this.#limit;
  }

  /**
   * A part is done.
   * @param crowded whether memory is short: then more parts in flight would only wait for it
   */
  partDone(bytes: number, crowded: boolean): void {
    this.#window.bytes += bytes;
    this.#window.parts += 1;
    const elapsed = this.#now() - this.#window.startedAt;
    if (this.#window.parts < this.#limit || elapsed < leastWindowMs) return;
    const cold = !this.#warm && elapsed < warmUpMs;
    this.#warm = true;
    const busy = this.#busy();
    if (!cold || crowded) this.#judge(this.#window.bytes / elapsed, busy, crowded);
    this.#open();
  }

  /** The service asked for less, or a connection broke. */
  trouble(): void {
    // One event often breaks many connections at once: it counts once in a window.
    if (this.#window.parts === 0 && this.#hold === holdWindows) return;
    this.#settle(Math.max(1, Math.floor(this.#limit / 2)), 0);
    this.#open();
  }

  #judge(rate: number, busy: number, crowded: boolean): void {
    if (crowded) return this.#settle(Math.max(1, this.#limit - 1), rate);
    const gain = this.#doubling ? worthwhileGain.doubling : worthwhileGain.quarter;
    if (this.#trying && rate < this.#proven.rate * gain) {
      this.#settle(this.#proven.limit, this.#proven.rate);
      this.#hold = Math.min(mostHoldWindows, holdWindows * 2 ** this.#vain);
      this.#vain += 1;
      return;
    }
    if (this.#trying) this.#vain = 0;
    this.#proven = { limit: this.#limit, rate };
    this.#trying = false;
    if (busy > busyLoop) return;
    if (this.#hold > 0) {
      this.#hold -= 1;
      return;
    }
    const next = Math.min(this.#most, this.#doubling ? this.#limit * 2 : Math.ceil(this.#limit * 1.25));
    this.#trying = next > this.#limit;
    this.#limit = next;
  }

  #settle(limit: number, rate: number): void {
    this.#limit = limit;
    this.#proven = { limit, rate };
    this.#trying = false;
    this.#doubling = false;
    this.#hold = holdWindows;
  }

  #open(): void {
    this.#window = { startedAt: this.#now(), bytes: 0, parts: 0 };
  }
}
