import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { createCRC64, type IHasher } from "hash-wasm";
import { beforeAll, describe, expect, test } from "vitest";
import { Crc64, crc64, crc64Combine } from "../../src/cos/crc64.ts";
import { schemaErrors } from "../support/schema-errors.ts";
import { timing } from "../support/timing.ts";

interface Vector {
  readonly tcId: number;
  readonly name: string;
  readonly flags: readonly string[];
  readonly source: { readonly kind: string };
  readonly expected: { readonly crc64: string };
}
interface BytesVector extends Vector {
  readonly payload?: string;
  readonly payloadGenerator?: { prefix: string; unit: string; count: number; suffix: string };
  readonly payloadLength: number;
}
interface CombineVector extends Vector {
  readonly a: string;
  readonly b: string;
  readonly lengthOfB: number;
}
interface VectorFile<T> {
  readonly numberOfTests: number;
  readonly sources: object;
  readonly notes: object;
  readonly tests: readonly T[];
}

const readVectors = (name: string): string =>
  readFileSync(new URL(`../../fixtures/vectors/${name}.json`, import.meta.url), "utf8");
const bytesVectors = JSON.parse(readVectors("crc64")) as VectorFile<BytesVector>;
const combineVectors = JSON.parse(readVectors("crc64-combine")) as VectorFile<CombineVector>;

let oracle: IHasher;
beforeAll(async () => {
  oracle = await createCRC64();
});
const expected = (bytes: Uint8Array): bigint => BigInt(`0x${oracle.init().update(bytes).digest("hex")}`);

/** Bytes that repeat at no short distance, the same at every run. */
function noise(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = 0x9e3779b9;
  for (let at = 0; at < length; at += 1) {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + at;
    bytes[at] = state >>> 24;
  }
  return bytes;
}
const pool = noise(600_000);

function payloadOf(vector: BytesVector): Buffer {
  const { prefix, unit, count, suffix } = vector.payloadGenerator ?? {
    prefix: vector.payload ?? "",
    unit: "",
    count: 0,
    suffix: "",
  };
  return Buffer.from(prefix + unit.repeat(count) + suffix);
}

describe("known answers", () => {
  test.each([
    ["crc64", bytesVectors],
    ["crc64-combine", combineVectors],
  ])("vectors/%s.json follows its schema and the common form", (name, file) => {
    expect(schemaErrors(name, file)).toEqual([]);
    expect(readVectors(name)).toBe(`${JSON.stringify(file, null, 2)}\n`);
    expect(file.tests.map(({ tcId }) => tcId)).toEqual(Array.from({ length: file.numberOfTests }, (_, at) => at + 1));
    expect(new Set(file.tests.map((each) => each.name)).size).toBe(file.numberOfTests);
    expect(Object.keys(file.notes).sort()).toEqual([...new Set(file.tests.flatMap(({ flags }) => flags))].sort());
    expect(Object.keys(file.sources).sort()).toEqual([...new Set(file.tests.map(({ source }) => source.kind))].sort());
  });

  test.each(bytesVectors.tests.map((vector) => [vector.name, vector] as const))("%s", (_, vector) => {
    const payload = payloadOf(vector);
    expect(payload).toHaveLength(vector.payloadLength);
    expect(String(crc64(payload))).toBe(vector.expected.crc64);
    expect(String(new Crc64().update(payload).digest())).toBe(vector.expected.crc64);
  });

  test.each(combineVectors.tests.map((vector) => [vector.name, vector] as const))("combined: %s", (_, vector) => {
    expect(String(crc64Combine(BigInt(vector.a), BigInt(vector.b), vector.lengthOfB))).toBe(vector.expected.crc64);
  });
});

