/** An offset below this is noise: a Date header counts whole seconds and travels for a while. */
const noiseMs = 2_000;

/**
 * The service's time as far as it is known: the local clock plus an offset learned from the service's answers.
 * Signatures carry a time, and both services refuse one that is off (VOD ±5 minutes, COS ±15 minutes), so a host whose
 * clock is wrong is corrected here instead of failing.
 */
export class ServiceClock {
  readonly #local: () => number;
  #offsetMs = 0;

  constructor(local: () => number = Date.now) {
    this.#local = local;
  }

  /** Epoch milliseconds, corrected. */
  now(): number {
    return this.#local() + this.#offsetMs;
  }

  /** Epoch seconds, corrected: the unit both signatures use. */
  seconds(): number {
    return Math.floor(this.now() / 1000);
  }

  /** Milliseconds by which the local clock is behind the service (negative: ahead). */
  get offsetMs(): number {
    return this.#offsetMs;
  }

  /**
   * Takes over the service's time from an answer that called ours wrong.
   * @param text a `Date` header (RFC 9110) or a `<ServerTime>` (ISO 8601)
   * @returns whether the clock moved: if not, signing again would give the same refusal
   */
  learn(text: string | undefined): boolean {
    const serverMs = text === undefined ? Number.NaN : Date.parse(text);
    if (Number.isNaN(serverMs)) return false;
    if (Math.abs(serverMs - this.now()) < noiseMs) return false;
    this.#offsetMs = serverMs - this.#local();
    return true;
  }
}
