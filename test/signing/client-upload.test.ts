import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hmacSha1, signClientUpload, type ClientUploadParams } from "../../src/signing/index.ts";
import { loadVectors } from "./load-vectors.ts";

test.each(loadVectors("client-upload-sign"))("vector $tcId $name", ({ params, secretKey, expected }) => {
  const result = signClientUpload(Object.fromEntries(params), secretKey);
  expect(result.original, "stage original").toBe(expected.original);
  expect(hmacSha1(secretKey, result.original).toString("hex"), "stage MAC").toBe(expected.macHex);
  expect(result.signature, "stage signature").toBe(expected.signature);
});

const params = { secretId: "AKIDEXAMPLE", currentTimeStamp: 1_735_689_600, expireTime: 1_735_776_000, random: 1 };

describe("signClientUpload, for any context", () => {
  const context = fc.string({ unit: "binary" });

  test("carries the parameters readably behind the MAC", () => {
    fc.assert(
      fc.property(context, (sourceContext) => {
        const { original, signature } = signClientUpload({ ...params, sourceContext }, "key");
        const bytes = Buffer.from(signature, "base64");
        expect(bytes.subarray(20).toString("utf8")).toBe(original);
        expect(bytes.subarray(0, 20)).toEqual(hmacSha1("key", original));
        expect(new URLSearchParams(original).get("sourceContext")).toBe(sourceContext);
      }),
    );
  });

  test("keeps the order of the parameters", () => {
    const names = Object.keys(params);
    fc.assert(
      fc.property(fc.shuffledSubarray(Object.entries(params), { minLength: names.length }), (entries) => {
        const { original } = signClientUpload(Object.fromEntries(entries), "key");
        expect(original).toBe(entries.map(([name, value]) => `${name}=${value}`).join("&"));
      }),
    );
  });
});

test("another key gives another signature of the same text", () => {
  const [one, other] = [signClientUpload(params, "key"), signClientUpload(params, "kez")];
  expect(other.original).toBe(one.original);
  expect(other.signature).not.toBe(one.signature);
});

describe("a caller's mistake is a TypeError that names the parameter", () => {
  test.each<[string, unknown, string]>([
    ["no parameters", undefined, "params"],
    ["a list of pairs", [["secretId", "a"]], "params"],
    ["a number that text cannot hold exactly", { ...params, random: 2 ** 53 }, 'params["random"]'],
    ["a fraction", { ...params, random: 0.5 }, 'params["random"]'],
    ["NaN", { ...params, random: Number.NaN }, 'params["random"]'],
    ["a missing value", { ...params, sourceContext: undefined }, 'params["sourceContext"]'],
    ["a switch", { ...params, oneTimeValid: true }, 'params["oneTimeValid"]'],
    ["a lone surrogate", { ...params, sourceContext: "\udfff" }, 'params["sourceContext"]'],
  ])("%s", (_, wrong, argument) => {
    expect(() => signClientUpload(wrong as ClientUploadParams, "key")).toThrow(TypeError);
    expect(() => signClientUpload(wrong as ClientUploadParams, "key")).toThrow(
      expect.objectContaining({ code: "ERR_INVALID_ARG_VALUE", argument }),
    );
  });
});
