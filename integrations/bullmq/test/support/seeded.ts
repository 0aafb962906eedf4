/** Mulberry32: the same numbers in [0, 1) on every machine. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Bytes that differ in every word and from seed to seed, so that no part can stand for another. */
export function content(size: number, seed: number): Buffer {
  const words = new BigUint64Array(Math.ceil(size / 8));
  for (let index = 0; index < words.length; index += 1)
    words[index] = BigInt(index) * 0x9e3779b1n + (BigInt(seed) << 40n);
  return Buffer.from(words.buffer, 0, size);
}
