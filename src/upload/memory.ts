/** Gives reserved bytes back; further calls do nothing. */
export type Release = () => void;

interface Waiter {
  readonly bytes: number;
  readonly grant: (release: Release) => void;
}

/**
 * The bytes that all uploads of a client may buffer together. A buffer is reserved here before it is filled, and who
 * asks first is served first.
 *
 * There is no deadlock as long as whoever holds a reservation can finish without another one: the part assembler sees
 * to that by sealing a part early when nothing more can be had.
 */
export class MemoryBudget {
  readonly total: number;
  #used = 0;
  readonly #queue: Waiter[] = [];

  /** @param total bytes */
  constructor(total: number) {
    this.total = total;
  }

  /** Bytes reserved now. */
  get used(): number {
    return this.#used;
  }

  /** Whether somebody waits: then to hold less is to help. */
  get contended(): boolean {
    return this.#queue.length > 0;
  }

  /** Reserves at once or not at all; never overtakes those who wait. */
  tryReserve(bytes: number): Release | undefined {
    if (this.#queue.length > 0 || !this.#fits(bytes)) return undefined;
    return this.#take(bytes);
  }

  /**
   * Reserves, waiting for others if need be. What exceeds the whole budget is granted once nothing else is reserved:
   * a budget that is too small makes things slow, not impossible.
   * @throws the signal's own reason
   */
  async reserve(bytes: number, signal: AbortSignal): Promise<Release> {
    signal.throwIfAborted();
    const now = this.tryReserve(bytes);
    if (now !== undefined) return now;
    return new Promise<Release>((resolve, reject) => {
      const waiter: Waiter = {
        bytes,
        grant: (release) => {
          signal.removeEventListener("abort", leave);
          resolve(release);
        },
      };
      const leave = (): void => {
        this.#queue.splice(this.#queue.indexOf(waiter), 1);
        reject(signal.reason as Error);
        this.#serve();
      };
      signal.addEventListener("abort", leave, { once: true });
      this.#queue.push(waiter);
    });
  }

  #fits(bytes: number): boolean {
    return this.#used === 0 || this.#used + bytes <= this.total;
  }

  #take(bytes: number): Release {
    this.#used += bytes;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#used -= bytes;
      this.#serve();
    };
  }

  #serve(): void {
    for (let next = this.#queue[0]; next !== undefined && this.#fits(next.bytes); next = this.#queue[0]) {
      this.#queue.shift();
      next.grant(this.#take(next.bytes));
    }
  }
}
