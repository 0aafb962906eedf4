import { afterEach, beforeEach, expect, test } from "vitest";
import type { Bench } from "./support/bench.ts";
import type { Gate } from "../support/gate.ts";
import { mib, openBench } from "./support/bench.ts";
import { until } from "./support/run-cli.ts";
import { openGate } from "../support/gate.ts";

let bench: Bench;
let gate: Gate;
let env: Readonly<Record<string, string>>;

beforeEach(async () => {
  bench = await openBench();
  gate = await openGate(bench.emulator.vodEndpoint);
  env = { VODUP_VOD_ENDPOINT: gate.origin, VODUP_COS_ENDPOINT: gate.origin };
});

afterEach(async () => {
  await gate.shut().catch(() => undefined);
  await bench.close();
});

const parts = ["--part-size", "1MiB", "--concurrency", "2", "--limit-rate", "4MiB"];

test("an upload waits for an endpoint that is away for longer than its attempts, and tells it once", async () => {
  await bench.file("film.mp4", 8 * mib);
  const cli = bench.start(["upload", "film.mp4", ...parts, "--retries", "0"], { env, limitMs: 60_000 });
  await until(() => bench.count("UploadPart") >= 2, "the first parts");
  await gate.shut();
  await until(() => cli.stderr().includes("cannot be reached"), "the outage is told", 20_000);
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  await gate.open();
  const { code, stderr } = await cli.ended;
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(stderr.match(/cannot be reached; waiting up to 10m00s/g)).toHaveLength(1);
  expect(stderr.match(/answers again after \d+s; continuing/g)).toHaveLength(1);
  expect(bench.emulator.media()).toHaveLength(1);
}, 90_000);

test("--retry-for ends the wait with exit code 5 and the state kept; the same command finishes it", async () => {
  await bench.file("film.mp4", 8 * mib);
  const args = ["upload", "film.mp4", ...parts, "--retry-for", "1s"];
  const cli = bench.start(args, { env, limitMs: 60_000 });
  await until(() => bench.count("UploadPart") >= 2, "the first parts");
  await gate.shut();
  const { code, stderr } = await cli.ended;
  expect({ code, stderr }).toEqual({ code: 5, stderr: expect.stringContaining("as long as --retry-for allows") });
  expect(await bench.stateFiles()).toEqual([expect.stringMatching(/\.json$/)]);
  await gate.open();
  const again = await bench.run([...args, "--json", "--no-progress"], { env, limitMs: 60_000 });
  expect(again.code).toBe(0);
  expect(JSON.parse(again.stdout.trim().split("\n").at(-1) ?? "")).toMatchObject({
    type: "result",
    resumedParts: expect.any(Number),
  });
  expect(bench.emulator.media()).toHaveLength(1);
  expect(bench.count("ApplyUpload")).toBe(1);
}, 90_000);

test("a batch pauses while nothing answers: nothing fails, nothing twice", async () => {
  await Promise.all(Array.from({ length: 50 }, (_, index) => bench.file(`${index}.mp4`, 40_000 + index)));
  await bench.file("films.ndjson", Array.from({ length: 50 }, (_, index) => `{"source":"${index}.mp4"}\n`).join(""));
  const args = ["batch", "films.ndjson", "--files", "4", "--limit-rate", "400KiB", "--retries", "0"];
  const cli = bench.start(args, { env, limitMs: 60_000 });
  await until(() => bench.emulator.media().length >= 5, "the first five", 20_000);
  await gate.shut();
  await until(() => cli.stderr().includes("cannot be reached"), "the outage is told", 20_000);
  const done = bench.emulator.media().length;
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  expect(bench.emulator.media().length).toBe(done);
  await gate.open();
  const { code, stderr } = await cli.ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining("50 of 50 uploaded") });
  expect(bench.emulator.media()).toHaveLength(50);
  expect(stderr.match(/cannot be reached/g)).toHaveLength(1);
}, 90_000);

test("a batch whose service stays away stops as a whole, exit code 5; run again it does the rest", async () => {
  await Promise.all(Array.from({ length: 50 }, (_, index) => bench.file(`${index}.mp4`, 40_000 + index)));
  await bench.file("films.ndjson", Array.from({ length: 50 }, (_, index) => `{"source":"${index}.mp4"}\n`).join(""));
  const args = ["batch", "films.ndjson", "--files", "4", "--retry-for", "1s"];
  const cli = bench.start([...args, "--limit-rate", "400KiB"], { env, limitMs: 60_000 });
  await until(() => bench.emulator.media().length >= 5, "the first five", 20_000);
  await gate.shut();
  const { code, stderr } = await cli.ended;
  expect({ code, stderr }).toEqual({ code: 5, stderr: expect.stringContaining("the rest was not tried") });
  await gate.open();
  expect(await bench.run(args, { env, limitMs: 60_000 })).toMatchObject({ code: 0 });
  expect(bench.emulator.media()).toHaveLength(50);
}, 90_000);

test("a batch that reaches nobody from the start gives up after a few entries", async () => {
  await bench.file("film.mp4", 100);
  await bench.file(
    "films.ndjson",
    Array.from({ length: 200 }, (_, n) => `{"source":"film.mp4","mediaName":"${n}"}\n`).join(""),
  );
  await gate.shut();
  const { code, stderr } = await bench.run(["batch", "films.ndjson", "--files", "2", "--retries", "0"], {
    env,
    limitMs: 60_000,
  });
  expect({ code, stderr }).toEqual({ code: 5, stderr: expect.stringContaining("the rest was not tried") });
  expect(stderr.match(/connection|ECONNREFUSED/g)?.length).toBeLessThan(40);
}, 90_000);
