import { createHash, randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { crc64 } from "../../../src/cos/crc64.ts";
import { MemoryBudget, shortageMs } from "../../../src/upload/buffers/budget.ts";
import { PartAssembler, type AssembledPart } from "../../../src/upload/source/part-assembler.ts";
import { pause } from "../../support/raw-servers.ts";
import { timing } from "../../support/timing.ts";

const mib = 2 ** 20;
const ever = new AbortController().signal;
const idle = (): Promise<void> => Promise.resolve();

function assemble(
  source: AsyncIterable<unknown> | AsyncIterator<unknown>,
  budget = new MemoryBudget(64 * mib),
  drained: () => Promise<void> = idle,
): PartAssembler {
  const iterator = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source;
  return new PartAssembler(iterator, budget, "the test's stream", drained);
}

async function* chunks(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (let index = 0; at < bytes.byteLength; index += 1) {
    const size = sizes[index % sizes.length] ?? 1;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

async function bytesOf(part: AssembledPart): Promise<Buffer> {
  const attempt = await part.body.begin(ever);
  const pieces: Uint8Array[] = [];
  for await (const piece of attempt.open()) pieces.push(piece);
  const bytes = Buffer.concat(pieces);
  expect(bytes.byteLength).toBe(part.size);
  expect(part.body.size).toBe(part.size);
  expect(attempt.crc64()).toBe(crc64(bytes));
  expect(attempt.md5()).toBe(createHash("md5").update(bytes).digest("hex"));
  await attempt.end();
  return bytes;
}

async function all(assembler: PartAssembler, target: number): Promise<AssembledPart[]> {
  const parts: AssembledPart[] = [];
  for (;;) {
    const part = await assembler.next(target, ever);
    if (part === undefined) return parts;
    parts.push(part);
  }
}

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => "it resolved",
    (error: unknown) => error,
  );
}

test("a signal that has aborted already ends the waiting for memory, which no listener would", async () => {
  const budget = new MemoryBudget(mib);
  const never = (): Promise<void> => new Promise(() => undefined);
  const assembler = assemble(chunks(randomBytes(3 * mib), [3 * mib]), budget, never);
  // What is left of the one chunk is at hand: nothing of the stream is waited for.
  const first = await assembler.next(mib, ever);
  await expect(assembler.next(mib, AbortSignal.abort("enough"))).rejects.toBe("enough");
  first?.release();
});

describe("chunks become parts", () => {
  test("of the size asked for, the last with the rest, whatever the size of the chunks", async () => {
    const bytes = randomBytes(5 * mib + 12_345);
    await fc.assert(
      fc.asyncProperty(
        fc
          .array(fc.oneof(fc.integer({ min: 200, max: 5_000 }), fc.integer({ min: 1, max: 3 * mib }), fc.constant(0)), {
            minLength: 1,
            maxLength: 12,
          })
          // Five million chunks of one byte take longer than a test may; the next test has those.
          .filter((sizes) => sizes.reduce((sum, size) => sum + size) >= 200 * sizes.length),
        fc.constantFrom(mib, 2 * mib, mib + 1, 3 * mib - 7, 5 * mib + 12_345, 9 * mib),
        async (sizes, target) => {
          const budget = new MemoryBudget(64 * mib);
          const assembler = assemble(chunks(bytes, sizes), budget);
          const parts = await all(assembler, target);
          expect(parts.map(({ size }) => size)).toEqual(
            Array.from({ length: Math.ceil(bytes.byteLength / target) }, (_, index) =>
              Math.min(target, bytes.byteLength - index * target),
            ),
          );
          const got = Buffer.concat(await Promise.all(parts.map(bytesOf)));
          expect(got.equals(bytes)).toBe(true);
          expect(assembler.readBytes).toBe(bytes.byteLength);
          for (const part of parts) part.release();
          expect(budget.used).toBe(0);
        },
      ),
      { numRuns: 15 },
    );
  });

  test.each([1, 100])("of %i bytes at a time", async (size) => {
    const bytes = randomBytes(size === 1 ? 300_000 : 3 * mib);
    const parts = await all(assemble(chunks(bytes, [size])), 2 * mib);
    expect(Buffer.concat(await Promise.all(parts.map(bytesOf))).equals(bytes)).toBe(true);
  });

  test("of one huge one, too", async () => {
    const bytes = randomBytes(9 * mib + 1);
    const parts = await all(assemble(chunks(bytes, [bytes.byteLength])), 4 * mib);
    expect(parts.map(({ size }) => size)).toEqual([4 * mib, 4 * mib, mib + 1]);
    expect(Buffer.concat(await Promise.all(parts.map(bytesOf))).equals(bytes)).toBe(true);
  });

  test("of none: no part, and no memory", async () => {
    const budget = new MemoryBudget(mib);
    for (const source of [chunks(new Uint8Array(0), [1]), emptyOnes()]) {
      const assembler = assemble(source, budget);
      expect(await assembler.next(mib, ever)).toBeUndefined();
      expect(await assembler.isOver(ever)).toBe(true);
      expect(assembler.readBytes).toBe(0);
      expect(budget.used).toBe(0);
    }
    async function* emptyOnes(): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(0);
      yield new Uint8Array(0);
    }
  });

  test("are copied: a source may use its buffer again, and its chunks are not kept alive", async () => {
    const shared = Buffer.alloc(1_000);
    async function* reusing(): AsyncGenerator<Uint8Array> {
      for (let round = 0; round < 3_000; round += 1) yield shared.fill(round % 251);
    }
    const [part] = await all(assemble(reusing()), 4 * mib);
    const bytes = part === undefined ? Buffer.alloc(0) : await bytesOf(part);
    for (let round = 0; round < 3_000; round += 1) expect(bytes[round * 1_000 + 999]).toBe(round % 251);
  });

  test.each<[string, unknown]>([
    ["Uint8Array", new Uint8Array([1, 2, 3])],
    ["Buffer", Buffer.from([1, 2, 3])],
    ["ArrayBuffer", new Uint8Array([1, 2, 3]).buffer],
    ["DataView", new DataView(new Uint8Array([0, 1, 2, 3, 0]).buffer, 1, 3)],
    ["Uint16Array", new Uint16Array(new Uint8Array([1, 2]).buffer)],
  ])("given as %s", async (_, chunk) => {
    const [part] = await all(
      assemble(
        (async function* () {
          yield chunk;
        })(),
      ),
      mib,
    );
    expect([...(part === undefined ? [] : await bytesOf(part))].slice(0, 2)).toEqual([1, 2]);
  });

  test.each(["text", 5, null, undefined, {}, [1, 2], true])("not from %j, which is not bytes", async (chunk) => {
    const budget = new MemoryBudget(mib);
    async function* source(): AsyncGenerator {
      yield Buffer.alloc(10);
      yield chunk;
    }
    const error = await rejection(assemble(source(), budget).next(mib, ever));
    expect(error).toMatchObject({ code: "SOURCE_FAILED", message: expect.stringContaining("the test's stream") });
    expect(budget.used).toBe(0);
  });

  test("can be read any number of times", async () => {
    const bytes = randomBytes(2 * mib + 5);
    const [part] = await all(assemble(chunks(bytes, [1_000])), 4 * mib);
    for (let time = 0; time < 3; time += 1) expect((part && (await bytesOf(part)))?.equals(bytes)).toBe(true);
  });
});

