import { hostStart, instantiateCrc64, maxHostBytes, type Crc64Instance } from "./crc64-module.ts";

// Page-aligned buffers: no two share a cache line or a page of the kernel's copy.
const alignment = 4096;

/**
 * Buffers of one size that live where the CRC64 is computed, so that a file read lands there and nothing is copied in
 * between. They are ordinary Buffers otherwise, zeroed at first, and never detach.
 *
 * The whole is reserved at once, with 64 KiB on top, though the system provides a page only when it is first touched;
 * it is given back when neither the arena nor any of its buffers is referenced any more. Each arena also takes several
 * GiB of address space (not of memory), so make few and keep them.
 */
export class Crc64Arena {
  readonly buffers: readonly Buffer[];
  readonly #instance: Crc64Instance;
  readonly #stride: number;

  /**
   * @param count - buffers, at least 1
   * @param bufferSize - bytes of each, at least 1; all together must stay below 4 GiB
   * @throws RangeError when the sizes are out of range or the memory cannot be had
   */
  constructor(count: number, bufferSize: number) {
    if (!Number.isSafeInteger(count) || !Number.isSafeInteger(bufferSize) || count < 1 || bufferSize < 1) {
      throw new RangeError(`An arena needs at least one buffer of at least one byte, got ${count} of ${bufferSize}`);
    }
    const stride = Math.ceil(bufferSize / alignment) * alignment;
    if (count * stride > maxHostBytes) {
      throw new RangeError(`An arena holds less than 4 GiB, got ${count} buffers of ${bufferSize} bytes`);
    }
    const instance = instantiateCrc64(count * stride);
    this.#instance = instance;
    this.#stride = stride;
    this.buffers = Array.from({ length: count }, (_, index) =>
      Buffer.from(instance.memory, hostStart + index * stride, bufferSize),
    );
  }

  /**
   * The CRC64 of `length` bytes of a buffer from `offset` on, following bytes whose CRC64 is `previous` (0n: none).
   * The buffer is read in place and left as it is.
   *
   * @throws RangeError when the range is not inside the buffer
   */
  crc(bufferIndex: number, offset: number, length: number, previous = 0n): bigint {
    const size = this.buffers[bufferIndex]?.length;
    const whole = Number.isSafeInteger(offset) && Number.isSafeInteger(length);
    // The module would read a neighbour's bytes without complaint.
    if (size === undefined || !whole || offset < 0 || length < 0 || offset + length > size) {
      throw new RangeError(`Buffer ${bufferIndex} of the arena has no ${length} bytes from ${offset} on`);
    }
    return this.#instance.crc64(hostStart + bufferIndex * this.#stride + offset, length, previous);
  }
}
