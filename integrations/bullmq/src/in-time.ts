import { setTimeout as sleep } from "node:timers/promises";

/**
 * Makes a question to Redis one that ends: a connection of a worker waits for a Redis that is away without limit. While
 * an answer is outstanding the question is not sent again.
 * @returns undefined when no answer came in time, or it was an error
 */
export function inTime<T>(ask: () => Promise<T>, limitMs: number): () => Promise<T | undefined> {
  let outstanding: Promise<T | undefined> | undefined;
  return async () => {
    outstanding ??= ask()
      .catch(() => undefined)
      .finally(() => (outstanding = undefined));
    const limit = new AbortController();
    const over = sleep(limitMs, undefined, { signal: limit.signal }).catch(() => undefined);
    try {
      return await Promise.race([outstanding, over]);
    } finally {
      limit.abort();
    }
  };
}
