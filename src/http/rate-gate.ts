import { sleep } from "../http/sleep.ts";

/** Lets so many through in any one second, in the order of their coming. */
export class RateGate {
  readonly #perSecond: number;
  /** When the last ones were let through, or will be. */
  readonly #times: number[] = [];

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /** Resolves when it is the caller's turn. A turn that is aborted while it waits stays taken. */
  async pass(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    const now = performance.now();
    const turn = Math.max(now, (this.#times.at(-this.#perSecond) ?? -Infinity) + 1000);
    this.#times.push(turn);
    if (this.#times.length > this.#perSecond) this.#times.shift();
    await sleep(Math.ceil(turn - now), signal);
  }
}
