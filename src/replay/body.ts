/**
 * Bodies made by rule instead of stored: a cassette stays small and another language makes the same bytes.
 */
import { createHash } from "node:crypto";

/** The text's UTF-8 bytes, over and over. */
export interface RepeatBody {
  readonly gen: "repeat";
  readonly text: string;
  /** Bytes of the body. */
  readonly length: number;
  /** Bytes of the sequence left out before the first one; default 0. Makes a part out of a whole. */
  readonly skip?: number | undefined;
}

/** Marsaglia's xorshift32 (13, 17, 5); every state after the seed gives four bytes, least significant first. */
export interface Xorshift32Body {
  readonly gen: "xorshift32";
  /** 1 to 2^32 − 1; 0 would stay 0. */
  readonly seed: number;
  readonly length: number;
  readonly skip?: number | undefined;
}

export type GeneratedBody = RepeatBody | Xorshift32Body;

const chunkBytes = 65_536;

function* repeated(text: string): Generator<Uint8Array, never> {
  const unit = Buffer.from(text, "utf8");
  const block = Buffer.alloc(unit.length * Math.max(1, Math.floor(chunkBytes / unit.length)));
  block.fill(unit);
  for (;;) yield block;
}

function* xorshift32(seed: number): Generator<Uint8Array, never> {
  let state = seed >>> 0;
  for (;;) {
    const block = Buffer.allocUnsafe(chunkBytes);
    for (let at = 0; at < chunkBytes; at += 4) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      block.writeInt32LE(state | 0, at);
    }
    yield block;
  }
}

/** The body in pieces of at most 64 KiB, so that a large one is never held whole. */
export function* bodyChunks(spec: GeneratedBody): Generator<Uint8Array, void> {
  let skip = spec.skip ?? 0;
  let left = spec.length;
  if (left === 0) return;
  for (const block of spec.gen === "repeat" ? repeated(spec.text) : xorshift32(spec.seed)) {
    if (skip >= block.length) {
      skip -= block.length;
      continue;
    }
    const piece = block.subarray(skip, skip + left);
    skip = 0;
    left -= piece.length;
    yield piece;
    if (left === 0) return;
  }
}

/** The whole body in one array. */
export function generateBody(spec: GeneratedBody): Uint8Array {
  return Buffer.concat([...bodyChunks(spec)]);
}

/** Lower-case hexadecimal SHA-256 of the body, without holding it. */
export function bodySha256(spec: GeneratedBody): string {
  const hash = createHash("sha256");
  for (const piece of bodyChunks(spec)) hash.update(piece);
  return hash.digest("hex");
}
