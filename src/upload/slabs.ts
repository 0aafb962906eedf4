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