describe("Crc64", () => {
  test("agrees with another implementation at every length around a word, the folding window, its blocks and the copy", () => {
    const edges = [0, 4_192, 8_384, 16_384, 20_576, 24_768, 37_152, 65_536, 131_072, 262_144];
    for (const edge of edges) {
      for (let length = Math.max(0, edge - 40); length <= edge + 40; length += 1) {
        const bytes = pool.subarray(7, 7 + length);
        if (crc64(bytes) !== expected(bytes)) expect.fail(`differs at ${length} bytes`);
      }
    }
  });

  test("agrees with another implementation on any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => {
        expect(crc64(bytes)).toBe(expected(bytes));
      }),
    );
    // Runs of one value and sparse bits would show a distance missed by the fold.
    for (const value of [0x00, 0x01, 0x80, 0xff]) {
      const bytes = new Uint8Array(50_000).fill(value);
      expect(crc64(bytes)).toBe(expected(bytes));
    }
    for (let at = 0; at < 20_000; at += 173) {
      const bytes = new Uint8Array(20_000);
      bytes[at] = 1;
      if (crc64(bytes) !== expected(bytes)) expect.fail(`differs for a bit at ${at}`);
    }
  });

  test("agrees with another implementation however long bytes are cut into pieces", () => {
    const cuts = fc.array(fc.integer({ min: 0, max: pool.length }), { maxLength: 12 });
    fc.assert(
      fc.property(cuts, fc.nat(64), (at, start) => {
        const crc = new Crc64();
        let from = start;
        for (const to of [...at.filter((cut) => cut > start).sort((a, b) => a - b), pool.length]) {
          crc.update(pool.subarray(from, to));
          from = to;
        }
        expect(crc.digest()).toBe(expected(pool.subarray(start)));
      }),
      { numRuns: 60 },
    );
  });

  test("keeps instances apart though they share memory", () => {
    const [a, b] = [new Crc64(), new Crc64()];
    for (let at = 0; at < 60_000; at += 10_000) {
      a.update(pool.subarray(at, at + 10_000));
      b.update(pool.subarray(at + 1, at + 10_001));
    }
    expect(a.digest()).toBe(expected(pool.subarray(0, 60_000)));
    expect(b.digest()).toBe(expected(pool.subarray(1, 60_001)));
  });

  test("may be read at any time, goes on after it, and starts over on reset", () => {
    const crc = new Crc64();
    expect(crc.digest()).toBe(0n);
    expect(crc.update(Buffer.from("hello ")).digest()).toBe(1796661072844795914n);
    expect(crc.digest()).toBe(1796661072844795914n);
    expect(crc.update(new Uint8Array()).update(Buffer.from("world!")).digest()).toBe(9548687815775124833n);
    expect(crc.reset().digest()).toBe(0n);
    expect(crc.update(Buffer.from("abc")).digest()).toBe(crc64(Buffer.from("abc")));
  });

  test("leaves its input alone and reads views where they begin", () => {
    const bytes = noise(300_000);
    const copy = Uint8Array.from(bytes);
    const shared = new Uint8Array(new SharedArrayBuffer(100_003), 3);
    shared.set(bytes.subarray(0, 100_000));
    expect(crc64(shared)).toBe(expected(bytes.subarray(0, 100_000)));
    expect(crc64(bytes.subarray(11))).toBe(expected(bytes.subarray(11)));
    expect(Buffer.compare(bytes, copy)).toBe(0);
  });

  test("is a number COS prints: unsigned, beyond 2^53", () => {
    expect(String(crc64(Buffer.from("123456789")))).toBe("11051210869376104954");
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const crc = crc64(bytes);
        expect(crc >= 0n && crc < 2n ** 64n).toBe(true);
      }),
    );
  });
});

