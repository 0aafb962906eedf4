import { stat } from "node:fs/promises";
import { inParallel } from "../http/in-parallel.ts";

/** Files up to this size go in one request (part-plan.ts). Their uploads wait for answers nearly all of their time. */
const smallBytes = 8 * 2 ** 20;

/** How many entries are in hand at a time: so many, and some more of small files. */
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

  /** However many of them are small. */
  get mostEver(): number {
    return this.#most + this.#moreSmall;
  }

  /**
   * Has each entry worked at.
   * @throws as inParallel does
   */
  async each<T extends { readonly source: string }>(
    entries: AsyncIterable<T>,
    signal: AbortSignal,
    work: (entry: T, signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    await inParallel({
      items: () => this.#weighed(entries),
      most: () => this.#most + Math.min(this.#small, this.#moreSmall),
      signal,
      work: async ({ entry, small }, stop) => {
        try {
          await work(entry, stop);
        } finally {
          this.#small -= small;
        }
      },
    });
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
