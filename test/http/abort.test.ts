import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { withLimit } from "../../src/http/abort.ts";

const untilAborted = (signal: AbortSignal): Promise<unknown> =>
  new Promise((resolve) => signal.addEventListener("abort", () => resolve(signal.reason)));

test("work is given a signal that aborts in time", async () => {
  const { signal } = new AbortController();
  expect(await withLimit(20, signal, untilAborted)).toMatchObject({ name: "AbortError" });
  expect(getEventListeners(signal, "abort")).toEqual([]);
});

test("work is given a signal that aborts with the other one, for its reason", async () => {
  const parent = new AbortController();
  setTimeout(() => parent.abort("enough"), 10);
  expect(await withLimit(60_000, parent.signal, untilAborted)).toBe("enough");
});

test("work that begins too late is given a signal that has aborted", async () => {
  const seen = await withLimit(60_000, AbortSignal.abort("before"), async (signal) => signal.reason as unknown);
  expect(seen).toBe("before");
});

test("what work answers or throws is handed on", async () => {
  const { signal } = new AbortController();
  expect(await withLimit(60_000, signal, async () => 7)).toBe(7);
  await expect(withLimit(60_000, signal, () => Promise.reject(new Error("mine")))).rejects.toThrow("mine");
});
