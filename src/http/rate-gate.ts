import { performance } from "node:perf_hooks";
import { sleep } from "../http/abort.ts";

/** Lets a number of calls through a second, in the order of their coming. */
export class RateGate {
  readonly #burst: number;
  readonly #burstMs: number;
  /** When the last ones were let through, or will be. */
  readonly #times: number[] = [];

  /**
   * @param burst how many of them may go at once, the next ones then having to wait for as long as those take in all.
   * With few, a service that counts by its own seconds, and on whose way they are held up, sees the same even flow.
   */
  constructor(perSecond: number, burst: number = perSecond) {
    this.#burst = burst;
    this.#burstMs = (burst / perSecond) * 1000;
  }

  /** Resolves when it is the caller's turn. A turn that is aborted while it waits stays taken. */
  async pass(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    const now = performance.now();
    const turn = Math.max(now, (this.#times.at(-this.#burst) ?? -Infinity) + this.#burstMs);
    this.#times.push(turn);
    if (this.#times.length > this.#burst) this.#times.shift();
    await sleep(Math.ceil(turn - now), signal);
  }
}
