import { describe, expect, test } from "vitest";
import { presignCosUrl, signClientUpload, signCos, signTc3, verifyCallback } from "../../src/signing/index.ts";

/* What a caller is told: the argument's name, and what it must be. Nothing is signed halfway. */

const keys = { secretId: "AKIDexample", secretKey: "exampleKey" };
const tc3 = { method: "POST", host: "vod.example.com", headers: {}, body: "{}", service: "vod", timestamp: 1 };
const cos = { method: "GET", path: "/k", query: {}, headers: {}, startTime: 1, endTime: 2 };
const presign = { method: "GET", url: "https://b.example.com", path: "/k", startTime: 1, endTime: 2 };
const bad = (value: unknown): never => value as never;

describe("is refused by name:", () => {
  test.each<[string, () => unknown, RegExp]>([
    [
      "a method with more than letters",
      () => signTc3({ ...tc3, method: "1POST" }, keys),
      /^method must be an HTTP method/,
    ],
    [
      "a service with a slash at its end",
      () => signTc3({ ...tc3, service: "vod/" }, keys),
      /^service must be a product name/,
    ],
    [
      "a service with a slash before it",
      () => signTc3({ ...tc3, service: "/vod" }, keys),
      /^service must be a product name/,
    ],
    ["a path without its slash", () => signTc3({ ...tc3, path: "x" }, keys), /^path must begin with/],
    ["a body that is none", () => signTc3({ ...tc3, body: bad(7) }, keys), /^body must be a string or a Uint8Array/],
    [
      "a time that is no number",
      () => signTc3({ ...tc3, timestamp: bad("1") }, keys),
      /^timestamp must be a whole number of Unix/,
    ],
    ["a request that is none", () => signTc3(bad(null), keys), /^request must be an object/],
    ["a list of a request", () => signTc3(bad([]), keys), /^request must be an object/],
    ["keys that are none", () => signTc3(tc3, bad("AKID")), /^credentials must be an object/],
    ["a missing SecretId", () => signTc3(tc3, bad({ secretKey: "x" })), /^secretId must be a string/],
    ["a missing SecretKey", () => signTc3(tc3, bad({ secretId: "x" })), /^secretKey must be a string/],
    ["half of a character", () => signCos({ ...cos, path: "/\ud800" }, keys), /^path must not hold a/],
    ["a COS request that is none", () => signCos(bad(undefined), keys), /^request must be an object/],
    ["a COS path without its slash", () => signCos({ ...cos, path: "k" }, keys), /^path must begin with/],
    [
      "names that are no list",
      () => signCos({ ...cos, signedHeaders: bad("host") }, keys),
      /^signedHeaders must be an array/,
    ],
    [
      "a header named twice",
      () => signCos({ ...cos, headers: { A: "1", a: "2" } }, keys),
      /^headers\["a"\] is given twice/,
    ],
    [
      "a URL that is none",
      () => presignCosUrl({ ...presign, url: "b.example.com" }, keys),
      /^url must be an absolute URL/,
    ],
    ["another scheme", () => presignCosUrl({ ...presign, url: "ftp://b.example.com" }, keys), /^url /],
    [
      "a user name in a URL",
      () => presignCosUrl({ ...presign, url: "https://u@b.example.com" }, keys),
      /^url must not hold/,
    ],
    [
      "a password in a URL",
      () => presignCosUrl({ ...presign, url: "https://:p@b.example.com" }, keys),
      /^url must not hold/,
    ],
    [
      "a URL with a path",
      () => presignCosUrl({ ...presign, url: "https://b.example.com/k" }, keys),
      /^url must be an origin/,
    ],
    [
      "a URL with a query",
      () => presignCosUrl({ ...presign, url: "https://b.example.com?a" }, keys),
      /^url must be an origin/,
    ],
    [
      "a URL with a fragment",
      () => presignCosUrl({ ...presign, url: "https://b.example.com#a" }, keys),
      /^url must be an origin/,
    ],
    ["dot segments", () => presignCosUrl({ ...presign, path: "/a/../b" }, keys), /^path must not hold dot segments/],
    ["a token that is no text", () => presignCosUrl(presign, { ...keys, token: bad(7) }), /^token must be a string/],
    ["a key that is no text", () => signClientUpload({ secretId: "a" }, bad(7)), /^secretKey must be a string/],
    ["an empty SignKey", () => verifyCallback({ Sign: "", T: 1 }, ""), /^signKey must not be empty/],
    ["options that are none", () => verifyCallback({ Sign: "", T: 1 }, "k", bad("now")), /^options must be an object/],
    [
      "a tolerance below nothing",
      () => verifyCallback({ Sign: "", T: 1 }, "k", { toleranceSeconds: -1 }),
      /^(?:options\.)?toleranceSeconds must be a number of seconds, 0 or more/,
    ],
  ])("%s", (_, call, message) => {
    expect(call).toThrow(
      expect.objectContaining({ code: "ERR_INVALID_ARG_VALUE", message: expect.stringMatching(message) }),
    );
  });
});

test.each(["x".repeat(40), `z${"0".repeat(32)}`, `${"0".repeat(32)}z`, 7, undefined])(
  "a Sign of another form (%s) is an invalid one",
  (Sign) => {
    expect(verifyCallback(bad({ Sign, T: 1_700_000_000 }), "k", { now: 1_699_999_999 })).toMatchObject({
      valid: false,
    });
  },
);
