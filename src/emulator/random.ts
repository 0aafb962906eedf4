import { createHash, randomBytes } from "node:crypto";

/** Makes the identifiers the service would make; with a seed the same ones in the same order in every run. */
export class Identifiers {
  readonly #seed: number | undefined;
  #counter = 0;

  constructor(seed: number | undefined) {
    this.#seed = seed;
  }

  bytes(length: number): Buffer {
    if (this.#seed === undefined) return randomBytes(length);
    const blocks: Buffer[] = [];
    for (let made = 0; made < length; made += 32) {
      blocks.push(createHash("sha256").update(`${this.#seed}:${this.#counter++}`).digest());
    }
    return Buffer.concat(blocks).subarray(0, length);
  }

  hex(length: number): string {
    return this.bytes(Math.ceil(length / 2))
      .toString("hex")
      .slice(0, length);
  }

  /** Decimal digits, the first not 0. */
  digits(length: number): string {
    const text = [...this.bytes(length)].map((byte) => String(byte % 10)).join("");
    return `${1 + (Number(text[0]) % 9)}${text.slice(1)}`;
  }

  /** `[0-9A-Za-z]`. */
  word(length: number): string {
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    return [...this.bytes(length)].map((byte) => alphabet[byte % alphabet.length]).join("");
  }

  uuid(): string {
    const hex = this.hex(32);
    const parts = [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `a${hex.slice(17, 20)}`, hex.slice(20)];
    return parts.join("-");
  }
}
