import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  deriveTc3Keys,
  sha256Hex,
  signTc3,
  tc3Authorization,
  tc3CanonicalRequest,
  tc3CredentialScope,
  tc3SignatureHex,
  tc3StringToSign,
  type Tc3Request,
} from "../../src/signing/index.ts";
import { loadVectors, type Tc3Vector } from "./load-vectors.ts";

const vectors = loadVectors("tc3-sign");
const quirks = vectors.filter(({ flags }) => flags.includes("vendor-quirk"));
const regular = vectors.filter(({ flags }) => !flags.includes("vendor-quirk"));

function payloadOf(vector: Tc3Vector): Buffer {
  const { payloadGenerator: generator, payload = "", payloadEncoding } = vector;
  const bytes =
    generator === undefined
      ? Buffer.from(payload, payloadEncoding)
      : Buffer.from(generator.prefix + generator.unit.repeat(generator.count) + generator.suffix, "utf8");
  expect(bytes.length, "payloadLength").toBe(vector.payloadLength);
  return bytes;
}

function requestOf(vector: Tc3Vector, body: string | Uint8Array): Tc3Request {
  const { method, host, path, query, headers, service, timestamp, signedHeaders } = vector;
  return { method, host, path, query, headers, body, service, timestamp, signedHeaders };
}

describe("signTc3 reproduces every stage", () => {
  test.each(regular)("vector $tcId $name", (vector) => {
    const { expected } = vector;
    const body = vector.payloadHashInput ?? payloadOf(vector);
    const result = signTc3(requestOf(vector, body), vector);
    const keys = deriveTc3Keys(vector.secretKey, vector.timestamp, vector.service);

    expect(result.hashedPayload, "stage hashedPayload").toBe(expected.hashedPayload);
    expect(result.canonicalRequest, "stage canonicalRequest").toBe(expected.canonicalRequest);
    expect(result.hashedCanonicalRequest, "stage hashedCanonicalRequest").toBe(expected.hashedCanonicalRequest);
    expect(result.credentialScope, "stage credentialScope").toBe(expected.credentialScope);
    expect(result.stringToSign, "stage stringToSign").toBe(expected.stringToSign);
    expect(keys.secretDate, "stage secretDate").toBe(expected.secretDate);
    expect(keys.secretService, "stage secretService").toBe(expected.secretService);
    expect(keys.secretSigning, "stage secretSigning").toBe(expected.secretSigning);
    expect(result.signature, "stage signature").toBe(expected.signature);
    expect(result.authorization, "stage authorization").toBe(expected.authorization);
  });

  test("of a string as of its UTF-8 bytes", () => {
    const texts = regular.filter(({ payloadEncoding }) => payloadEncoding === "utf8");
    expect(texts.length).toBeGreaterThan(50);
    for (const vector of texts) {
      const body = vector.payloadHashInput ?? vector.payload ?? "";
      expect(signTc3(requestOf(vector, body), vector).authorization, vector.name).toBe(vector.expected.authorization);
    }
  });
});

describe("the literal stages reproduce what a vendor does against the documentation", () => {
  test.each(quirks)("vector $tcId $name", (vector) => {
    const { expected, timestamp, service, secretKey, secretId } = vector;
    const canonicalLines = expected.canonicalRequest.split("\n");
    // What makes it a quirk are the header lines; they are taken as the vendor wrote them.
    const headers = canonicalLines.slice(3, 3 + vector.signedHeaders.length).map((line): [string, string] => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1)];
    });
    const hashedPayload = sha256Hex(payloadOf(vector));
    const canonicalRequest = tc3CanonicalRequest({ ...vector, headers, hashedPayload });
    expect(canonicalRequest, "stage canonicalRequest").toBe(expected.canonicalRequest);

    const credentialScope = tc3CredentialScope(timestamp, service);
    expect(credentialScope, "stage credentialScope").toBe(expected.credentialScope);
    const stringToSign = tc3StringToSign(timestamp, credentialScope, sha256Hex(canonicalRequest));
    expect(stringToSign, "stage stringToSign").toBe(expected.stringToSign);
    const signature = tc3SignatureHex(deriveTc3Keys(secretKey, timestamp, service).secretSigning, stringToSign);
    expect(signature, "stage signature").toBe(expected.signature);
    const signedHeaders = headers.map(([name]) => name).join(";");
    expect(tc3Authorization({ secretId, credentialScope, signedHeaders, signature }), "stage authorization").toBe(
      expected.authorization,
    );
  });

  test("some are there", () => {
    expect(quirks.length).toBeGreaterThan(0);
  });
});

