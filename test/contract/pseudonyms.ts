/** One made-up value for each real one, the same wherever it stands. */
import type { SubjectKeys } from "./subject.ts";

/** Mulberry32: what is made up must depend on nothing real, or it could be guessed back. */
function drawer(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const alphabets = [
  [/[0-9]/, "0123456789"],
  [/[a-f]/, "abcdef"],
  [/[g-z]/, "ghijklmnopqrstuvwxyz"],
  [/[A-Z]/, "BCDEFGHIJLMNOPQRSTUVWXYZ"],
] as const;

/** Shorter values would be found in words that have nothing to do with them. */
const shortest = 6;

export class Pseudonyms {
  readonly #fakes = new Map<string, string>();
  readonly #numbers = new Map<number, number>();
  readonly #keys = new Map<string, { readonly real: SubjectKeys; readonly fake: SubjectKeys }>();
  readonly #draw = drawer(1);
  #pattern: RegExp | undefined;

  /** Everything that was learned and must not be on any disk. */
  get secrets(): string[] {
    return [...this.#fakes].filter(([real, fake]) => real !== fake).map(([real]) => real);
  }

  get accountKeys(): SubjectKeys {
    const [first] = this.#keys.values();
    if (first === undefined) throw new Error("no keys are known");
    return first.fake;
  }

  get certificates(): SubjectKeys[] {
    return [...this.#keys.values()].slice(1).map(({ fake }) => fake);
  }

  keysOf(secretId: string): { readonly real: SubjectKeys; readonly fake: SubjectKeys } | undefined {
    return this.#keys.get(secretId);
  }

  /** A value that only has to be recognised: the same length, digits for digits, letters for letters. */
  label(real: string): void {
    if (real.length < shortest || this.#fakes.has(real)) return;
    const fake = real.replaceAll(/[0-9A-Za-z]/g, (each) => {
      const alphabet = alphabets.find(([pattern]) => pattern.test(each))?.[1] ?? each;
      return alphabet[Math.floor(this.#draw() * alphabet.length)] ?? each;
    });
    this.replace(real, fake);
  }

  replace(real: string, fake: string): void {
    if (real === "" || this.#fakes.has(real)) return;
    this.#fakes.set(real, fake);
    this.#pattern = undefined;
  }

  number(real: number, fake: number): void {
    this.#numbers.set(real, fake);
    this.replace(String(real), String(fake));
  }

  /** The account's keys first, then every certificate. */
  keys(real: SubjectKeys): void {
    if (this.#keys.has(real.secretId)) return;
    const count = this.#keys.size;
    const tail = String(count).padStart(4, "0");
    const kind = count === 0 ? "" : "TEMPORARY";
    const fake = {
      secretId: `AKIDEXAMPLE${kind}`.padEnd(32, "0") + tail,
      secretKey: `EXAMPLE${kind}KEY`.padEnd(28, "0") + tail,
      ...(real.token === undefined ? {} : { token: `EXAMPLETOKEN+${tail}/0000==` }),
    };
    this.#keys.set(real.secretId, { real, fake });
    this.replace(real.secretId, fake.secretId);
    this.replace(real.secretKey, fake.secretKey);
    if (real.token !== undefined) this.replace(real.token, fake.token ?? "");
  }

  text(real: string): string {
    if (this.#fakes.size === 0) return real;
    // The longest first: a FileId may be part of a path that is known as a whole.
    this.#pattern ??= new RegExp(
      [...this.#fakes.keys()]
        .sort((a, b) => b.length - a.length)
        .map((each) => each.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"))
        .join("|"),
      "g",
    );
    return real.replaceAll(this.#pattern, (each) => this.#fakes.get(each) ?? each);
  }

  numberFor(real: number): number {
    return this.#numbers.get(real) ?? real;
  }
}
