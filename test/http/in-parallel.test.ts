import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { inParallel } from "../../src/http/in-parallel.ts";

test("work that begins after an abort is not begun", async () => {
  const begun: number[] = [];
  const working = inParallel({
    items: () => [1, 2],
    most: () => 2,
    signal: AbortSignal.abort("before"),
    work: async (item) => void begun.push(item),
  });
  await expect(working).rejects.toBe("before");
  expect(begun).toEqual([]);
});

test("no more items are made than are worked on, and one", async () => {
  const log: string[] = [];
  const ends: (() => void)[] = [];
  const controller = new AbortController();
  const working = inParallel({
    items: function* () {
      for (let item = 1; item <= 5; item += 1) {
        log.push(`make ${item}`);
        yield item;
      }
    },
    most: () => 2,
    signal: controller.signal,
    work: async (item) => {
      log.push(`work ${item}`);
      await new Promise<void>((resolve) => ends.push(resolve));
    },
  });
  for (let ended = 0; ended < 5; ended += 1) {
    while (ends[ended] === undefined) await Promise.resolve();
    ends[ended]?.();
  }
  await working;
  const made = (at: number): number => log.slice(0, at).filter((line) => line.startsWith("make")).length;
  for (const item of [2, 3, 4]) expect(made(log.indexOf(`work ${item}`))).toBeLessThanOrEqual(item + 1);
  expect(log.filter((line) => line.startsWith("work"))).toHaveLength(5);
  expect(getEventListeners(controller.signal, "abort")).toEqual([]);
});

test("the first failure stops the others and is thrown once they have ended; what was made and not begun is taken back", async () => {
  const first = new Error("first");
  const dropped: number[] = [];
  const ended: number[] = [];
  let fail = (): void => undefined;
  const failing = new Promise<void>((_, reject) => (fail = () => reject(first)));
  const working = inParallel({
    items: () => [1, 2, 3, 4],
    most: () => 2,
    signal: new AbortController().signal,
    work: async (item, signal) => {
      if (item === 2) return failing;
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      ended.push(item);
      throw new Error("because of the first");
    },
    drop: (item) => dropped.push(item),
  });
  setImmediate(() => fail());
  await expect(working).rejects.toBe(first);
  expect([ended, dropped]).toEqual([[1], [3]]);
});