const credentials = { secretId: "AKIDEXAMPLE", secretKey: "exampleSecretKey" };
const request: Tc3Request = {
  method: "POST",
  host: "vod.intl.tencentcloudapi.com",
  headers: {
    "Content-Type": "application/json",
    "X-TC-Action": "ApplyUpload",
    "X-TC-Version": "2018-07-17",
    "X-TC-Timestamp": "1735689600",
  },
  body: '{"MediaType":"mp4"}',
  service: "vod",
  timestamp: 1_735_689_600,
};

describe("which headers are signed", () => {
  const namesOf = (changes: Partial<Tc3Request>): string =>
    signTc3({ ...request, ...changes }, credentials).signedHeaders;

  test("by default content-type, host and x-tc-action", () => {
    expect(namesOf({})).toBe("content-type;host;x-tc-action");
    expect(signTc3(request, credentials).canonicalRequest.split("\n").slice(3, 8)).toEqual([
      "content-type:application/json",
      "host:vod.intl.tencentcloudapi.com",
      "x-tc-action:applyupload",
      "",
      "content-type;host;x-tc-action",
    ]);
  });

  test("of the default ones those that are given", () => {
    expect(namesOf({ headers: {} })).toBe("host");
    expect(namesOf({ headers: { "X-TC-Region": "ap-singapore", "content-type": "application/json" } })).toBe(
      "content-type;host",
    );
    expect(namesOf({ headers: { "x-tc-ACTION": "PullEvents" } })).toBe("host;x-tc-action");
  });

  test("the listed ones, sorted, whatever their case and order", () => {
    expect(namesOf({ signedHeaders: ["X-TC-Version", "Host", "content-type"] })).toBe("content-type;host;x-tc-version");
  });

  test("the host argument, not a host among the headers", () => {
    const { canonicalRequest } = signTc3({ ...request, headers: { Host: "other.example" } }, credentials);
    expect(canonicalRequest).toContain("\nhost:vod.intl.tencentcloudapi.com\n");
    expect(canonicalRequest).not.toContain("other.example");
  });

  test("in any order of the headers with the same result", () => {
    const entries = Object.entries(request.headers);
    const reference = signTc3(request, credentials);
    fc.assert(
      fc.property(fc.shuffledSubarray(entries, { minLength: entries.length }), (shuffled) => {
        expect(signTc3({ ...request, headers: Object.fromEntries(shuffled) }, credentials)).toEqual(reference);
      }),
    );
  });
});

describe("canonical form", () => {
  test("trims and lower-cases values, in the canonical request only", () => {
    const padded = { ...request, headers: { "Content-Type": "  Application/JSON\t", "X-TC-Action": " ApplyUpload " } };
    expect(signTc3(padded, credentials)).toEqual(signTc3(request, credentials));
  });

  test("signs the query as given, neither sorted nor encoded", () => {
    const { canonicalRequest } = signTc3({ ...request, method: "GET", query: "b=%2f&a=+ ", body: "" }, credentials);
    expect(canonicalRequest.split("\n").slice(0, 3)).toEqual(["GET", "/", "b=%2f&a=+ "]);
  });

  test("has an empty line before the names and none at the end", () => {
    const { canonicalRequest, hashedPayload } = signTc3(request, credentials);
    expect(canonicalRequest.endsWith(`\n\ncontent-type;host;x-tc-action\n${hashedPayload}`)).toBe(true);
  });

  test("takes the date in UTC", () => {
    expect(tc3CredentialScope(1_735_660_800, "vod")).toBe("2024-12-31/vod/tc3_request");
  });

  test("writes the method in upper case, as clients send it", () => {
    expect(signTc3({ ...request, method: "post" }, credentials)).toEqual(signTc3(request, credentials));
  });
});

