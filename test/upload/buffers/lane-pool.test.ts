import { expect, test } from "vitest";
import { LanePool } from "../../../src/upload/buffers/lane-pool.ts";
import { MemoryBudget } from "../../../src/upload/buffers/budget.ts";

test("who gives up waiting for a lane does not take the wake-up of the next one with them", async () => {
  const pool = new LanePool(new MemoryBudget(2 ** 30));
  const ever = new AbortController().signal;
  const lanes = await Promise.all(Array.from({ length: 64 }, () => pool.acquire(ever)));
  const impatient = new AbortController();
  const first = pool.acquire(impatient.signal);
  const second = pool.acquire(ever);
  impatient.abort(new Error("no longer"));
  await expect(first).rejects.toThrow("no longer");
  lanes[0]?.release();
  const lane = await second;
  expect(lane.buffers.map((buffer) => buffer.byteLength)).toEqual([262_144, 262_144]);
});

test("lanes count against the budget while they are held, and releasing twice counts once", async () => {
  const budget = new MemoryBudget(2 ** 20);
  const pool = new LanePool(budget);
  const ever = new AbortController().signal;
  const [first, second] = await Promise.all([pool.acquire(ever), pool.acquire(ever)]);
  expect(budget.used).toBe(2 ** 20);
  const waiting = pool.acquire(ever);
  first?.release();
  first?.release();
  const third = await waiting;
  expect(budget.used).toBe(2 ** 20);
  second?.release();
  third.release();
  expect(budget.used).toBe(0);
});
