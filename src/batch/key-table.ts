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
  /** Uploaded, and its file is another one since. */
  changed: 16,
  /** Nothing more than that it was heard of. */
  known: 32,
} as const;

const wordsOfKey = 4;
const firstSlots = 1024;

/**
 * Flags and two marks by key, in 25 bytes a slot: with a Map of strings, a million entries would take some 200 MB, here
 * 52. Open addressing; keys are digests, so that their own bits spread them.
 */
export class KeyTable {
  #slots: number = firstSlots;
  #keys: Uint32Array = new Uint32Array(firstSlots * wordsOfKey);
  /** 0 is a free slot. */
  #flags: Uint8Array = new Uint8Array(firstSlots);
  /** Two a slot. */
  #marks: Uint32Array = new Uint32Array(firstSlots * 2);
  #used = 0;

  /** Keeps what a key's files were known by (see seen.ts). */
  mark(key: string, seen: string | undefined): void {
    const slot = this.#find(wordsOf(key));
    this.#marks[2 * slot] = Number.parseInt(seen?.slice(0, 8) ?? "0", 16);
    this.#marks[2 * slot + 1] = Number.parseInt(seen?.slice(8, 16) ?? "0", 16);
  }

  /** How files compare with what was marked: `unknown` when nothing was. */
  compare(key: string, seen: string | undefined): "same" | "moved" | "changed" | "unknown" {
    const slot = this.#find(wordsOf(key));
    const [content = 0, stamp = 0] = [this.#marks[2 * slot], this.#marks[2 * slot + 1]];
    if (seen === undefined || content === 0) return "unknown";
    if (content !== Number.parseInt(seen.slice(0, 8), 16)) return "changed";
    return stamp === Number.parseInt(seen.slice(8, 16), 16) ? "same" : "moved";
  }

  /** Takes a flag away. */
  clear(key: string, flag: number): void {
    const slot = this.#find(wordsOf(key));
    const flags = this.#flags[slot] ?? 0;
    // A slot without any flag is a free one.
    if (flags !== 0) this.#flags[slot] = (flags & ~flag) | known.known;
  }

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
    const [keys, flags, marks] = [this.#keys, this.#flags, this.#marks];
    this.#slots *= 2;
    this.#keys = new Uint32Array(this.#slots * wordsOfKey);
    this.#flags = new Uint8Array(this.#slots);
    this.#marks = new Uint32Array(this.#slots * 2);
    this.#used = 0;
    flags.forEach((flag, slot) => {
      if (flag === 0) return;
      const words = keys.subarray(slot * wordsOfKey, (slot + 1) * wordsOfKey);
      this.#put(words, flag);
      this.#marks.set(marks.subarray(2 * slot, 2 * slot + 2), 2 * this.#find(words));
    });
  }
}

function wordsOf(key: string): Uint32Array {
  return Uint32Array.from({ length: wordsOfKey }, (_, index) =>
    Number.parseInt(key.slice(index * 8, index * 8 + 8), 16),
  );
}
