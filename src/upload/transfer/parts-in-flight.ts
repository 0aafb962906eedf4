import type { LimitFunction } from "p-limit";
import { performance } from "node:perf_hooks";
import pLimit from "p-limit";
import { CosError, NetworkError } from "../../errors.ts";
import { AdaptiveConcurrency } from "./adaptive-concurrency.ts";

/** Parts of a stream are held in memory, so their number does not grow by itself. */
const mostOfStream = 8;

/** How many requests an upload has in flight, over all its objects: a fixed number, or one that finds itself. */
export class PartsInFlight {
  readonly limit: LimitFunction;
  readonly #adaptive: AdaptiveConcurrency | undefined;

  /** @param buffered whether parts are held in memory while they are in flight */
  constructor(setting: number | "auto", buffered: boolean) {
    if (setting === "auto") {
      const most = buffered ? mostOfStream : undefined;
      this.#adaptive = new AdaptiveConcurrency(() => performance.now(), { most, busy: loopWatch() });
      this.limit = pLimit(this.#adaptive.limit);
    } else {
      this.limit = pLimit(setting);
    }
  }

  /** @param crowded whether memory is short */
  partDone(bytes: number, crowded: boolean): void {
    this.#adaptive?.partDone(bytes, crowded);
    this.#apply();
  }

  /** A request is repeated: if the service was overrun or the connection broke, fewer may do better. */
  retried(error: unknown): void {
    const overrun = error instanceof CosError && (error.status === 503 || error.status === 429);
    if (!overrun && !(error instanceof NetworkError)) return;
    this.#adaptive?.trouble();
    this.#apply();
  }

  #apply(): void {
    const wanted = this.#adaptive?.limit;
    if (wanted !== undefined && wanted !== this.limit.concurrency) this.limit.concurrency = wanted;
  }
}

/** Answers for what share of the time since it was last asked the event loop was busy, with whatever. */
function loopWatch(): () => number {
  let before = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    return utilization;
  };
}
