import { setTimeout as sleep } from "node:timers/promises";

/** Waits until something holds. @throws Error saying what did not come to hold in time */
export async function eventually(
  what: string,
  holds: () => boolean | Promise<boolean>,
  limitMs = 30_000,
): Promise<void> {
  for (const end = Date.now() + limitMs; !(await holds()); await sleep(20)) {
    if (Date.now() > end) throw new Error(`after ${limitMs} ms still not: ${what}`);
  }
}
