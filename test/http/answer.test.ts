import { describe, expect, test } from "vitest";
import { retryAfterMs } from "../../src/http/answer.ts";

const date = "Wed, 01 Jul 2026 12:00:00 GMT";

describe("Retry-After", () => {
  test.each([
    ["absent", undefined, undefined],
    ["seconds", "7", 7_000],
    ["seconds with blanks", " 120 ", 120_000],
    ["no time at all", "0", 0],
    ["a date", "Wed, 01 Jul 2026 12:00:30 GMT", 30_000],
    ["a date in the oldest form", "Wednesday, 01-Jul-26 12:00:30 GMT", 30_000],
    ["a date that has passed", "Wed, 01 Jul 2026 11:00:00 GMT", 0],
    ["empty", "", undefined],
    ["negative", "-5", undefined],
    ["a fraction", "1.5", undefined],
    ["a year, which is a number of seconds", "2026", 2_026_000],
    ["words", "soon", undefined],
  ])("that is %s", (_, value, expected) => {
    expect(retryAfterMs({ date, ...(value === undefined ? {} : { "retry-after": value }) })).toBe(expected);
  });

  test("as a date is compared with the server's clock, not with ours", () => {
    const wrong = { date: "Thu, 01 Jan 2015 00:00:00 GMT", "retry-after": "Thu, 01 Jan 2015 00:00:10 GMT" };
    expect(retryAfterMs(wrong)).toBe(10_000);
  });

  test("as a date without the server's clock is compared with ours", () => {
    const soon = new Date(Date.now() + 60_000).toUTCString();
    const ms = retryAfterMs({ "retry-after": soon }) ?? 0;
    expect(ms).toBeGreaterThan(55_000);
    expect(ms).toBeLessThanOrEqual(60_000);
  });
});
