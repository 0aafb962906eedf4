import { describe, expect, test } from "vitest";
import { RateWindow } from "../../src/rate-window.ts";

describe("the rate over the last seconds", () => {
  test("is that of an even pace, and counts the first second whole", () => {
    const rate = new RateWindow(0);
    rate.reached(500, 100);
    expect(rate.perSecond(100)).toBe(500);
    for (let at = 1_000; at <= 20_000; at += 250) rate.reached(at, at);
    expect(rate.perSecond(20_000)).toBeCloseTo(1_000, 0);
  });

  test("begins with what earlier runs have sent", () => {
    const rate = new RateWindow(0, 1_000_000);
    rate.reached(1_002_000, 2_000);
    expect(rate.perSecond(2_000)).toBe(1_000);
  });

  test("falls while nothing moves, and is 0 when nothing has for as long as it looks back", () => {
    const rate = new RateWindow(0);
    for (let at = 250; at <= 10_000; at += 250) rate.reached(at, at);
    expect(rate.perSecond(12_500)).toBeLessThan(700);
    expect(rate.perSecond(15_001)).toBe(0);
    rate.reached(11_000, 16_000);
    expect(rate.perSecond(16_000)).toBeGreaterThan(100);
  });
});
