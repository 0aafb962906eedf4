import { hostStart, instantiateCrc64, type Crc64Instance } from "./crc64-module.ts";

export { Crc64Arena } from "./crc64-arena.ts";

/** Bytes copied at a time into the module's memory: small enough to stay in the cache. */
const stagingBytes = 128 * 1024;

interface Shared extends Crc64Instance {
  readonly staging: Uint8Array;
}

let instance: Shared | undefined;

// One for all: a call leaves nothing behind in it, as the CRC goes in and out.
function shared(): Shared {
  if (instance === undefined) {
    const fresh = instantiateCrc64(stagingBytes);
    instance = { ...fresh, staging: new Uint8Array(fresh.memory, hostStart, stagingBytes) };
  }
  return instance;
}

function extend(crc: bigint, bytes: Uint8Array): bigint {
  const { staging, crc64: run } = shared();
  let result = crc;
  for (let at = 0; at < bytes.length; at += stagingBytes) {
    const piece = bytes.length <= stagingBytes ? bytes : bytes.subarray(at, at + stagingBytes);
    staging.set(piece);
    result = run(hostStart, piece.length, result);
  }
  return result;
}

/**
 * Computes COS's CRC64 (CRC-64/XZ: ECMA-182 reflected, initial value and final XOR all ones) over bytes that come in
 * pieces. `String(digest())` is the unsigned decimal text of `x-cos-hash-crc64ecma` (cos 436/7749; wire §8.1).
 *
 * @example
 * new Crc64().update(Buffer.from("123456789")).digest() // 11051210869376104954n
 */
export class Crc64 {
  #crc: bigint;

  constructor() {
    this.#crc = 0n;
  }

  /** Adds bytes; the cut between two calls does not matter. */
  update(bytes: Uint8Array): this {
    this.#crc = extend(this.#crc, bytes);
    return this;
  }

  /** The CRC of everything added so far, 0 to 2^64 - 1; more may be added after it. */
  digest(): bigint {
    return this.#crc;
  }

  /** Starts over. */
  reset(): this {
    this.#crc = 0n;
    return this;
  }
}

/** The CRC64 of `bytes`, 0 to 2^64 - 1: see {@link Crc64}. */
export function crc64(bytes: Uint8Array): bigint {
  return extend(0n, bytes);
}

/**
 * The CRC64 of `A` followed by `B` from theirs, in O(log length): what verifies a whole object by its parts' CRCs
 * without reading it again (wire §8.2).
 *
 * @param a - CRC64 of `A`
 * @param b - CRC64 of `B`
 * @param lengthOfB - bytes in `B`, 0 to 2^53 - 1
 * @throws RangeError when the length is not such a number
 */
export function crc64Combine(a: bigint, b: bigint, lengthOfB: number): bigint {
  if (!Number.isSafeInteger(lengthOfB) || lengthOfB < 0) {
    throw new RangeError(`lengthOfB must be an integer from 0 to 2^53 - 1, got ${lengthOfB}`);
  }
  return shared().combine(a, b, BigInt(lengthOfB));
}