describe("a stream that fails", () => {
  test.each([0, 10, mib, 3 * mib])("after %i bytes gives its memory back and names its cause", async (after) => {
    const budget = new MemoryBudget(8 * mib);
    const cause = new Error("camera unplugged");
    async function* source(): AsyncGenerator<Uint8Array> {
      if (after > 0) yield Buffer.alloc(after);
      throw cause;
    }
    const assembler = assemble(source(), budget);
    const error = await rejection(assembler.next(8 * mib, ever));
    expect(error).toMatchObject({ code: "SOURCE_FAILED", cause, message: expect.stringContaining("camera unplugged") });
    expect(budget.used).toBe(0);
    await assembler.close();
  });

  test("with something that is no Error is told all the same", async () => {
    const source: AsyncIterator<unknown> = { next: () => Promise.reject("just text") };
    expect(await rejection(assemble(source).next(mib, ever))).toMatchObject({
      message: expect.stringContaining("just text"),
    });
  });

  test("while its last part is being sent is not taken for one that ended", async () => {
    const budget = new MemoryBudget(2 * mib);
    let fail: (error: Error) => void = () => undefined;
    let count = 0;
    const source: AsyncIterator<unknown> = {
      next: () => {
        count += 1;
        if (count === 1) return Promise.resolve({ done: false, value: Buffer.alloc(mib) });
        return new Promise((_, reject) => (fail = reject));
      },
    };
    const assembler = assemble(source, budget);
    const other = await budget.reserve(mib, ever);
    const next = assembler.next(8 * mib, ever);
    await pause(1);
    const waiting = budget.reserve(mib, ever);
    // Short of memory and silent: what there is becomes a part, while the stream is still being asked.
    const part = await next;
    expect(part?.size).toBe(mib);
    fail(new Error("camera unplugged"));
    await pause(1);
    expect(await rejection(assembler.next(8 * mib, ever))).toMatchObject({ code: "SOURCE_FAILED" });
    part?.release();
    (await waiting)();
    other();
    await assembler.close();
  });
});

