import { afterEach, beforeEach, expect, test } from "vitest";
import type { Bench } from "../cli/support/bench.ts";
import { mib, openBench } from "../cli/support/bench.ts";
import type { RunningCli } from "../cli/support/run-cli.ts";
import { until } from "../cli/support/run-cli.ts";
import type { Gate } from "../support/gate.ts";
import { openGate } from "../support/gate.ts";
import { timing } from "../support/timing.ts";

const count = 50;
const limitMs = 200_000;
const slow = { ...timing, timeout: limitMs };

let bench: Bench;
let gate: Gate;
let env: Readonly<Record<string, string>>;

beforeEach(async () => {
  bench = await openBench();
  gate = await openGate(bench.emulator.vodEndpoint);
  env = { VODUP_VOD_ENDPOINT: gate.origin, VODUP_COS_ENDPOINT: gate.origin };
  await bench.file("film.mp4", 12 * mib);
  const names = Array.from({ length: count }, (_, index) => `${index}.mp4`);
  await Promise.all(names.map((name, index) => bench.file(name, 60_000 + index)));
  await bench.file("films.ndjson", names.map((name) => `{"source":"${name}"}\n`).join(""));
});

afterEach(async () => {
  await gate.shut().catch(() => undefined);
  await bench.close();
});

const upload = ["upload", "film.mp4", "--part-size", "1MiB", "--concurrency", "2", "--limit-rate", "1MiB"];
const batch = ["batch", "films.ndjson", "--files", "4", "--limit-rate", "300KiB"];

/** One upload and a batch, both of them in the middle. */
async function inTheMiddle(...flags: readonly string[]): Promise<readonly RunningCli[]> {
  const runs = [upload, batch].map((args) => bench.start([...args, ...flags], { env, limitMs }));
  await until(() => bench.count("UploadPart") >= 3 && bench.emulator.media().length >= 5, "both", 30_000);
  expect(bench.emulator.media().length).toBeLessThan(count);
  await gate.shut();
  return runs;
}

const expectAllOnce = (): void => {
  expect(bench.emulator.media()).toHaveLength(count + 1);
  expect(bench.count("ApplyUpload")).toBeLessThanOrEqual(count + 1 + 4);
  expect(bench.emulator.uploads()).toEqual([]);
};

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test("an endpoint that is away for 90 s: all is done, nothing twice, and the pause is told", slow, async () => {
  const runs = await inTheMiddle();
  await wait(90_000);
  expect(runs.map(({ child }) => child.exitCode)).toEqual([null, null]);
  await gate.open();
  for (const { code, stderr } of await Promise.all(runs.map(({ ended }) => ended))) {
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stderr.match(/cannot be reached; waiting up to 10m00s/g)).toHaveLength(1);
    expect(stderr.match(/answers again after (?:1m\d\ds|9\ds|8\ds); continuing/g)).toHaveLength(1);
  }
  expectAllOnce();
});

test("--retry-for 10s ends both within 15 s, exit code 5, and what was sent is kept", slow, async () => {
  const runs = await inTheMiddle("--retry-for", "10s");
  const started = performance.now();
  const ended = await Promise.all(runs.map(async (run) => ({ ...(await run.ended), ms: performance.now() - started })));
  for (const { code, stderr, ms } of ended) {
    expect({ code, stderr }).toEqual({ code: 5, stderr: expect.stringContaining("as long as --retry-for allows") });
    expect(ms).toBeGreaterThan(9_000);
    expect(ms).toBeLessThan(15_000);
  }
  expect((await bench.stateFiles()).filter((name) => name.endsWith(".json"))).toHaveLength(1);
  await gate.open();
  const again = await Promise.all([upload, batch].map((args) => bench.run([...args, "--json"], { env, limitMs })));
  expect(again.map(({ code }) => code)).toEqual([0, 0]);
  expect(again[0]?.stdout).toMatch(/"type":"result".*"resumedParts":[1-9]/);
  expectAllOnce();
});
