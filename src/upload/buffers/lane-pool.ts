import type { MemoryBudget, Release } from "./budget.ts";
import { Crc64Arena } from "../../cos/crc64.ts";

/**
 * Bytes of one read and one write: large enough that calls cost nothing, small enough that 32 connections need 16 MiB.
 */
export const laneBufferSize: number = 256 * 1024;

/** More connections than this never read files at the same time. */
const maxLanes = 64;

/**
 * Two buffers for one connection: while one is written to the socket, the next piece of the file is read into the
 * other. They live inside the CRC's memory, so that a file's bytes are checked where they were read.
 */
export interface Lane {
  readonly buffers: readonly [Buffer, Buffer];
  /** CRC-64/XZ over the first `length` bytes of buffer `which`, continued from `previous`. */
  crc(which: 0 | 1, length: number, previous: bigint): bigint;
  release(): void;
}

/** The lanes of a client; each is counted against the memory budget while it is in use. */
export class LanePool {
  readonly #budget: MemoryBudget;
  #arena: Crc64Arena | undefined;
  readonly #free: number[] = [];
  #made = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(budget: MemoryBudget) {
    this.#budget = budget;
  }

  /** @throws the signal's own reason */
  async acquire(signal: AbortSignal): Promise<Lane> {
    const release = await this.#budget.reserve(2 * laneBufferSize, signal);
    try {
      const index = await this.#take(signal);
      return this.#lane(index, release);
    } catch (error) {
      release();
      throw error;
    }
  }

  async #take(signal: AbortSignal): Promise<number> {
    for (;;) {
      signal.throwIfAborted();
      const index = this.#free.pop();
      if (index !== undefined) return index;
      if (this.#made < maxLanes) return this.#made++;
      await this.#freed(signal);
    }
  }

  /** Resolves when a lane was given back; who gives up waiting leaves the line, or a wake-up would be lost on them. */
  #freed(signal: AbortSignal): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const wake = (): void => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(wake), 1);
        reject(signal.reason as Error);
      };
      signal.addEventListener("abort", leave, { once: true });
      this.#waiting.push(wake);
    });
  }

  #lane(index: number, release: Release): Lane {
    // Untouched pages cost nothing: the arena is as large as it may ever get, and views of it never detach.
    const arena = (this.#arena ??= new Crc64Arena(2 * maxLanes, laneBufferSize));
    const first = arena.buffers[2 * index];
    const second = arena.buffers[2 * index + 1];
    if (first === undefined || second === undefined) throw new RangeError(`lane ${index} does not exist`);
    let held = true;
    const sent = this.#budget.sending();
    return {
      buffers: [first, second],
      crc: (which, length, previous) => arena.crc(2 * index + which, 0, length, previous),
      release: () => {
        if (!held) return;
        held = false;
        this.#free.push(index);
        this.#waiting.shift()?.();
        sent();
        release();
      },
    };
  }
}