describe("an abort", () => {
  test("does not wait for a stream that hangs, nor does closing it", async () => {
    const budget = new MemoryBudget(8 * mib);
    let closed = 0;
    async function* hanging(): AsyncGenerator<Uint8Array> {
      try {
        yield Buffer.alloc(1_000);
        await new Promise(() => undefined);
      } finally {
        closed += 1;
      }
    }
    const controller = new AbortController();
    const assembler = assemble(hanging(), budget);
    const next = rejection(assembler.next(mib, controller.signal));
    setTimeout(() => controller.abort("enough"), 20);
    expect(await next).toBe("enough");
    expect(budget.used).toBe(0);
    await assembler.close();
    expect(closed).toBe(0);
  });

  test("ends the waiting for memory", async () => {
    const budget = new MemoryBudget(mib);
    const held = await budget.reserve(mib, ever);
    const controller = new AbortController();
    const next = rejection(assemble(chunks(Buffer.alloc(10), [10]), budget).next(mib, controller.signal));
    setTimeout(() => controller.abort("enough"), 20);
    expect(await next).toBe("enough");
    held();
    expect(budget.used).toBe(0);
    expect(budget.contended).toBe(false);
  });

  test("before anything reads nothing", async () => {
    let asked = 0;
    const source: AsyncIterator<unknown> = { next: async () => ({ done: (asked += 1) > 100, value: Buffer.alloc(1) }) };
    expect(await rejection(assemble(source).next(mib, AbortSignal.abort("gone")))).toBe("gone");
    expect(asked).toBe(0);
  });
});

describe("closing", () => {
  test("tells a stream that is not at its end, once", async () => {
    let returned = 0;
    const source: AsyncIterator<unknown> = {
      next: async () => ({ done: false, value: Buffer.alloc(mib) }),
      return: async () => ({ done: (returned += 1) > 0, value: undefined }),
    };
    const assembler = assemble(source);
    await assembler.next(mib, ever);
    await assembler.close();
    await assembler.close();
    expect(returned).toBe(1);
    expect(await assembler.next(mib, ever)).toBeUndefined();
  });

  test("does not tell one that is at its end, or that failed", async () => {
    let returned = 0;
    const done = async (): Promise<IteratorResult<unknown>> => ({ done: true, value: undefined });
    const back = async (): Promise<IteratorResult<unknown>> => ({ done: (returned += 1) > 0, value: undefined });
    for (const next of [done, () => Promise.reject(new Error("x"))]) {
      const assembler = assemble({ next, return: back });
      await rejection(assembler.next(mib, ever));
      await assembler.close();
    }
    expect(returned).toBe(0);
  });

  test.each<[string, () => Promise<IteratorResult<unknown>>]>([
    [
      "throws",
      () => {
        throw new Error("x");
      },
    ],
    ["rejects", () => Promise.reject(new Error("x"))],
  ])("does not fail when telling it %s", async (_, back) => {
    const source = { next: async () => ({ done: false, value: Buffer.alloc(mib) }), return: back };
    const assembler = assemble(source);
    await assembler.next(mib, ever);
    await assembler.close();
  });
});

