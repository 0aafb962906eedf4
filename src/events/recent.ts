/**
 * The keys of the last while, in bounded memory: the oldest go first, by age or when there are too many. A key costs
 * some 150 bytes, so the default of 10,000 is 1.5 MB.
 */
export class Recent {
  readonly #limit: number;
  readonly #lifeMs: number;
  readonly #now: () => number;
  /** Key → when it was added; a Map keeps the order of insertion. */
  readonly #added = new Map<string, number>();

  constructor(options: { readonly limit: number; readonly lifeMs: number; readonly now: () => number }) {
    this.#limit = options.limit;
    this.#lifeMs = options.lifeMs;
    this.#now = options.now;
  }

  has(key: string): boolean {
    this.#expire();
    return this.#added.has(key);
  }

  /** Adds a key, as the youngest. */
  add(key: string): void {
    this.#added.delete(key);
    this.#added.set(key, this.#now());
    this.#expire();
  }

  delete(key: string): void {
    this.#added.delete(key);
  }

  get size(): number {
    return this.#added.size;
  }

  #expire(): void {
    const oldest = this.#now() - this.#lifeMs;
    for (const [key, addedAt] of this.#added) {
      if (addedAt > oldest && this.#added.size <= this.#limit) return;
      this.#added.delete(key);
    }
  }
}