describe("the signature depends on", () => {
  const reference = signTc3(request, credentials).signature;

  test("each byte of the body", () => {
    const body = Buffer.from(request.body);
    fc.assert(
      fc.property(fc.nat(body.length - 1), fc.integer({ min: 1, max: 255 }), (at, difference) => {
        const changed = Buffer.from(body);
        changed[at] = (changed[at] ?? 0) ^ difference;
        return signTc3({ ...request, body: changed }, credentials).signature !== reference;
      }),
    );
  });

  test.each<[string, Partial<Tc3Request>]>([
    ["the method", { method: "GET" }],
    ["the host", { host: "vod.tencentcloudapi.com" }],
    ["the path", { path: "/a" }],
    ["the query", { query: "a=1" }],
    ["the content type", { headers: { ...request.headers, "Content-Type": "application/json; charset=utf-8" } }],
    ["the action", { headers: { ...request.headers, "X-TC-Action": "CommitUpload" } }],
    ["the service", { service: "cvm" }],
    ["the second", { timestamp: request.timestamp + 1 }],
    ["the set of signed headers", { signedHeaders: ["content-type", "host"] }],
  ])("%s", (_, changes) => {
    expect(signTc3({ ...request, ...changes }, credentials).signature).not.toBe(reference);
  });

  test("the key, not the id", () => {
    expect(signTc3(request, { ...credentials, secretKey: "exampleSecretKez" }).signature).not.toBe(reference);
    expect(signTc3(request, { ...credentials, secretId: "other" }).signature).toBe(reference);
  });

  test("no header that is not signed", () => {
    const headers = { ...request.headers, "X-TC-Version": "2099-01-01", "X-TC-Token": "t" };
    expect(signTc3({ ...request, headers }, credentials).signature).toBe(reference);
  });
});

describe("a caller's mistake is a TypeError that names the argument", () => {
  test.each<[string, Record<string, unknown>, string]>([
    ["no method", { method: undefined }, "method"],
    ["a method with a line break", { method: "POST\n" }, "method"],
    ["an empty host", { host: "" }, "host"],
    ["a URL for host", { host: "https://vod.tencentcloudapi.com" }, "host"],
    ["a relative path", { path: "a" }, "path"],
    ["a path with a line break", { path: "/\n/" }, "path"],
    ["a query that is no string", { query: { a: "1" } }, "query"],
    ["a query with a line break", { query: "a\nb" }, "query"],
    ["no headers", { headers: undefined }, "headers"],
    ["a Headers object, which has no entries of its own", { headers: new Headers({ a: "b" }) }, "headers"],
    ["a header that is no string", { headers: { "Content-Type": 1 } }, 'headers["Content-Type"]'],
    ["a header with a line break", { headers: { "Content-Type": "a\r\nb: c" } }, 'headers["Content-Type"]'],
    ["a header name that is none", { headers: { "a:b": "c" } }, 'headers["a:b"]'],
    ["a header given twice", { headers: { "content-type": "a", "Content-Type": "b" } }, 'headers["content-type"]'],
    ["no body", { body: undefined }, "body"],
    ["an object for body", { body: {} }, "body"],
    ["an empty service", { service: "" }, "service"],
    ["milliseconds with a fraction", { timestamp: 1_735_689_600.5 }, "timestamp"],
    ["milliseconds", { timestamp: 1_735_689_600_000_000 }, "timestamp"],
    ["a negative time", { timestamp: -1 }, "timestamp"],
    ["a text for time", { timestamp: "1735689600" }, "timestamp"],
    ["a signed header that is not given", { signedHeaders: ["host", "x-tc-token"] }, "signedHeaders"],
    ["a signed header named twice", { signedHeaders: ["host", "Host"] }, "signedHeaders"],
    ["signed headers in one string", { signedHeaders: "host" }, "signedHeaders"],
  ])("%s", (_, changes, argument) => {
    const wrong = { ...request, ...changes } as unknown as Tc3Request;
    expect(() => signTc3(wrong, credentials)).toThrow(TypeError);
    expect(() => signTc3(wrong, credentials)).toThrow(
      expect.objectContaining({ code: "ERR_INVALID_ARG_VALUE", argument }),
    );
  });

  test("but empty credentials and blanks in them are signed as they are", () => {
    expect(signTc3(request, { secretId: "", secretKey: "" }).authorization).toContain("Credential=/2025-01-01/");
    expect(signTc3(request, { ...credentials, secretKey: " exampleSecretKey" }).signature).not.toBe(
      signTc3(request, credentials).signature,
    );
  });
});
