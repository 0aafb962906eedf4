import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Crc64Arena, crc64 } from "../../src/cos/crc64.ts";

describe("Crc64Arena", () => {
  const size = 50_001;
  const arena = new Crc64Arena(3, size);
  arena.buffers.forEach((buffer, index) => {
    for (let at = 0; at < size; at += 1) buffer[at] = Math.imul(at + 1, 0x9e37 + 2 * index) >>> 7;
  });

  test("has zeroed buffers of the size asked for, apart from one another", () => {
    const fresh = new Crc64Arena(4, 4_097);
    expect(fresh.buffers.map((buffer) => buffer.length)).toEqual([4_097, 4_097, 4_097, 4_097]);
    expect(fresh.buffers.every((buffer) => buffer.every((byte) => byte === 0))).toBe(true);
    fresh.buffers.forEach((buffer, index) => buffer.fill(index + 1));
    fresh.buffers.forEach((buffer, index) => expect(buffer.every((byte) => byte === index + 1)).toBe(true));
  });

  test("gives the plain CRC of any range of any buffer, after any bytes before", () => {
    const range = fc.tuple(fc.nat(2), fc.nat(size), fc.nat(size)).map(([index, a, b]) => {
      return { index, from: Math.min(a, b), to: Math.max(a, b) };
    });
    fc.assert(
      fc.property(range, range, (first, second) => {
        const pieces = [first, second].map(({ index, from, to }) => arena.buffers[index]?.subarray(from, to));
        let crc = 0n;
        for (const { index, from, to } of [first, second]) crc = arena.crc(index, from, to - from, crc);
        expect(crc).toBe(crc64(Buffer.concat(pieces.map((piece) => piece ?? Buffer.of()))));
      }),
    );
  });

  test("takes no previous CRC for none", () => {
    expect(arena.crc(1, 5, 1_000)).toBe(arena.crc(1, 5, 1_000, 0n));
    expect(arena.crc(1, 5, 0, 77n)).toBe(77n);
  });

  test("leaves the bytes as they were", () => {
    const before = arena.buffers.map((buffer) => Buffer.from(buffer));
    for (let index = 0; index < 3; index += 1) arena.crc(index, 0, size);
    expect(arena.buffers.every((buffer, index) => before[index]?.equals(buffer))).toBe(true);
  });

  test("takes file reads where the CRC runs", async () => {
    const folder = await mkdtemp(join(tmpdir(), "arena-"));
    try {
      const bytes = Buffer.alloc(size, "some bytes of a video ");
      await writeFile(join(folder, "file"), bytes);
      const file = await open(join(folder, "file"));
      const own = new Crc64Arena(2, size);
      await Promise.all(own.buffers.map((target) => file.read(target, 0, size, 0)));
      await file.close();
      expect(own.crc(0, 0, size)).toBe(crc64(bytes));
      expect(own.crc(1, 100, size - 100)).toBe(crc64(bytes.subarray(100)));
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test("lends bytes to the plain CRC too", () => {
    const [buffer] = arena.buffers;
    expect(crc64(buffer ?? Buffer.of(0))).toBe(arena.crc(0, 0, size));
  });

  test.each([
    [3, 0, 1],
    [-1, 0, 1],
    [0.5, 0, 1],
    [0, -1, 1],
    [0, 0, -1],
    [0, 0, size + 1],
    [0, size, 1],
    [0, 1, size],
    [0, 0.5, 1],
    [0, 0, Number.NaN],
    [0, 2 ** 32, 0],
  ])("refuses buffer %d from %d, %d bytes", (index, offset, length) => {
    expect(() => arena.crc(index, offset, length)).toThrow(RangeError);
  });

  test.each([
    [0, 1],
    [1, 0],
    [1.5, 10],
    [1, Number.NaN],
    [-1, -1],
    [4_096, 2 ** 20],
    [1, 2 ** 53],
  ])("refuses %d buffers of %d bytes", (count, bufferSize) => {
    expect(() => new Crc64Arena(count, bufferSize)).toThrow(RangeError);
  });
});
