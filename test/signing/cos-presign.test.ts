import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  hasDotSegment,
  percentEncode,
  presignCosUrl,
  signCos,
  type CosPresignRequest,
} from "../../src/signing/index.ts";
import { loadVectors } from "./load-vectors.ts";

/** Reads a URL as a server does: split first, then decode each piece once. */
function readUrl(url: string): { origin: string; path: string; params: [string, string][] } {
  const [, origin = "", path = "", query = ""] = /^(https?:\/\/[^/]+)([^?]*)\?(.*)$/.exec(url) ?? [];
  const params = query.split("&").map((pair): [string, string] => {
    const equals = pair.indexOf("=");
    return [decodeURIComponent(pair.slice(0, equals)), decodeURIComponent(pair.slice(equals + 1))];
  });
  return { origin, path: decodeURIComponent(path), params };
}

const signatureParams = [
  "q-sign-algorithm",
  "q-ak",
  "q-sign-time",
  "q-key-time",
  "q-header-list",
  "q-url-param-list",
  "q-signature",
];

describe("presignCosUrl", () => {
  test.each(loadVectors("cos-presign"))("vector $tcId $name", (vector) => {
    const signed = signCos(
      { ...vector, headers: { ...withoutHost(vector.headers), host: new URL(vector.url).host } },
      vector,
    );
    for (const stage of ["keyTime", "signKey", "urlParamList", "headerList", "httpString", "stringToSign"] as const) {
      expect(signed[stage], `stage ${stage}`).toBe(vector.expected[stage]);
    }
    expect(signed.signature, "stage signature").toBe(vector.expected.signature);
    expect(presignCosUrl(vector, vector), "stage url").toBe(vector.expected.url);
  });

  test.each(loadVectors("cos-presign").filter(({ vendorUrls }) => vendorUrls !== undefined))(
    "means what the vendor's URL means: vector $tcId $name",
    (vector) => {
      const ours = readUrl(presignCosUrl(vector, vector));
      // `+` for a blank is the one spelling of the vendors that percent-decoding does not undo.
      const vendor = readUrl((vector.vendorUrls?.sync ?? "").replaceAll("+", "%20"));
      expect([ours.origin, ours.path]).toEqual([vendor.origin, vendor.path]);
      const params = ours.params.filter(([name]) => name !== "x-cos-security-token");
      expect(Object.fromEntries(params)).toEqual(Object.fromEntries(vendor.params));
      expect(params).toHaveLength(vendor.params.length);
    },
  );
});

function withoutHost(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== "host"));
}

const credentials = { secretId: "AKIDEXAMPLE", secretKey: "exampleSecretKey" };
const origin = "https://bucket-1250000000.cos.ap-guangzhou.myqcloud.com";
const request: CosPresignRequest = {
  method: "PUT",
  url: origin,
  path: "/dir/a b.mp4",
  startTime: 1_700_000_000,
  endTime: 1_700_000_900,
};

const name = fc.string({ unit: "binary", minLength: 1, maxLength: 8 }).filter((text) => !/^(q-|x-cos-)/i.test(text));
const entries = fc.uniqueArray(fc.tuple(name, fc.string({ unit: "binary", maxLength: 8 })), {
  selector: ([text]) => percentEncode(text).toLowerCase(),
  maxLength: 6,
});
const path = fc
  .array(fc.string({ unit: "binary", maxLength: 6 }), { maxLength: 4 })
  .map((segments) => `/${segments.join("/")}`)
  .filter((text) => !hasDotSegment(text));

describe("for any path, query and headers", () => {
  test("a server that decodes the URL finds the signature of signCos", () => {
    fc.assert(
      fc.property(path, entries, entries, (key, query, headers) => {
        const own = Object.fromEntries(headers.filter(([text]) => text.toLowerCase() !== "host"));
        const url = presignCosUrl(
          { ...request, path: key, query: Object.fromEntries(query), headers: own },
          credentials,
        );
        const read = readUrl(url);
        expect(read.origin).toBe(origin);
        expect(read.path).toBe(key);
        const values = new Map(read.params);
        const [startTime = 0, endTime = 0] = (values.get("q-key-time") ?? "").split(";").map(Number);
        const listed = new Set((values.get("q-url-param-list") ?? "").split(";"));
        const signedParams = read.params.filter(([text]) => listed.has(percentEncode(text).toLowerCase()));
        const verified = signCos(
          {
            method: "PUT",
            path: read.path,
            query: Object.fromEntries(signedParams),
            headers: { ...own, Host: new URL(origin).host },
            startTime,
            endTime,
          },
          credentials,
        );
        expect(values.get("q-signature")).toBe(verified.signature);
        expect(values.get("q-header-list")).toBe(verified.headerList);
        expect(values.get("q-url-param-list")).toBe(verified.urlParamList);
      }),
    );
  });

  test("a URL parser changes nothing", () => {
    fc.assert(
      fc.property(path, entries, (key, query) => {
        const url = presignCosUrl({ ...request, path: key, query: Object.fromEntries(query) }, credentials);
        expect(new URL(url).href).toBe(url);
      }),
    );
  });
});

