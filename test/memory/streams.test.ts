import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startEmulator, type Emulator } from "../../src/emulator/index.ts";

/**
 * What a stream of unknown length may cost: (concurrency + 1) parts and a constant. Measured in a process of its own, on
 * the built package; VODUP_NODE names another Node to run it on.
 */

const mib = 2 ** 20;
/** Socket buffers, the heap's own growth between collections, and TLS-less request machinery. */
const constant = 48 * mib;
const run = promisify(execFile);
const child = join(import.meta.dirname, "child.mjs");

let emulator: Emulator;

beforeAll(async () => {
  if (!existsSync(join(import.meta.dirname, "../../dist/index.js"))) throw new Error("run `npm run build` first");
  emulator = await startEmulator({ discard: true });
});

afterAll(() => emulator.close());

async function rise(job: Readonly<Record<string, number>>): Promise<number> {
  const { origin, secretId, secretKey } = emulator;
  const node = process.env["VODUP_NODE"] ?? process.execPath;
  const args = ["--expose-gc", child, JSON.stringify({ origin, secretId, secretKey, ...job })];
  const { stdout } = await run(node, args, { timeout: 100_000 });
  return (JSON.parse(stdout) as { rise: number }).rise;
}

test.each([
  { chunk: 100, bytes: 96 * mib, partSize: 4 * mib, concurrency: 3 },
  { chunk: 1_000_000, bytes: 384 * mib, partSize: 4 * mib, concurrency: 3 },
  { chunk: 65_536, bytes: 384 * mib, partSize: 16 * mib, concurrency: 2 },
])("one stream in chunks of $chunk bytes, $concurrency parts of $partSize in flight", async (job) => {
  const most = (job.concurrency + 1) * job.partSize + constant;
  expect(await rise({ streams: 1, memoryBudget: 256 * mib, ...job })).toBeLessThan(most);
});

test("fifty streams that one feeder feeds in step do not wait for each other for ever, on half a MiB each", async () => {
  const before = emulator.media().length;
  const memoryBudget = 25 * mib;
  const job = {
    streams: 50,
    chunk: 200_000,
    bytes: 4 * mib,
    partSize: 2 * mib,
    concurrency: 2,
    memoryBudget,
    inStep: 1,
  };
  // A stream that holds nothing is given its first MiB beyond the budget when all the others wait for it.
  expect(await rise(job)).toBeLessThan(memoryBudget + 50 * mib + constant + 50 * mib);
  expect(emulator.media().length - before).toBe(51);
});

test("fifty streams at once stay within the client's budget, and all arrive", async () => {
  const before = emulator.media().length;
  const memoryBudget = 64 * mib;
  const job = { streams: 50, chunk: 65_536, bytes: 12 * mib, partSize: 8 * mib, concurrency: 4, memoryBudget };
  // Each stream also has its sockets and the chunk in hand.
  expect(await rise(job)).toBeLessThan(memoryBudget + constant + 50 * mib);
  expect(emulator.media().length - before).toBe(51);
});
