import { performance } from "node:perf_hooks";
import { invalidArgument } from "../errors.ts";

/** An offset below this is noise: a Date header counts whole seconds and travels for a while. */
const noiseMs = 2_000;

/**
 * The service's time as far as it is known: the local clock plus an offset learned from the service's answers.
 * Signatures carry a time, and both services refuse one that is off (VOD ±5 minutes, COS ±15 minutes), so a host whose
 * clock is wrong is corrected here instead of failing (wire §3.6, §6.11).
 */
export class ServiceClock {
  readonly #local: () => number;
  readonly #monotonic: () => number;
  #offsetMs = 0;
  #skewMs: number | undefined;
  #told: { readonly ms: number; readonly at: number } | undefined;

  /**
   * @param local the caller's, which may answer anything
   * @param monotonic milliseconds by a clock that nobody sets
   */
  constructor(local: () => number = Date.now, monotonic: () => number = () => performance.now()) {
    this.#monotonic = monotonic;
    this.#local = () => {
      const time: unknown = local();
      if (typeof time === "number" && Number.isFinite(time)) return time;
      throw invalidArgument("clock", "must answer epoch milliseconds", time);
    };
  }

  /** Epoch milliseconds, corrected. */
  now(): number {
    return this.#local() + this.#offsetMs;
  }

  /**
   * Epoch milliseconds as the service told them last, and the time since by a clock that nobody sets: for whether
   * something of the service's has ended. Undefined before the service told them; a machine that was suspended since is
   * behind until the next answer.
   */
  told(): number | undefined {
    return this.#told && this.#told.ms + (this.#monotonic() - this.#told.at);
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
   * Milliseconds by which the local clock is behind the service's by its last answer (negative: ahead), give or take a
   * second; undefined before. Only told: signatures follow `learn`.
   */
  get skewMs(): number | undefined {
    return this.#skewMs;
  }

  /** @param text a `Date` header of the service's own */
  observe(text: string | undefined): void {
    const serverMs = text === undefined ? Number.NaN : Date.parse(text);
    if (Number.isNaN(serverMs)) return;
    this.#skewMs = serverMs - this.#local();
    const now = this.now();
    // Where both agree the local one is the finer.
    this.#told = { ms: Math.abs(serverMs - now) < noiseMs ? now : serverMs, at: this.#monotonic() };
  }

  /**
   * Takes over the service's time from an answer that called ours wrong.
   * @param text a `Date` header (RFC 9110) or a `<ServerTime>` (ISO 8601)
   * @param usedOffsetMs `offsetMs` at the time the refused request was signed: of many requests that are refused at
   * once the first one moves the clock, and the others only need to be signed again
   * @returns whether a signature made now has another time than the refused one: if not, it would be refused as well
   */
  learn(text: string | undefined, usedOffsetMs: number = this.#offsetMs): boolean {
    const serverMs = text === undefined ? Number.NaN : Date.parse(text);
    if (!Number.isNaN(serverMs) && Math.abs(serverMs - this.now()) >= noiseMs) {
      this.#offsetMs = serverMs - this.#local();
    }
    return Math.abs(this.#offsetMs - usedOffsetMs) >= noiseMs;
  }
}

/**
 * Decides, for one request and its repetitions, whether a refusal of its time is worth signing again. With a wrong
 * clock it is, once the clock has been corrected. With a right one it is too, but only once: the request was so long on
 * its way that its signature ran out, which a new one cures (cos 436/38958); what keeps being refused has another
 * cause.
 */
export class SigningTime {
  readonly #clock: ServiceClock;
  #refused = false;

  constructor(clock: ServiceClock) {
    this.#clock = clock;
  }

  /** Takes the parameters of {@link ServiceClock.learn}; answers whether to sign and send again. */
  isCured(serverTime: string | undefined, usedOffsetMs: number): boolean {
    const isFirst = !this.#refused;
    this.#refused = true;
    return this.#clock.learn(serverTime, usedOffsetMs) || isFirst;
  }
}
