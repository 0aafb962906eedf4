import * as fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { md5Hex, verifyCallback, type VerifyCallbackOptions } from "../../src/signing/index.ts";
import { loadVectors } from "./load-vectors.ts";

afterEach(() => {
  vi.useRealTimers();
});

test.each(loadVectors("callback-sign"))("vector $tcId $name", (vector) => {
  const { signKey, now, toleranceSeconds, body, expected } = vector;
  expect(md5Hex(expected.md5Input), "stage MD5").toBe(expected.md5);
  expect(verifyCallback(body, signKey, { now, toleranceSeconds })).toEqual(
    expected.valid ? { valid: true } : { valid: false, reason: expected.reason },
  );
});

const callbackKey = "abcDEF0123456789";
const T = 1_735_690_200;
const Sign = md5Hex(`${callbackKey}${T}`);

describe("verifyCallback", () => {
  test("uses the machine's clock when no time is given", () => {
    vi.useFakeTimers({ now: T * 1000 });
    expect(verifyCallback({ Sign, T }, callbackKey)).toEqual({ valid: true });
    vi.setSystemTime(T * 1000 + 1000);
    expect(verifyCallback({ Sign, T }, callbackKey)).toEqual({ valid: false, reason: "expired" });
    expect(verifyCallback({ Sign, T }, callbackKey, { toleranceSeconds: 1 })).toEqual({ valid: true });
  });

  test("is valid exactly from T - 900 - tolerance to T + tolerance", () => {
    fc.assert(
      fc.property(fc.integer({ min: -2000, max: 2000 }), fc.integer({ min: 0, max: 600 }), (offset, tolerance) => {
        const { valid } = verifyCallback({ Sign, T }, callbackKey, { now: T + offset, toleranceSeconds: tolerance });
        expect(valid).toBe(offset <= tolerance && offset >= -900 - tolerance);
      }),
    );
  });

  test("notices any changed digit of Sign", () => {
    for (let at = 0; at < Sign.length; at += 1) {
      const changed = `${Sign.slice(0, at)}${Sign[at] === "0" ? "1" : "0"}${Sign.slice(at + 1)}`;
      expect(verifyCallback({ Sign: changed, T }, callbackKey, { now: T })).toEqual({
        valid: false,
        reason: "sign-mismatch",
      });
    }
  });

  test("never throws, whatever the body", () => {
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.record({ Sign: fc.anything(), T: fc.anything() })), (body) => {
        expect(verifyCallback(body, callbackKey, { now: T })).toMatchObject({ valid: false });
      }),
    );
  });

  test.each<[string, unknown, VerifyCallbackOptions | undefined, string]>([
    ["an empty key, which everybody knows", "", {}, "signKey"],
    ["no key", undefined, {}, "signKey"],
    ["a time that is no number", callbackKey, { now: Number.NaN }, "now"],
    ["a negative tolerance", callbackKey, { toleranceSeconds: -1 }, "toleranceSeconds"],
    ["an endless tolerance", callbackKey, { toleranceSeconds: Infinity }, "toleranceSeconds"],
  ])("refuses %s", (_, signKey, options, argument) => {
    const verify = (): unknown => verifyCallback({ Sign, T }, signKey as string, options);
    expect(verify).toThrow(TypeError);
    expect(verify).toThrow(expect.objectContaining({ code: "ERR_INVALID_ARG_VALUE", argument }));
  });
});
