import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { GeneratedBody } from "../../src/replay/body.ts";
import { bodyChunks, bodySha256, generateBody } from "../../src/replay/body.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

describe("generated bodies", () => {
  it("repeat: the text's UTF-8 bytes, cut at the length", () => {
    expect(Buffer.from(generateBody({ gen: "repeat", text: "abc", length: 7 })).toString()).toBe("abcabca");
    expect(hex(generateBody({ gen: "repeat", text: "é", length: 3 }))).toBe("c3a9c3");
    expect(generateBody({ gen: "repeat", text: "a", length: 0 })).toHaveLength(0);
  });

  it("xorshift32: the published sequence, least significant byte first", () => {
    // The first states after seed 1 with shifts 13, 17, 5: 270369, 67634689, 2647435461, 307599695.
    const expected = Buffer.alloc(16);
    [270_369, 67_634_689, 2_647_435_461, 307_599_695].forEach((state, at) => expected.writeUInt32LE(state, at * 4));
    expect(hex(generateBody({ gen: "xorshift32", seed: 1, length: 16 }))).toBe(expected.toString("hex"));
    expect(hex(generateBody({ gen: "xorshift32", seed: 1, length: 5 }))).toBe(expected.subarray(0, 5).toString("hex"));
  });

  it.each([
    // Computed with another implementation of the rules, in Python.
    [
      { gen: "xorshift32", seed: 1, length: 1_048_576 },
      "0ecb850fce5b65a04282a0faa4bb46b985c9726dbca042e0bbc83a31f10f03ff",
    ],
    [
      { gen: "xorshift32", seed: 1, length: 1_048_577 },
      "9374b7294335637b242546c17e756a0abf15f93781e8804d0b4f845bec19b180",
    ],
    [
      { gen: "xorshift32", seed: 4_294_967_295, length: 1000 },
      "40ff1dc00d158ea81fca447e210fb63e816706f46a2713cb621fac0bba454404",
    ],
    [
      { gen: "repeat", text: "vodup\n", length: 1_048_576 },
      "76d90fe956ef739f439f779e353f4f6e4132f1fc7e4e6abeffa025bd2f248d0a",
    ],
  ] as const)("%o has a known SHA-256", (spec, sha256) => {
    expect(bodySha256(spec)).toBe(sha256);
    expect(createHash("sha256").update(generateBody(spec)).digest("hex")).toBe(sha256);
  });

  it("skip is the same as cutting it off, at any place", () => {
    const spec = fc.oneof(
      fc.record({
        gen: fc.constant("repeat" as const),
        text: fc.string({ minLength: 1, maxLength: 40, unit: "grapheme" }),
      }),
      fc.record({ gen: fc.constant("xorshift32" as const), seed: fc.integer({ min: 1, max: 0xffff_ffff }) }),
    );
    const length = fc.oneof(
      fc.nat(100),
      fc.integer({ min: 65_500, max: 65_600 }),
      fc.integer({ min: 131_000, max: 131_100 }),
    );
    fc.assert(
      fc.property(spec, length, length, (kind, skip, take) => {
        const whole = generateBody({ ...kind, length: skip + take });
        const part: GeneratedBody = { ...kind, skip, length: take };
        expect(Buffer.compare(generateBody(part), whole.subarray(skip))).toBe(0);
        expect(bodySha256(part)).toBe(createHash("sha256").update(whole.subarray(skip)).digest("hex"));
      }),
      { numRuns: 60 },
    );
  });

  it("come in pieces that stay as they are", () => {
    const pieces = [...bodyChunks({ gen: "xorshift32", seed: 9, length: 200_000 })];
    expect(pieces.length).toBeGreaterThan(2);
    expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThanOrEqual(65_536);
    expect(Buffer.compare(Buffer.concat(pieces), generateBody({ gen: "xorshift32", seed: 9, length: 200_000 }))).toBe(
      0,
    );
  });
});
