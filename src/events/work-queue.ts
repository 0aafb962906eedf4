import { setImmediate } from "node:timers";

/** Work to be done after the answer: a number at a time, a number waiting, in the order of arrival. */
export class WorkQueue<Item> {
  readonly #work: (item: Item) => Promise<void>;
  readonly #concurrency: number;
  readonly #limit: number;
  readonly #waiting: Item[] = [];
  #running = 0;
  #scheduled = false;
  #idle: (() => void)[] = [];

  /**
   * @param options.limit items that may wait, beside those that run
   * @param options.work must not reject
   */
  constructor(options: {
    readonly concurrency: number;
    readonly limit: number;
    readonly work: (item: Item) => Promise<void>;
  }) {
    this.#work = options.work;
    this.#concurrency = options.concurrency;
    this.#limit = options.limit;
  }

  get full(): boolean {
    return this.#waiting.length >= this.#limit;
  }

  /** Begins on the item no sooner than the current turn of the event loop has ended. */
  add(item: Item): void {
    this.#waiting.push(item);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#fill();
    });
  }

  /** Resolves when nothing waits and nothing runs. */
  async drain(): Promise<void> {
    if (this.#waiting.length === 0 && this.#running === 0) return;
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #fill(): void {
    while (this.#running < this.#concurrency) {
      const item = this.#waiting.shift();
      if (item === undefined) break;
      this.#running += 1;
      void this.#work(item).finally(() => {
        this.#running -= 1;
        this.#fill();
      });
    }
    if (this.#running > 0 || this.#waiting.length > 0) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}