describe("form of the URL", () => {
  test("own parameters in their order, then the seven, then the token", () => {
    const url = presignCosUrl(
      { ...request, query: { uploadId: "u", partNumber: "1" } },
      { ...credentials, token: "t" },
    );
    expect(readUrl(url).params.map(([text]) => text)).toEqual([
      "uploadId",
      "partNumber",
      ...signatureParams,
      "x-cos-security-token",
    ]);
    expect(url.startsWith(`${origin}/dir/a%20b.mp4?uploadId=u&partNumber=1&q-sign-algorithm=sha1&`)).toBe(true);
  });

  test("without own parameters the signature follows the question mark", () => {
    expect(presignCosUrl(request, credentials)).toContain("/dir/a%20b.mp4?q-sign-algorithm=sha1&q-ak=AKIDEXAMPLE&");
  });

  test("times and lists are encoded, a list name with % once more", () => {
    const query = { 한: "1", z: "2" };
    const url = presignCosUrl({ ...request, query, headers: { "x-cos-acl": "private" } }, credentials);
    expect(url).toContain("&q-sign-time=1700000000%3B1700000900&q-key-time=1700000000%3B1700000900&");
    expect(url).toContain("&q-header-list=host%3Bx-cos-acl&q-url-param-list=%25ed%2595%259c%3Bz&");
  });

  test("the token changes nothing but itself", () => {
    const without = presignCosUrl(request, credentials);
    expect(presignCosUrl(request, { ...credentials, token: "T+/=" })).toBe(
      `${without}&x-cos-security-token=T%2B%2F%3D`,
    );
    expect(presignCosUrl(request, { ...credentials, token: "" })).toBe(without);
    expect(presignCosUrl(request, { ...credentials, token: undefined })).toBe(without);
  });

  test("the host of the URL is signed as clients send it", () => {
    const of = (url: string): string => presignCosUrl({ ...request, url }, credentials);
    expect(of(`${origin}/`)).toBe(of(origin));
    expect(of(`${origin}:443`)).toBe(of(origin));
    expect(of(origin.toUpperCase())).toBe(of(origin));
    expect(of(`${origin}:8443`)).not.toContain(new URL(of(origin)).searchParams.get("q-signature"));
  });
});

describe("a caller's mistake is a TypeError that names the argument", () => {
  test.each<[string, Record<string, unknown>, string]>([
    ["no URL", { url: undefined }, "url"],
    ["a host alone", { url: "bucket.example" }, "url"],
    ["a URL with a path", { url: `${origin}/a` }, "url"],
    ["a URL with a query", { url: `${origin}?a` }, "url"],
    ["a URL with a password", { url: "https://u:p@bucket.example" }, "url"],
    ["another scheme", { url: "ftp://bucket.example" }, "url"],
    ["a path without slash", { path: "a" }, "path"],
    ["a dot segment", { path: "/a/../b" }, "path"],
    ["a trailing dot segment", { path: "/a/." }, "path"],
    ["a parameter of the signature", { query: { "Q-Signature": "x" } }, 'query["Q-Signature"]'],
    ["parameters equal but for case", { query: { a: "1", A: "2" } }, 'query["A"]'],
    ["URLSearchParams", { query: new URLSearchParams("a=1") }, "query"],
    ["headers that are no object", { headers: "host" }, "headers"],
    ["an end with a fraction", { endTime: 1.5 }, "endTime"],
  ])("%s", (_, changes, argument) => {
    const wrong = { ...request, ...changes } as unknown as CosPresignRequest;
    expect(() => presignCosUrl(wrong, credentials)).toThrow(TypeError);
    expect(() => presignCosUrl(wrong, credentials)).toThrow(
      expect.objectContaining({ code: "ERR_INVALID_ARG_VALUE", argument }),
    );
  });

  test("a token in two places", () => {
    const query = { "x-cos-security-token": "t" };
    expect(() => presignCosUrl({ ...request, query }, { ...credentials, token: "t" })).toThrow(TypeError);
    // Alone in the query it is a parameter like any other, and signed.
    expect(presignCosUrl({ ...request, query }, credentials)).toContain("q-url-param-list=x-cos-security-token&");
  });
});
