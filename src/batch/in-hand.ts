import { stat } from "node:fs/promises";
import { inParallel } from "../http/in-parallel.ts";

/** Files up to this size go in one request (part-plan.ts). Their uploads wait for answers nearly all of their time. */
const smallBytes = 8 * 2 ** 20;

/** How many entries may be waited for beside those in hand. */
const mostWaiting = 200;

/** What is still waited for once an entry is uploaded; must end early when its signal aborts. */
export type Rest = (signal: AbortSignal) => Promise<void>;

/** How many entries are in hand at a time: a number, and some more of small files. */
export class InHand {
  readonly #most: number;
  readonly #moreSmall: number;
  /** In hand, and the next one. */
  #small = 0;

  /** @param moreSmall how many small files do not count */
  constructor(most: number, moreSmall = 0) {
    this.#most = most;
    this.#moreSmall = moreSmall;
  }

  /** 8 at a time, and up to 24 small files more, whose round trips are what takes their time. */
  static preset(): InHand {
    return new InHand(8, 24);
  }

  /** However many of them are small. */
  get mostEver(): number {
    return this.#most + this.#moreSmall;
  }

  /**
   * Has each entry worked at.
   * @param work returns what remains to be waited for when the work itself is done; that takes nobody's place
   * @throws as inParallel does
   */
  async each<T extends { readonly source: string }>(
    entries: AsyncIterable<T>,
    signal: AbortSignal,
    work: (entry: T, signal: AbortSignal) => Promise<Rest | void>,
  ): Promise<void> {
    const waiting = new Set<Promise<void>>();
    const failed = new AbortController();
    const stopped = AbortSignal.any([signal, failed.signal]);
    const wait = (rest: Rest): Promise<void> => {
      const one: Promise<void> = rest(stopped)
        .catch((error: unknown) => failed.abort(error))
        .finally(() => waiting.delete(one));
      waiting.add(one);
      // Many may wait, but not without bound.
      return waiting.size < mostWaiting ? Promise.resolve() : one;
    };
    try {
      await inParallel({
        items: () => this.#weighed(entries),
        most: () => this.#most + Math.min(this.#small, this.#moreSmall),
        signal: stopped,
        work: async ({ entry, small }, stop) => {
          let rest: Rest | void;
          try {
            rest = await work(entry, stop);
          } finally {
            this.#small -= small;
          }
          if (rest !== undefined) await wait(rest);
        },
      });
    } catch (error) {
      failed.abort(error);
      throw error;
    } finally {
      await Promise.all(waiting);
    }
    stopped.throwIfAborted();
  }

  async *#weighed<T extends { readonly source: string }>(
    entries: AsyncIterable<T>,
  ): AsyncGenerator<{ readonly entry: T; readonly small: number }> {
    for await (const entry of entries) {
      const small = this.#moreSmall > 0 && (await isSmall(entry.source)) ? 1 : 0;
      this.#small += small;
      yield { entry, small };
    }
  }
}

/** @param source of a URL, and of what cannot be looked at, the size is unknown; the upload tells why */
function isSmall(source: string): Promise<boolean> {
  return stat(source).then(
    (found) => found.isFile() && found.size <= smallBytes,
    () => false,
  );
}
