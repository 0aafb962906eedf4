/** What is known of an entry, as flags that add up. */
export const known = {
  /** It stands in the manifest. */
  listed: 1,
  /** The journal has its result. */
  done: 2,
  /** Whether it was committed cannot be told, so that nobody but a person may have it sent again. */
  uncertain: 4,
  /** This run has had it in hand. */
  taken: 8,
} as const;

const wordsOfKey = 4;
const firstSlots = 1024;

/**
 * Flags by key, in 17 bytes a slot: with a Map of strings, a million entries would take some 200 MB, here 36. Open
 * addressing; keys are digests, so that their own bits spread them.
 */
export class KeyTable {
  #slots: number = firstSlots;
  #keys: Uint32Array = new Uint32Array(firstSlots * wordsOfKey);
  /** 0 is a free slot. */
  #flags: Uint8Array = new Uint8Array(firstSlots);
  #used = 0;

  /** @param key 32 hexadecimal digits */
  get(key: string): number {
    return this.#flags[this.#find(wordsOf(key))] ?? 0;
  }

  has(key: string, flag: number): boolean {
    return (this.get(key) & flag) !== 0;
  }

  /** Adds a flag; the others stay. */
  add(key: string, flag: number): void {
    const words = wordsOf(key);
    this.#put(words, (this.#flags[this.#find(words)] ?? 0) | flag);
    // More than half full, searches become long.
    if (this.#used * 2 > this.#slots) this.#grow();
  }

  get size(): number {
    return this.#used;
  }

  #put(words: Uint32Array, flags: number): void {
    const slot = this.#find(words);
    if (this.#flags[slot] === 0) {
      this.#keys.set(words, slot * wordsOfKey);
      this.#used += 1;
    }
    this.#flags[slot] = flags;
  }

  /** The key's slot, or the free one where it belongs. */
  #find(words: Uint32Array): number {
    let slot = (words[0] ?? 0) % this.#slots;
    while (this.#flags[slot] !== 0 && !this.#isAt(slot, words)) slot = (slot + 1) % this.#slots;
    return slot;
  }

  #isAt(slot: number, words: Uint32Array): boolean {
    for (let index = 0; index < wordsOfKey; index += 1) {
      if (this.#keys[slot * wordsOfKey + index] !== words[index]) return false;
    }
    return true;
  }

  #grow(): void {
    const [keys, flags] = [this.#keys, this.#flags];
    this.#slots *= 2;
    this.#keys = new Uint32Array(this.#slots * wordsOfKey);
    this.#flags = new Uint8Array(this.#slots);
    this.#used = 0;
    flags.forEach((flag, slot) => {
      if (flag !== 0) this.#put(keys.subarray(slot * wordsOfKey, (slot + 1) * wordsOfKey), flag);
    });
  }
}

function wordsOf(key: string): Uint32Array {
  return Uint32Array.from({ length: wordsOfKey }, (_, index) =>
    Number.parseInt(key.slice(index * 8, index * 8 + 8), 16),
  );
}
