import { statSync } from "node:fs";
import { performance } from "node:perf_hooks";
import type { BatchEntry } from "./entry.ts";
import type { BatchList } from "./batch-list.ts";
import { sleep } from "../http/abort.ts";

/** Milliseconds between two looks through the folder; longer when a look takes long. */
const leastPauseMs = 1_000;

/** A look may take this part of the time. */
const share = 0.1;

/** Milliseconds until an entry whose failure passes is tried again: doubled each time, up to the second. */
const [firstDelayMs, longestDelayMs] = [60_000, 900_000];

interface Looked {
  /** What the file was known by. */
  look: string;
  /** When it was first seen like this. */
  since: number;
  /** Whether it was handed out like this. */
  given: boolean;
  /** Of its failures. */
  delayMs: number;
  round: number;
}

/** Waits for the files of a folder: each is handed out once it has stopped growing, and again after it has changed. */
export class Watch {
  readonly #list: BatchList;
  readonly #quietMs: number;
  readonly #now: () => number;
  readonly #files = new Map<string, Looked>();
  #round = 0;

  /**
   * @param quietMs for so long a file must have stayed as it is
   * @param now milliseconds, monotonic
   */
  constructor(list: BatchList, quietMs: number, now: () => number = () => performance.now()) {
    this.#list = list;
    this.#quietMs = quietMs;
    this.#now = now;
  }

  /** The entry failed in a way that passes: it is handed out again, later each time. */
  again(key: string): void {
    const file = this.#files.get(key);
    if (file === undefined) return;
    file.given = false;
    file.since = this.#now() + file.delayMs - this.#quietMs;
    file.delayMs = Math.min(file.delayMs * 2, longestDelayMs);
  }

  /** Ends when the signal aborts. */
  async *arrivals(signal: AbortSignal): AsyncGenerator<BatchEntry> {
    while (!signal.aborted) {
      const began = performance.now();
      this.#round += 1;
      for await (const listed of this.#list.entries()) {
        if (signal.aborted) return;
        if ("entry" in listed && this.#isReady(listed.entry)) yield listed.entry;
      }
      for (const [key, { round }] of this.#files) if (round !== this.#round) this.#files.delete(key);
      const took = performance.now() - began;
      await sleep(Math.max(leastPauseMs, took / share), signal).catch(() => undefined);
    }
  }

  #isReady({ key, source }: BatchEntry): boolean {
    const now = this.#now();
    const found = statSync(source, { throwIfNoEntry: false });
    if (found === undefined) return false;
    const look = [found.dev, found.ino, found.size, found.mtimeMs, found.ctimeMs].join();
    const file = this.#files.get(key);
    if (file === undefined || file.look !== look) {
      // One that was there long before need not be waited for.
      const age = Date.now() - Math.max(found.mtimeMs, found.ctimeMs);
      const since = file === undefined && age >= this.#quietMs ? now - age : now;
      this.#files.set(key, { look, since, given: false, delayMs: firstDelayMs, round: this.#round });
    } else file.round = this.#round;
    const looked = this.#files.get(key);
    if (looked === undefined || looked.given || now - looked.since < this.#quietMs) return false;
    looked.given = true;
    return true;
  }
}
