import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { FaultRule } from "../../src/emulator/index.ts";
import type { ProgressEvent } from "../../src/index.ts";
import { ProgressMeter } from "../../src/upload/progress.ts";
import { attempt, bench, mib, once, random } from "./support.ts";

const order = ["apply", "transfer", "commit", "done"];

/** What holds of every sequence of events, whatever happened. */
function check(events: readonly ProgressEvent[], finished: boolean): void {
  for (const [index, event] of events.entries()) {
    const before = events[index - 1];
    const { sentBytes, totalBytes, parts, bytesPerSecond, etaMs } = event;
    expect(Number.isInteger(sentBytes) && sentBytes >= 0).toBe(true);
    if (totalBytes !== undefined) expect(sentBytes).toBeLessThanOrEqual(totalBytes);
    if (parts.total !== undefined) expect(parts.done).toBeLessThanOrEqual(parts.total);
    expect(bytesPerSecond).toBeGreaterThanOrEqual(0);
    if (etaMs !== undefined) expect(Number.isFinite(etaMs) && etaMs >= 0).toBe(true);
    if (before === undefined) continue;
    expect(sentBytes).toBeGreaterThanOrEqual(before.sentBytes);
    expect(parts.done).toBeGreaterThanOrEqual(before.parts.done);
    expect(before.phase).not.toBe("done");
  }
  expect(events.some(({ phase }) => phase === "done")).toBe(finished);
  const last = events.at(-1);
  if (!finished || last === undefined) return;
  expect(last.phase).toBe("done");
  expect(last.sentBytes).toBe(last.totalBytes);
  expect(last.parts.done).toBe(last.parts.total);
}

test("totals are unknown until what will be sent is known", () => {
  const events: ProgressEvent[] = [];
  const meter = new ProgressMeter("film.mp4", (event) => events.push(event));
  meter.enter("apply");
  meter.expect(7, 1);
  meter.enter("transfer");
  expect(events.map(({ totalBytes, parts }) => [totalBytes, parts.total])).toEqual([
    [undefined, undefined],
    [7, 1],
  ]);
});

describe("progress of an upload", () => {
  const faults: FaultRule["fault"][] = [
    { kind: "reset-before" },
    { kind: "reset-after-effect" },
    { kind: "answer", status: 503, headers: { "x-cos-request-id": "a" } },
    { kind: "wrong-crc64" },
    { kind: "expire-certificate" },
    { kind: "reset-after-bytes", bytes: 100_000 },
  ];
  const operations = ["UploadPart", "PutObject", "InitiateMultipartUpload", "CompleteMultipartUpload", "HeadObject"];

  test("never goes back, never exceeds its total, equals it at the end, and is done only after the commit", async () => {
    const { emulator, vod } = await bench();
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(0, 1, mib, 3 * mib + 1, 5 * mib),
        fc.constantFrom("bytes", "stream", "sized stream"),
        fc.boolean(),
        fc.array(
          fc.record({
            operation: fc.constantFrom(...operations),
            nth: fc.integer({ min: 1, max: 4 }),
            fault: fc.constantFrom(...faults),
          }),
          { maxLength: 3 },
        ),
        async (size, kind, withCover, rules) => {
          emulator.setFaults(rules);
          const bytes = random(size);
          async function* stream(): AsyncGenerator<Uint8Array> {
            for (let at = 0; at < size; at += 300_000) yield bytes.subarray(at, at + 300_000);
          }
          const events: ProgressEvent[] = [];
          const media = emulator.media().length;
          const { result } = await attempt(vod, kind === "bytes" ? bytes : stream(), {
            partSize: mib,
            concurrency: 3,
            ...(kind === "sized stream" ? { size } : {}),
            ...(withCover ? { cover: Buffer.alloc(777), coverType: "jpg" } : {}),
            onProgress: (event) => {
              if (event.phase === "done") expect(emulator.media()).toHaveLength(media + 1);
              events.push(event);
            },
          });
          check(events, result !== undefined);
          if (result !== undefined) expect(events.at(-1)?.totalBytes).toBe(size + (withCover ? 777 : 0));
          const phases = events.map(({ phase }) => order.indexOf(phase));
          expect(phases).toEqual(phases.toSorted((a, b) => a - b));
        },
      ),
      { numRuns: 40 },
    );
  }, 60_000);

  test("knows its total from the first byte on, unless a stream's length is not told", async () => {
    const { vod } = await bench();
    const bytes = random(3 * mib);
    const known: (number | undefined)[] = [];
    await attempt(vod, bytes, {
      partSize: mib,
      onProgress: ({ phase, totalBytes }) => phase === "transfer" && known.push(totalBytes),
    });
    expect(new Set(known)).toEqual(new Set([3 * mib]));
    const unknown: (number | undefined)[] = [];
    await attempt(vod, new Blob([bytes]).stream(), {
      partSize: mib,
      onProgress: ({ phase, totalBytes }) => phase === "transfer" && unknown.push(totalBytes),
    });
    expect(new Set(unknown)).toEqual(new Set([undefined]));
  });

  test("names the file that moved", async () => {
    const { vod } = await bench();
    const files = new Set<string>();
    await attempt(vod, random(10), {
      cover: Buffer.alloc(5),
      coverType: "jpg",
      onProgress: ({ file }) => files.add(file),
    });
    expect(files.size).toBeGreaterThan(0);
    for (const file of files) expect(file).toMatch(/bytes/);
  });

  test("of a failed upload is never done", async () => {
    const { vod } = await bench({ faults: [{ operation: "CommitUpload", fault: { kind: "answer", status: 403 } }] });
    const events: ProgressEvent[] = [];
    const { error } = await attempt(vod, random(2 * mib), { partSize: mib, onProgress: (event) => events.push(event) });
    expect(error).toBeDefined();
    check(events, false);
  });

  test("whose handler throws fails the upload with that, cleaned up", async () => {
    const { emulator, vod } = await bench();
    const why = new Error("the handler's");
    for (const phase of order) {
      const { error } = await attempt(vod, random(2 * mib), {
        partSize: mib,
        onProgress: (event) => {
          if (event.phase === phase) throw why;
        },
      });
      expect(error).toBe(phase === "done" ? undefined : why);
    }
    expect(emulator.uploads()).toEqual([]);
    // The last one was committed before its handler threw: the FileId must not be lost for that.
    expect(emulator.media()).toHaveLength(1);
    const warnings: string[] = [];
    const { result } = await attempt(vod, random(5), {
      onWarning: ({ code }) => warnings.push(code),
      onProgress: ({ phase }) => {
        if (phase === "done") throw why;
      },
    });
    expect(result?.fileId).toBe(emulator.media()[1]?.fileId);
    expect(warnings).toEqual(["HANDLER_FAILED"]);
  });

  test("counts a retried part once", async () => {
    const { vod } = await bench({ faults: [once("UploadPart", { kind: "reset-after-effect" }, { times: 3 })] });
    const events: ProgressEvent[] = [];
    await attempt(vod, random(3 * mib), { partSize: mib, concurrency: 1, onProgress: (event) => events.push(event) });
    check(events, true);
    const sent = events.filter(({ phase }) => phase === "transfer").map(({ sentBytes }) => sentBytes);
    // Written bytes move in between, and may move twice for a part: acknowledged ones do not.
    expect([...new Set(sent)]).toEqual([0, mib, 2 * mib, 3 * mib]);
  });
});

