import { describe, expect, test } from "vitest";
import { attempt, bench, mib, random, sha256 } from "../support.ts";

/**
 * Streams of one feeder, such as tracks of one demultiplexer: each gets its next chunk only once all others have taken
 * theirs. Whoever holds memory and waits for more must not keep it from those that the feeder waits for.
 */
function inStep(contents: readonly Buffer[], chunk: number): AsyncGenerator<Uint8Array>[] {
  let waiting: (() => void)[] = [];
  let live = contents.length;
  const turn = async (): Promise<void> => {
    const mine = new Promise<void>((resolve) => waiting.push(resolve));
    step();
    await mine;
  };
  const step = (): void => {
    if (waiting.length < live) return;
    for (const resolve of waiting.splice(0)) resolve();
    waiting = [];
  };
  return contents.map(async function* (content) {
    try {
      for (let at = 0; at < content.length; at += chunk) {
        yield content.subarray(at, at + chunk);
        await turn();
      }
    } finally {
      live -= 1;
      step();
    }
  });
}

describe("many streams of one feeder on a small budget all arrive", () => {
  test.each([
    { streams: 12, chunk: 300_000, size: 3 * mib + 11, partSize: 2 * mib, memoryBudget: 4 * mib },
    // A chunk is a part: each stream holds a whole part while it asks whether it is over.
    { streams: 6, chunk: mib, size: 3 * mib, partSize: mib, memoryBudget: 2 * mib },
    { streams: 3, chunk: 7 * mib, size: 14 * mib, partSize: 4 * mib, memoryBudget: 5 * mib },
    { streams: 8, chunk: 64 * 1024, size: mib - 1, partSize: mib, memoryBudget: mib },
  ])(
    "$streams of $size bytes, $chunk at a time, in $memoryBudget bytes",
    async ({ streams, chunk, size, partSize, memoryBudget }) => {
      const { emulator, vod } = await bench({}, { memoryBudget, limits: { headersMs: 10_000 } });
      const contents = Array.from({ length: streams }, () => random(size));
      const outcomes = await Promise.all(
        inStep(contents, chunk).map((stream) => attempt(vod, stream, { partSize, concurrency: 2 })),
      );
      const keys = new Map(emulator.media().map(({ fileId, key }) => [fileId, key]));
      for (const [index, { result, error }] of outcomes.entries()) {
        expect(error).toBeUndefined();
        const stored = await emulator.readObject(keys.get(result?.fileId ?? "") ?? "");
        expect(sha256(stored)).toBe(sha256(contents[index] ?? Buffer.alloc(0)));
      }
      expect(emulator.uploads()).toEqual([]);
    },
    60_000,
  );

  test("one that fails, and one that is aborted, free the others", async () => {
    const { emulator, vod } = await bench({}, { memoryBudget: 3 * mib, limits: { headersMs: 10_000 } });
    const contents = Array.from({ length: 6 }, () => random(4 * mib));
    const controller = new AbortController();
    const sources = inStep(contents, 500_000).map(async function* (stream, index) {
      let given = 0;
      for await (const chunk of stream) {
        given += chunk.byteLength;
        if (index === 0 && given > 2 * mib) throw new Error("unplugged");
        if (index === 1 && given > 2 * mib) controller.abort("enough");
        yield chunk;
      }
    });
    const outcomes = await Promise.all(
      sources.map((source, index) =>
        attempt(vod, source, { partSize: mib, ...(index === 1 ? { signal: controller.signal } : {}) }),
      ),
    );
    expect(outcomes[0]?.error).toMatchObject({ code: "SOURCE_FAILED" });
    expect(outcomes[1]?.error).toBe("enough");
    for (const { error } of outcomes.slice(2)) expect(error).toBeUndefined();
    expect(emulator.media()).toHaveLength(4);
    expect(emulator.uploads()).toEqual([]);
  }, 60_000);
});
