/** Milliseconds over which a speed is measured: long enough to be even, short enough to follow a change. */
const windowMs = 5_000;

/** Milliseconds between two samples that are kept. */
const gapMs = 200;

interface Sample {
  readonly at: number;
  readonly bytes: number;
}

/** Bytes a second over the last seconds, of a count that only grows. */
export class RateWindow {
  readonly #samples: Sample[] = [];
  #last: Sample;

  /** @param at milliseconds, monotonic @param bytes the count at the start: none of it is this run's */
  constructor(at: number, bytes = 0) {
    this.#last = { at, bytes };
    this.#samples.push(this.#last);
  }

  /** @param bytes the whole count by now */
  reached(bytes: number, at: number): void {
    this.#last = { at, bytes };
    const before = this.#samples.at(-1);
    if (before === undefined || at - before.at >= gapMs) this.#samples.push(this.#last);
    this.#forget(at);
  }

  /** The newest sample from before the window stays: it is where the window begins. */
  #forget(at: number): void {
    while ((this.#samples[1]?.at ?? Infinity) <= at - windowMs) this.#samples.shift();
  }

  /** Falls while nothing moves, to 0 in the end. The first second counts whole: it begins with a burst into buffers. */
  perSecond(at: number): number {
    this.#forget(at);
    const [base = this.#last] = this.#samples;
    const elapsed = Math.max(at - base.at, 1_000);
    return ((this.#last.bytes - base.bytes) / elapsed) * 1_000;
  }
}
