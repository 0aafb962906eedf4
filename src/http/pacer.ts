import { performance } from "node:perf_hooks";
import { outOfRange } from "../errors.ts";
import { sleep } from "./abort.ts";

/** A second's worth that was not used may be sent at once; more would be a burst that the limit was set to prevent. */
const burstMs = 1_000;

/**
 * Keeps the bytes of all requests of a client below a rate, shared by all that send: a token bucket whose debt is paid
 * by waiting.
 */
export class Pacer {
  readonly #bytesPerMs: number;
  readonly #now: () => number;
  /** Milliseconds at which everything that was let through so far is paid for. */
  #paidUntil: number;

  /** @param bytesPerSecond 1024 and up @param now milliseconds, monotonic */
  constructor(bytesPerSecond: number, now: () => number = () => performance.now()) {
    this.#bytesPerMs = bytesPerSecond / 1000;
    this.#now = now;
    this.#paidUntil = now() - burstMs;
  }

  /**
   * Bytes that should go in one piece: a quarter of a second's worth, so that the flow is even and idle limits see it
   * move.
   */
  get pieceSize(): number {
    return Math.max(1024, Math.floor(this.#bytesPerMs * 250));
  }

  /** Waits until `bytes` may go. @throws the signal's own reason */
  async take(bytes: number, signal: AbortSignal | undefined): Promise<void> {
    const now = this.#now();
    this.#paidUntil = Math.max(this.#paidUntil, now - burstMs) + bytes / this.#bytesPerMs;
    await sleep(this.#paidUntil - now, signal);
  }
}

/** @throws RangeError `ERR_INVALID_ARG_VALUE` */
export function checkRate(field: string, value: number | undefined): void {
  if (value === undefined) return;
  if (!Number.isSafeInteger(value) || value < 1024) {
    throw outOfRange(field, "must be a number of bytes a second from 1024 up", value);
  }
}
