import { existsSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { expect, test } from "vitest";
import { attempt, bench, counts, expectCommittedOnce, expectNothingCommitted } from "../support.ts";

test("a device is read as the stream that it is", async () => {
  const { emulator, vod } = await bench();
  const { result } = await attempt(vod, "/dev/null");
  await expectCommittedOnce(emulator, Buffer.alloc(0), result);
});

test.skipIf(!existsSync("/dev/ptmx"))("an abort ends one that gives nothing within a second", async () => {
  const { emulator, vod } = await bench();
  const stop = new AbortController();
  const running = attempt(vod, "/dev/ptmx", { mediaType: "mp4", signal: stop.signal });
  setTimeout(() => stop.abort(new Error("enough")), 50);
  const began = performance.now();
  expect((await running).error).toMatchObject({ message: "enough" });
  expect(performance.now() - began).toBeLessThan(1_000);
  expectNothingCommitted(emulator);
});

test.skipIf(!existsSync("/proc/self/mem"))("what looks like an empty file and is no file is refused", async () => {
  const { emulator, vod } = await bench();
  const { error } = await attempt(vod, "/proc/self/mem", { mediaType: "mp4" });
  expect(error).toMatchObject({
    code: "SOURCE_UNREADABLE",
    retryable: false,
    message: expect.stringContaining("it is not a file of bytes") as string,
  });
  expect(counts(emulator)).toEqual({});
});
