import type { WaitOptions } from "./options.ts";
import { clearTimeout, setTimeout } from "node:timers";
import { VodupError, invalidArgument, outOfRange } from "../errors.ts";
import { onAbort, openController, sleep } from "../http/abort.ts";

/** The service forgets tasks after 3 days (vod DescribeTaskDetail), so that nothing is worth waiting longer for. */
export const longestWaitMs: number = 3 * 86_400_000;

const longestPollMs = 3_600_000;

/** One wait: its deadline and the caller's signal in one, its pace, its patience with failures that pass. */
export class Waiting {
  readonly #timeoutMs: number;
  readonly #caller: AbortSignal | undefined;
  readonly #pollMs: number;
  readonly #maxPollMs: number;
  readonly #what: string;
  readonly #over = openController();
  /** What went wrong last, should time run out over it. */
  #lastError: unknown;

  /**
   * @param what names what is waited for, in the error
   * @throws TypeError, RangeError `ERR_INVALID_ARG_VALUE`
   */
  constructor(what: string, options: WaitOptions, presetTimeoutMs: number) {
    const { signal } = options;
    if (signal !== undefined && !(signal instanceof AbortSignal)) {
      throw invalidArgument("signal", "must be an AbortSignal");
    }
    this.#what = what;
    this.#caller = signal;
    this.#timeoutMs = milliseconds("timeoutMs", options.timeoutMs, longestWaitMs) ?? presetTimeoutMs;
    this.#pollMs = milliseconds("pollMs", options.pollMs, longestPollMs) ?? 1_000;
    this.#maxPollMs = milliseconds("maxPollMs", options.maxPollMs, longestPollMs) ?? Math.max(10_000, this.#pollMs);
  }

  /** For the requests of this wait. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  /**
   * Asks again and again until there is an answer. A failure that passes is a question without an answer.
   * @throws VodupError `TIMEOUT`; the signal's reason; whatever `ask` throws that is not retryable
   */
  async until<T>(ask: () => Promise<T | undefined>): Promise<T> {
    const caller = this.#caller;
    const ignore = caller === undefined ? undefined : onAbort(caller, () => this.#over.abort(caller.reason));
    const timer = setTimeout(() => this.#over.abort(this.#timeout()), this.#timeoutMs);
    try {
      for (let delayMs = this.#pollMs; ; delayMs = Math.min(delayMs * 1.5, this.#maxPollMs)) {
        this.signal.throwIfAborted();
        const answer = await this.#attempt(ask);
        if (answer !== undefined) return answer;
        // A fleet that began together must not ask together for hours.
        await sleep(Math.round(delayMs * (0.9 + Math.random() / 5)), this.signal);
      }
    } finally {
      clearTimeout(timer);
      ignore?.();
    }
  }

  async #attempt<T>(ask: () => Promise<T | undefined>): Promise<T | undefined> {
    try {
      return await ask();
    } catch (error) {
      this.signal.throwIfAborted();
      if (!(error instanceof VodupError && error.retryable)) throw error;
      this.#lastError = error;
      return undefined;
    }
  }

  #timeout(): VodupError {
    const cause = this.#lastError === undefined ? {} : { cause: this.#lastError };
    return new VodupError("TIMEOUT", `${this.#what} took longer than ${this.#timeoutMs} ms; it may still happen`, {
      retryable: true,
      ...cause,
    });
  }
}

/** @throws RangeError `ERR_INVALID_ARG_VALUE` unless it is left out or from 1 to `most` */
export function milliseconds(field: string, value: number | undefined, most: number): number | undefined {
  if (value === undefined) return undefined;
  if (!Number.isInteger(value) || value < 1 || value > most) {
    throw outOfRange(field, `must be an integer of milliseconds from 1 to ${most}`, value);
  }
  return value;
}