describe("the meter", () => {
  const measure = (steps: (meter: ProgressMeter, wait: (ms: number) => void) => void): ProgressEvent[] => {
    let now = 1_000;
    const events: ProgressEvent[] = [];
    const meter = new ProgressMeter(
      "f",
      (event) => events.push(event),
      () => now,
    );
    steps(meter, (ms) => (now += ms));
    return events;
  };

  test("tells speed and time left from what was sent, not from what was there before", () => {
    const events = measure((meter, wait) => {
      meter.expect(100 * mib, 10);
      meter.enter("transfer", "f");
      meter.resumed("f", 50 * mib);
      wait(10_000);
      meter.done("f", 10 * mib);
    });
    const last = events.at(-1);
    expect(last?.sentBytes).toBe(60 * mib);
    expect(last?.bytesPerSecond).toBe(mib);
    expect(last?.etaMs).toBe(40_000);
  });

  test("settles near the true speed, and follows a change of it", () => {
    const speeds = measure((meter, wait) => {
      meter.expect(undefined, undefined);
      meter.enter("transfer", "f");
      for (let part = 0; part < 60; part += 1) {
        wait(1_000);
        meter.done("f", part < 30 ? mib : 4 * mib);
      }
    }).map(({ bytesPerSecond }) => bytesPerSecond / mib);
    expect(speeds[29]).toBeCloseTo(1, 1);
    expect(speeds.at(-1)).toBeGreaterThan(3.5);
    expect(Math.max(...speeds)).toBeLessThanOrEqual(4.01);
  });

  test("is not fooled by parts that end in bursts", () => {
    const last = measure((meter, wait) => {
      meter.expect(undefined, undefined);
      meter.enter("transfer", "f");
      for (let burst = 0; burst < 20; burst += 1) {
        wait(8_000);
        for (let part = 0; part < 8; part += 1) meter.done("f", mib);
      }
    }).at(-1);
    // 8 MiB in 8 s.
    expect((last?.bytesPerSecond ?? 0) / mib).toBeGreaterThan(0.5);
    expect((last?.bytesPerSecond ?? 0) / mib).toBeLessThan(2);
  });
});
