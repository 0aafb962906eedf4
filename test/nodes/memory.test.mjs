// What a stream of unknown length may hold in memory, on this Node: pools of 8 KiB became pools of 64 KiB with Node 24,
// and keeping a source's small chunks would keep those (docs/decisions/0003). Held, not resident: when a Node gets round
// to collecting the chunks of this test's own generator differs from run to run by more than the uploader takes.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { startEmulator } from "../../dist/emulator/index.js";

const mib = 2 ** 20;
const constant = 24 * mib;
const child = join(import.meta.dirname, "../memory/child.mjs");

for (const [chunk, bytes] of [
  [100, 64 * mib],
  [1_000_000, 256 * mib],
]) {
  test(`a stream in chunks of ${chunk} bytes stays within (concurrency + 1) parts and a constant`, async () => {
    const emulator = await startEmulator({ discard: true });
    const { origin, secretId, secretKey } = emulator;
    const [partSize, concurrency] = [4 * mib, 3];
    const job = {
      origin,
      secretId,
      secretKey,
      streams: 1,
      chunk,
      bytes,
      partSize,
      concurrency,
      memoryBudget: 256 * mib,
      measure: "held",
    };
    try {
      const args = ["--expose-gc", child, JSON.stringify(job)];
      const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 60_000 });
      const { rise } = JSON.parse(stdout);
      assert.ok(rise < (concurrency + 1) * partSize + constant, `it rose by ${Math.round(rise / mib)} MiB`);
    } finally {
      await emulator.close();
    }
  });
}
