import { afterEach, beforeEach, expect, test } from "vitest";
import type { Bench } from "./support/bench.ts";
import { mib, openBench } from "./support/bench.ts";
import { timing } from "../support/timing.ts";

let bench: Bench;

beforeEach(async () => {
  bench = await openBench();
});

afterEach(() => bench.close());

test("--limit-rate spreads an upload over time, and all of it arrives", timing, async () => {
  await bench.file("film.mp4", 2 * mib);
  const started = performance.now();
  const { code, stdout } = await bench.run(["upload", "film.mp4", "--limit-rate=1MiB"]);
  expect(code).toBe(0);
  // One second's worth may go at once; the other must be waited for.
  expect(performance.now() - started).toBeGreaterThanOrEqual(950);
  expect(bench.emulator.media().map(({ fileId }) => fileId)).toEqual([stdout.trim()]);
});

test.each([["--limit-rate=100"], ["--limit-rate=fast"], ["--limit-rate=0"]])("%s is refused", async (flag) => {
  await bench.file("film.mp4", mib);
  const { code, stderr } = await bench.run(["upload", "film.mp4", flag]);
  expect(code).toBe(2);
  expect(stderr).toContain("limit-rate");
  expect(bench.emulator.requests()).toEqual([]);
});
