import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decide, retryPolicy, type RetryClass, type RetryPolicy } from "../../src/http/retry.ts";
import { vectors } from "../support/vector-form.ts";

interface Decision {
  readonly kind: RetryClass;
  readonly retryAfterMs?: number;
  readonly attempt: number;
  readonly policy: RetryPolicy;
  readonly random: number;
  readonly steps?: { readonly ceilingMs: number; readonly jitteredMs: number };
  readonly expected: { readonly delayMs: number | null };
}

describe("the decision", () => {
  test.each(vectors<Decision>("retry-decision"))(
    "$name",
    ({ kind, retryAfterMs, attempt, policy, random, steps, expected }) => {
      expect(decide({ kind, retryAfterMs }, attempt, policy, random) ?? null).toBe(expected.delayMs);
      if (steps === undefined) return;
      expect(decide({ kind }, attempt, policy, random)).toBe(Math.round(steps.jitteredMs));
      expect(steps.jitteredMs).toBe(random * steps.ceilingMs);
    },
  );

  const policies = fc.record({
    attempts: fc.integer({ min: 1, max: 100 }),
    baseDelayMs: fc.nat(10_000),
    throttleDelayMs: fc.nat(10_000),
    maxDelayMs: fc.nat(60_000),
    maxRetryAfterMs: fc.nat(120_000),
    unreachableMs: fc.nat(86_400_000),
  });
  const kinds = fc.constantFrom<RetryClass>("backoff", "throttle");
  const randoms = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  const attempts = fc.integer({ min: 1, max: 120 });

  test("gives up exactly when the attempts are used up or the pause asked for is too long", () => {
    fc.assert(
      fc.property(policies, kinds, attempts, randoms, fc.nat(200_000), (policy, kind, attempt, random, asked) => {
        const delay = decide({ kind, retryAfterMs: asked }, attempt, policy, random);
        expect(delay === undefined).toBe(attempt >= policy.attempts || asked > policy.maxRetryAfterMs);
      }),
    );
  });

  test("of a service that is waited for by time, gives up when the time is over, and never waits beyond it", () => {
    fc.assert(
      fc.property(
        policies,
        kinds,
        attempts,
        randoms,
        fc.integer({ min: -9, max: 99_999 }),
        (policy, kind, attempt, random, waitLeftMs) => {
          const delay = decide({ kind, waitLeftMs }, attempt, policy, random);
          expect(delay === undefined).toBe(waitLeftMs <= 0);
          expect(delay ?? 0).toBeLessThanOrEqual(Math.max(0, Math.min(waitLeftMs, policy.maxDelayMs)));
        },
      ),
    );
  });

  test("never waits less than was asked for, nor more than that and the cap", () => {
    fc.assert(
      fc.property(policies, kinds, attempts, randoms, fc.nat(200_000), (policy, kind, attempt, random, asked) => {
        const delay = decide({ kind, retryAfterMs: asked }, attempt, policy, random);
        if (delay === undefined) return;
        expect(Number.isInteger(delay)).toBe(true);
        expect(delay).toBeGreaterThanOrEqual(asked);
        expect(delay).toBeLessThanOrEqual(Math.max(asked, policy.maxDelayMs));
      }),
    );
  });

  test("waits no less the later the attempt and the larger the random number", () => {
    fc.assert(
      fc.property(policies, kinds, fc.integer({ min: 1, max: 98 }), randoms, randoms, (policy, kind, attempt, a, b) => {
        const many = { ...policy, attempts: 100 };
        const [low, high] = a < b ? [a, b] : [b, a];
        const base = decide({ kind }, attempt, many, low) ?? Number.NaN;
        expect(decide({ kind }, attempt + 1, many, low)).toBeGreaterThanOrEqual(base);
        expect(decide({ kind }, attempt, many, high)).toBeGreaterThanOrEqual(base);
      }),
    );
  });

  test("spreads over the whole range: a fleet that failed together does not come back together", () => {
    const policy = retryPolicy();
    const delays = Array.from(
      { length: 1_000 },
      (_, index) => decide({ kind: "backoff" }, 4, policy, index / 1_000) ?? 0,
    );
    expect(Math.min(...delays)).toBe(0);
    expect(Math.max(...delays)).toBeGreaterThan(1_990);
    expect(new Set(delays).size).toBeGreaterThan(900);
  });
});

describe("the policy", () => {
  test("has documented defaults", () => {
    expect(retryPolicy()).toEqual({
      attempts: 6,
      baseDelayMs: 250,
      throttleDelayMs: 1_000,
      maxDelayMs: 8_000,
      maxRetryAfterMs: 60_000,
      unreachableMs: 0,
    });
  });

  test("takes what is given and leaves out what is undefined", () => {
    expect(retryPolicy({ attempts: 1, baseDelayMs: 0, maxDelayMs: undefined })).toMatchObject({
      attempts: 1,
      baseDelayMs: 0,
      maxDelayMs: 8_000,
    });
  });

  const bad: [string, unknown][] = [
    ["attempts", 0],
    ["attempts", 101],
    ["attempts", 2.5],
    ["attempts", Number.NaN],
    ["attempts", "3"],
    ["attempts", null],
    ["baseDelayMs", -1],
    ["throttleDelayMs", Infinity],
    ["maxDelayMs", 3_600_001],
    ["maxRetryAfterMs", 0.5],
  ];
  test.each(bad)("refuses %s = %j by name", (field, value) => {
    expect(() => retryPolicy({ [field]: value })).toThrow(
      expect.objectContaining({ code: "ERR_INVALID_ARG_VALUE", message: expect.stringContaining(`retry.${field}`) }),
    );
  });
});
