import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Bench } from "./support/bench.ts";
import { builtCli } from "./support/built-cli.ts";
import { mib, openBench } from "./support/bench.ts";

let bench: Bench;

beforeEach(async () => {
  bench = await openBench();
});

afterEach(() => bench.close());

test("V8 optimises the CRC64, and leaves undici's large parser alone", async () => {
  const file = await bench.file("film.mp4", 40 * mib);
  const args = ["--trace-wasm-compilation-times", builtCli(), "upload", file, "--part-size=1MiB"];
  const env = { ...process.env, ...bench.env };
  const { stdout } = await promisify(execFile)(process.execPath, args, { env, maxBuffer: 64 * mib });
  const sizes = [...stdout.matchAll(/#(\d+) using TurboFan.*bodysize (\d+)/g)].map(([, , size]) => Number(size));
  expect(Math.max(...sizes)).toBeGreaterThan(0);
  expect(Math.max(...sizes)).toBeLessThan(10_000);
  // $fold of crc64-fold-simd.wat or of crc64-fold.wat.
  expect(sizes.some((size) => size > 200 && size < 400)).toBe(true);
});
