import { describe, expect, test } from "vitest";
import { ServiceClock, SigningTime } from "../../src/http/clock.ts";

const noon = Date.UTC(2026, 6, 1, 12);
const hour = 3_600_000;
const date = (ms: number): string => new Date(ms).toUTCString();

describe("the service's clock", () => {
  test("is the local one until it learns better", () => {
    let now = noon;
    const clock = new ServiceClock(() => now);
    expect(clock.now()).toBe(noon);
    now += 1_999;
    expect(clock.seconds()).toBe(noon / 1000 + 1);
    expect(clock.offsetMs).toBe(0);
  });

  test.each([hour, -hour, 5 * 60_000, -24 * hour])(
    "takes over the service's time, %i ms off, and keeps it",
    (offset) => {
      let now = noon;
      const clock = new ServiceClock(() => now);
      expect(clock.learn(date(noon + offset))).toBe(true);
      expect(clock.now()).toBe(noon + offset);
      now += 10 * 60_000;
      expect(clock.now()).toBe(now + offset);
    },
  );

  test("reads both forms the services use", () => {
    const clock = new ServiceClock(() => noon);
    expect(clock.learn("2026-07-01T13:00:00Z")).toBe(true);
    expect(clock.offsetMs).toBe(hour);
    expect(clock.learn("Wed, 01 Jul 2026 11:00:00 GMT")).toBe(true);
    expect(clock.offsetMs).toBe(-hour);
  });

  test.each([undefined, "", "soon", "2026-13-45"])("learns nothing from %j", (text) => {
    const clock = new ServiceClock(() => noon);
    expect(clock.learn(text)).toBe(false);
    expect(clock.offsetMs).toBe(0);
  });

  test("does not move for what whole seconds and travel explain: signing again would change nothing", () => {
    const clock = new ServiceClock(() => noon);
    expect(clock.learn(date(noon + 1_000))).toBe(false);
    expect(clock.learn(date(noon - 1_000))).toBe(false);
    expect(clock.offsetMs).toBe(0);
  });

  test("tells every request that was signed before it moved to sign again, not only the first", () => {
    const clock = new ServiceClock(() => noon);
    const used = clock.offsetMs;
    const answers = [1, 2, 3].map(() => clock.learn(date(noon + hour), used));
    expect(answers).toEqual([true, true, true]);
    // One that was signed with the right time and is refused all the same is not helped by the clock.
    expect(clock.learn(date(noon + hour), clock.offsetMs)).toBe(false);
  });

  test("signs again after it moved even if a refusal names no time", () => {
    const clock = new ServiceClock(() => noon);
    clock.learn(date(noon + hour));
    expect(clock.learn(undefined, 0)).toBe(true);
    expect(clock.learn(undefined)).toBe(false);
  });
});

describe("the time that the service told", () => {
  test("goes on whatever the local clock is set to", () => {
    let [now, ticks] = [noon, 500];
    const clock = new ServiceClock(
      () => now,
      () => ticks,
    );
    expect(clock.told()).toBeUndefined();
    clock.observe(date(noon + hour));
    now -= 30 * hour;
    ticks += 1_234;
    expect(clock.told()).toBe(noon + hour + 1_234);
    now += 90 * hour;
    expect(clock.told()).toBe(noon + hour + 1_234);
    clock.observe(date(noon + 2 * hour));
    expect(clock.told()).toBe(noon + 2 * hour);
  });

  test("is the local one where they agree, which counts more than whole seconds", () => {
    const clock = new ServiceClock(
      () => noon + 1_900,
      () => 0,
    );
    clock.observe(date(noon + 1_000));
    expect(clock.told()).toBe(noon + 1_900);
    clock.observe("soon");
    expect(clock.told()).toBe(noon + 1_900);
  });
});

describe("a refusal of the time", () => {
  test("is cured by a corrected clock, and by a new signature once where the clock was right", () => {
    const right = new SigningTime(new ServiceClock(() => noon));
    expect(right.isCured(date(noon), 0)).toBe(true);
    expect(right.isCured(date(noon), 0)).toBe(false);
  });

  test("that comes again although the clock was corrected is not cured by the same time", () => {
    const clock = new ServiceClock(() => noon);
    const wrong = new SigningTime(clock);
    expect(wrong.isCured(date(noon + hour), clock.offsetMs)).toBe(true);
    expect(wrong.isCured(date(noon + hour), clock.offsetMs)).toBe(false);
    expect(wrong.isCured(date(noon + 2 * hour), clock.offsetMs)).toBe(true);
  });
});