describe("a budget that is used up", () => {
  test("makes a part smaller when none of the upload's own is in flight, never below a MiB", async () => {
    const budget = new MemoryBudget(3 * mib);
    const bytes = randomBytes(8 * mib);
    const assembler = assemble(chunks(bytes, [100_000]), budget);
    const sizes: number[] = [];
    const got: Buffer[] = [];
    for (;;) {
      const part = await assembler.next(8 * mib, ever);
      if (part === undefined) break;
      sizes.push(part.size);
      got.push(await bytesOf(part));
      part.release();
    }
    expect(sizes).toEqual([3 * mib, 3 * mib, 2 * mib]);
    expect(Buffer.concat(got).equals(bytes)).toBe(true);
  });

  test("makes it wait for the upload's own parts in flight, and then be whole", async () => {
    const budget = new MemoryBudget(3 * mib);
    let settle = (): void => undefined;
    const drained = new Promise<void>((resolve) => (settle = resolve));
    const assembler = assemble(chunks(randomBytes(8 * mib), [mib]), budget, () => drained);
    const first = await assembler.next(2 * mib, ever);
    const second = assembler.next(2 * mib, ever);
    await pause(20);
    expect(budget.used).toBe(3 * mib);
    first?.release();
    settle();
    expect((await second)?.size).toBe(2 * mib);
  });

  test("does not let streams wait for each other for ever when one feeder feeds them in step", async () => {
    // Each stream gets its next chunk only when every other one has taken its own: the budget has room for two of four.
    const budget = new MemoryBudget(2 * mib);
    const streams = 4;
    const rounds = 24;
    let taken = 0;
    let release = (): void => undefined;
    let gate = new Promise<void>((resolve) => (release = resolve));
    async function* inStep(seed: number): AsyncGenerator<Uint8Array> {
      for (let round = 0; round < rounds; round += 1) {
        yield Buffer.alloc(200_000, seed + round);
        taken += 1;
        const mine = gate;
        if (taken === streams) {
          taken = 0;
          release();
          gate = new Promise<void>((resolve) => (release = resolve));
        }
        await mine;
      }
    }
    const run = async (seed: number): Promise<number> => {
      const assembler = assemble(inStep(seed), budget);
      let total = 0;
      for (;;) {
        const part = await assembler.next(4 * mib, ever);
        if (part === undefined) return total;
        expect(part.size >= mib || total + part.size === rounds * 200_000).toBe(true);
        total += part.size;
        await pause(1);
        part.release();
      }
    };
    const totals = await Promise.all(Array.from({ length: streams }, (_, index) => run(index)));
    expect(totals).toEqual(Array.from({ length: streams }, () => rounds * 200_000));
    expect(budget.used).toBe(0);
  }, 30_000);

  test("does not keep a whole first part while the stream decides whether it is over", timing, async () => {
    const budget = new MemoryBudget(mib);
    let more: (result: IteratorResult<unknown>) => void = () => undefined;
    let count = 0;
    const source: AsyncIterator<unknown> = {
      next: () => {
        count += 1;
        if (count === 1) return Promise.resolve({ done: false, value: Buffer.alloc(mib) });
        return new Promise((resolve) => (more = resolve));
      },
    };
    const assembler = assemble(source, budget);
    const part = await assembler.next(mib, ever);
    const waiting = budget.reserve(mib, ever);
    const started = performance.now();
    expect(await assembler.isOver(ever)).toBe(false);
    expect(performance.now() - started).toBeGreaterThan(shortageMs * 0.9);
    part?.release();
    (await waiting)();
    more({ done: true, value: undefined });
    expect(await assembler.next(mib, ever)).toBeUndefined();
    expect(await assembler.isOver(ever)).toBe(true);
    await assembler.close();
  });

  test("does not cut parts of a stream that is merely slow", async () => {
    const budget = new MemoryBudget(2 * mib);
    const steps = Math.ceil((shortageMs * 2.5) / 60);
    async function* slow(): AsyncGenerator<Uint8Array> {
      yield Buffer.alloc(2 * mib - steps);
      for (let step = 0; step < steps; step += 1) {
        await pause(60);
        yield Buffer.alloc(1);
      }
    }
    const assembler = assemble(slow(), budget);
    const next = assembler.next(2 * mib, ever);
    await pause(1);
    const waiting = budget.reserve(mib, ever).then((release) => release());
    const part = await next;
    expect(part?.size).toBe(2 * mib);
    part?.release();
    await assembler.close();
    await waiting;
  });
});
