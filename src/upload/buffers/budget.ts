import { outOfRange } from "../../errors.ts";
import { clearTimeout, setTimeout } from "node:timers";

/** Memory for streams is reserved and filled in pieces of this size, which is also the smallest part. */
export const slabSize: number = 2 ** 20;

/** More than this is given back to the system: 32 MiB. */
const mostKept = 32;

/**
 * Slabs that were used and can be used again. A stream of gigabytes passes through a few of them; left to the garbage
 * collector, each would count as resident until it came round.
 */
export class SlabStock {
  readonly #free: Buffer[] = [];

  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(slabSize);
  }

  /** The caller must not touch it again. */
  give(slab: Buffer): void {
    if (this.#free.length < mostKept) this.#free.push(slab);
  }
}

/** Gives reserved bytes back; further calls do nothing. */
export type Release = () => void;

interface Waiter {
  readonly bytes: number;
  readonly grant: (release: Release) => void;
}

/** Milliseconds without memory changing hands after which those who wait may be waiting for each other. */
export const shortageMs = 500;

/**
 * The bytes that all uploads of a client may buffer together. A buffer is reserved here before it is filled, and who
 * asks first is served first.
 *
 * There is no deadlock as long as a holder of a reservation can end without another one, and without anything that
 * others must do first: the part assembler sees to that by sealing a part early, when nothing more can be had and when
 * this room tells of a shortage.
 */
export class MemoryBudget {
  readonly total: number;
  /** What reserved memory of streams is made of. */
  readonly slabs: SlabStock = new SlabStock();
  #used = 0;
  readonly #queue: Waiter[] = [];
  readonly #listeners = new Set<() => void>();
  #watch: NodeJS.Timeout | undefined;
  #sending = 0;

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

  /**
   * Counts something that is on its way to the service: its memory will come back, so that waiting for it is not for
   * ever.
   * @returns what tells that it has arrived, or failed
   */
  sending(): Release {
    this.#sending += 1;
    let open = true;
    return () => {
      if (open) this.#sending -= 1;
      open = false;
    };
  }

  /**
   * Tells of a shortage: somebody waits, nothing is on its way to the service, and no memory has changed hands for
   * {@link shortageMs}. Told again as long as it lasts.
   * @returns what ends the telling
   */
  onShortage(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Reserves at once or not at all; never overtakes those who wait. */
  tryReserve(bytes: number): Release | undefined {
    if (this.#queue.length > 0 || !this.#fits(bytes)) return undefined;
    return this.#take(bytes);
  }

  /** Reserves at once, beyond the budget if need be: for little, and only where waiting would never end. */
  exceed(bytes: number): Release {
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
        if (this.#queue.length === 0) this.#watchFrom(true);
      };
      signal.addEventListener("abort", leave, { once: true });
      this.#queue.push(waiter);
      this.#watchFrom(this.#watch === undefined);
    });
  }

  #fits(bytes: number): boolean {
    return this.#used === 0 || this.#used + bytes <= this.total;
  }

  /** Begins to wait for a shortage, or begins again because memory has changed hands. */
  #watchFrom(fromNow: boolean): void {
    if (!fromNow) return;
    clearTimeout(this.#watch);
    this.#watch = undefined;
    if (this.#queue.length === 0) return;
    this.#watch = setTimeout(() => {
      if (this.#sending === 0) for (const listener of this.#listeners) listener();
      this.#watchFrom(true);
    }, shortageMs);
  }

  #take(bytes: number): Release {
    this.#used += bytes;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#used -= bytes;
      this.#serve();
      this.#watchFrom(true);
    };
  }

  #serve(): void {
    for (let next = this.#queue[0]; next !== undefined && this.#fits(next.bytes); next = this.#queue[0]) {
      this.#queue.shift();
      next.grant(this.#take(next.bytes));
    }
  }
}

/** Bytes. */
const [preset, least] = [256 * 2 ** 20, 2 ** 20];

/** @throws RangeError `ERR_INVALID_ARG_VALUE` */
export function readMemoryBudget(bytes: number = preset): number {
  if (Number.isSafeInteger(bytes) && bytes >= least) return bytes;
  throw outOfRange("memoryBudget", "must be a number of bytes from 1 MiB (1048576) up", bytes);
}
