import { describe, expect, test } from "vitest";
import { AdaptiveConcurrency } from "../../../src/upload/transfer/adaptive-concurrency.ts";

const mib = 2 ** 20;
const part = 8 * mib;

interface Link {
  /** Bytes a second of all connections together. */
  readonly total: number;
  /** Bytes a second of one connection. */
  readonly each: number;
  /** Milliseconds that every request costs beside its bytes. */
  readonly latencyMs: number;
  /** More requests in flight than this are refused. */
  readonly most?: number;
}

/** Sends `bytes` over a simulated link, and answers how long it took and how many parts were in flight at the end. */
function simulate(
  link: Link,
  bytes: number,
  fixed?: number,
): { ms: number; limit: number; peak: number; refused: number } {
  let now = 0;
  const adaptive = new AdaptiveConcurrency(() => now);
  const limit = (): number => fixed ?? adaptive.limit;
  const inFlight: { left: number; latency: number }[] = [];
  let queued = Math.ceil(bytes / part);
  let peak = 0;
  let refused = 0;
  const step = 5;
  while (queued > 0 || inFlight.length > 0) {
    while (queued > 0 && inFlight.length < limit()) {
      if (link.most !== undefined && inFlight.length >= link.most) {
        refused += 1;
        adaptive.trouble();
        break;
      }
      inFlight.push({ left: part, latency: link.latencyMs });
      queued -= 1;
    }
    peak = Math.max(peak, inFlight.length);
    now += step;
    const moving = inFlight.filter(({ latency }) => latency <= 0).length;
    const rate = Math.min(link.each, link.total / Math.max(1, moving));
    for (const request of inFlight) {
      if (request.latency > 0) request.latency -= step;
      else request.left -= (rate * step) / 1000;
    }
    for (let index = inFlight.length - 1; index >= 0; index -= 1) {
      if ((inFlight[index]?.left ?? 1) > 0) continue;
      inFlight.splice(index, 1);
      adaptive.partDone(part, false);
    }
  }
  return { ms: now, limit: limit(), peak, refused };
}

const best = (link: Link, bytes: number): number =>
  Math.min(...Array.from({ length: 32 }, (_, index) => simulate(link, bytes, index + 1).ms));

describe("concurrency finds itself", () => {
  const lan = { total: 1000 * mib, each: 400 * mib, latencyMs: 1 };
  const longFat = { total: 400 * mib, each: 12 * mib, latencyMs: 150 };
  const capped = { total: 10_000 * mib, each: 8 * mib, latencyMs: 80 };
  const shared = { total: 20 * mib, each: 20 * mib, latencyMs: 30 };

  test.each([
    ["a LAN", lan],
    ["a long fat link", longFat],
    ["a link with a cap per connection", capped],
    ["a shared bottleneck", shared],
  ])("%s: 2 GiB at 80 %% of the best fixed number or more", (_, link) => {
    const bytes = 2048 * mib;
    expect(best(link, bytes) / simulate(link, bytes).ms).toBeGreaterThanOrEqual(0.8);
  });

  test("a cap per connection is met with all the connections there may be", () => {
    expect(simulate(capped, 4096 * mib).peak).toBe(32);
  });

  test("where more connections bring nothing, there are not more for long", () => {
    const { limit } = simulate(shared, 2048 * mib);
    expect(limit).toBeLessThanOrEqual(12);
  });

  test("a server that refuses more than five in flight is left in peace most of the time", () => {
    const { limit, refused } = simulate({ ...capped, most: 5 }, 4096 * mib);
    expect(limit).toBeLessThanOrEqual(8);
    expect(refused).toBeLessThan(4096 / 8 / 4);
  });

  test("never below one, never above thirty-two, starting at eight", () => {
    let now = 0;
    const adaptive = new AdaptiveConcurrency(() => (now += 300));
    expect(adaptive.limit).toBe(8);
    for (let index = 0; index < 20; index += 1) {
      adaptive.partDone(part, false);
      adaptive.trouble();
    }
    expect(adaptive.limit).toBe(1);
    for (let index = 1; index < 5000; index += 1) adaptive.partDone(part * index, false);
    expect(adaptive.limit).toBeLessThanOrEqual(32);
  });

  /** Windows of a machine that is never equally quick: throughput falls and rises by a half, whatever is in flight. */
  function peakOf(busy: number): number {
    let [now, peak] = [0, 0];
    const adaptive = new AdaptiveConcurrency(() => now, { busy: () => busy });
    for (let index = 0; index < 3_000; index += 1) {
      now += Math.floor(index / 37) % 2 === 0 ? 24 : 12;
      adaptive.partDone(part, false);
      peak = Math.max(peak, adaptive.limit);
    }
    return peak;
  }

  test("where the event loop is busy, no noise is taken for a gain", () => {
    expect(peakOf(0.8)).toBe(8);
    expect(peakOf(0.2)).toBeGreaterThan(8);
  });

  test("short memory lowers it part by part", () => {
    let now = 0;
    const adaptive = new AdaptiveConcurrency(() => (now += 100));
    for (let index = 0; index < 8; index += 1) adaptive.partDone(part, true);
    expect(adaptive.limit).toBe(7);
  });
});