describe("crc64Combine", () => {
  const crc = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
  const length = fc.oneof(fc.nat(), fc.maxSafeNat(), fc.nat(46).map((exponent) => 2 ** exponent)); // prettier-ignore

  // x^n modulo the polynomial, bit by bit in BigInt: slow, and shares nothing with the module.
  const polynomial = (1n << 64n) | 0x42f0e1eba9ea3693n;
  function multiply(a: bigint, b: bigint): bigint {
    let product = 0n;
    for (let bit = 63n; bit >= 0n; bit -= 1n) {
      product <<= 1n;
      if ((product >> 64n) & 1n) product ^= polynomial;
      if ((b >> bit) & 1n) product ^= a;
    }
    return product;
  }
  function reflect(value: bigint): bigint {
    let reflected = 0n;
    for (let bit = 0n; bit < 64n; bit += 1n) reflected = (reflected << 1n) | ((value >> bit) & 1n);
    return reflected;
  }
  function combineByDefinition(a: bigint, b: bigint, bytes: number): bigint {
    let power = 256n; // x^8
    let result = reflect(a);
    for (let rest = BigInt(bytes); rest > 0n; rest >>= 1n) {
      if (rest & 1n) result = multiply(result, power);
      power = multiply(power, power);
    }
    return reflect(result) ^ b;
  }

  test("equals the CRC of both together", () => {
    fc.assert(
      fc.property(fc.nat(pool.length), fc.nat(pool.length), (one, other) => {
        const [cut, end] = one < other ? [one, other] : [other, one];
        const combined = crc64Combine(crc64(pool.subarray(0, cut)), crc64(pool.subarray(cut, end)), end - cut);
        expect(combined).toBe(expected(pool.subarray(0, end)));
      }),
    );
  });

  test("equals the definition for any CRCs and lengths, those above 2^32 included", () => {
    fc.assert(
      fc.property(crc, crc, length, (a, b, bytes) => {
        expect(crc64Combine(a, b, bytes)).toBe(combineByDefinition(a, b, bytes));
      }),
    );
  });

  test("gives the same in whatever order three are joined", () => {
    const third = fc.integer({ min: 0, max: Math.floor(Number.MAX_SAFE_INTEGER / 2) });
    fc.assert(
      fc.property(crc, crc, crc, third, third, (a, b, c, lengthB, lengthC) => {
        const leftFirst = crc64Combine(crc64Combine(a, b, lengthB), c, lengthC);
        const rightFirst = crc64Combine(a, crc64Combine(b, c, lengthC), lengthB + lengthC);
        expect(leftFirst).toBe(rightFirst);
      }),
    );
  });

  test("doubles zeros from 1 byte past 2^40, checked directly as far as that is quick", () => {
    let crcOfZeros = crc64(Uint8Array.of(0));
    for (let exponent = 0; exponent < 41; exponent += 1) {
      const bytes = 2 ** exponent;
      if (exponent <= 22) expect(crcOfZeros).toBe(expected(new Uint8Array(bytes)));
      crcOfZeros = crc64Combine(crcOfZeros, crcOfZeros, bytes);
    }
    // 2^41 zeros in other steps: 2^33 - 5 of them, then the rest.
    const zeros = (bytes: number): bigint => {
      let result = 0n;
      let piece = crc64(Uint8Array.of(0));
      for (let [rest, size] = [bytes, 1]; rest > 0; rest = Math.floor(rest / 2), size *= 2) {
        if (rest % 2 === 1) result = crc64Combine(result, piece, size);
        piece = crc64Combine(piece, piece, size);
      }
      return result;
    };
    const [head, tail] = [2 ** 33 - 5, 2 ** 41 - 2 ** 33 + 5];
    expect(crc64Combine(zeros(head), zeros(tail), tail)).toBe(crcOfZeros);
  });

  test("verifies 10,000 parts quickly", timing, () => {
    const part = crc64(pool);
    const start = performance.now();
    let whole = 0n;
    for (let number = 0; number < 10_000; number += 1) whole = crc64Combine(whole, part, 5 * 2 ** 30);
    expect(performance.now() - start).toBeLessThan(2_000);
    expect(whole).not.toBe(part);
  });

  test.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])("refuses %s as a length", (bytes) => {
    expect(() => crc64Combine(1n, 2n, bytes)).toThrow(RangeError);
  });
});
