import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeKeyPath, percentEncode, sha1Hex, signCos, type CosRequest } from "../../src/signing/index.ts";
import { loadVectors } from "./load-vectors.ts";

const stageNames = [
  "keyTime",
  "signKey",
  "urlParamList",
  "headerList",
  "httpString",
  "stringToSign",
  "signature",
  "authorization",
] as const;

describe("signCos reproduces every stage", () => {
  test.each(loadVectors("cos-sign-v5"))("vector $tcId $name", (vector) => {
    const result = signCos(vector, vector);
    for (const stage of stageNames) expect(result[stage], `stage ${stage}`).toBe(vector.expected[stage]);
    for (const other of Object.values(vector.disagreeing ?? {})) expect(result.authorization).not.toBe(other);
  });
});

test("signing every header given is the default the vectors' lists confirm", () => {
  const complete = loadVectors("cos-sign-v5").filter(
    ({ headers, signedHeaders }) => Object.keys(headers).length === signedHeaders.length,
  );
  expect(complete.length).toBeGreaterThan(100);
  for (const vector of complete) {
    const { signedHeaders: _, ...request } = vector;
    expect(signCos(request, vector).authorization, vector.name).toBe(vector.expected["authorization"]);
  }
});

test("paths that vendor clients sent are the encoded form of the signed ones", () => {
  const wire = loadVectors("cos-sign-v5").filter(({ rawUrl, name }) => rawUrl !== undefined && name.startsWith("node"));
  expect(wire.length).toBeGreaterThan(10);
  for (const { rawUrl = "", path, name } of wire) {
    expect(encodeKeyPath(path), name).toBe(rawUrl.replace(/\?.*$/, ""));
  }
});

describe("signCos builds what the server itself built", () => {
  const credentials = { secretId: "unknown", secretKey: "unknown" };
  test.each(loadVectors("cos-server-echo"))("echo $tcId $name", (vector) => {
    const result = signCos(vector, credentials);
    expect(result.httpString, "stage httpString").toBe(vector.expected["httpString"]);
    expect(sha1Hex(result.httpString), "stage SHA-1").toBe(vector.expected.httpStringSha1);
    expect(result.stringToSign, "stage stringToSign").toBe(vector.expected["stringToSign"]);
    expect(result.headerList).toBe(vector.expected["headerList"]);
    expect(result.urlParamList).toBe(vector.expected["urlParamList"]);
  });
});

const credentials = { secretId: "AKIDEXAMPLE", secretKey: "exampleSecretKey" };
const request = {
  method: "PUT",
  path: "/dir/내 영상 (1)+%.mp4",
  query: { partNumber: "7", uploadId: "u+/=" },
  headers: {
    Host: "bucket-1250000000.cos.ap-guangzhou.myqcloud.com",
    "Content-Type": "video/mp4",
    "Content-Length": "16",
    "x-cos-security-token": "t+/=",
  },
  startTime: 1_700_000_000,
  endTime: 1_700_000_900,
} satisfies CosRequest;
const sign = (changes: Partial<CosRequest>): ReturnType<typeof signCos> =>
  signCos({ ...request, ...changes }, credentials);

describe("canonical form", () => {
  test("signs the path decoded and untouched", () => {
    expect(sign({}).httpString.split("\n")[1]).toBe("/dir/내 영상 (1)+%.mp4");
  });

  test("keeps the empty lines of empty lists", () => {
    const { httpString, headerList, urlParamList } = sign({ path: "/x", query: undefined, headers: undefined });
    expect(httpString).toBe("put\n/x\n\n\n");
    expect([headerList, urlParamList]).toEqual(["", ""]);
  });

  test("takes null, undefined and the empty text for no value", () => {
    for (const value of [null, undefined, ""]) {
      const { httpString, urlParamList } = sign({ path: "/x", query: { uploads: value }, headers: {} });
      expect([httpString, urlParamList]).toEqual(["put\n/x\nuploads=\n\n", "uploads"]);
    }
  });

  test("signs values as given, blanks and all", () => {
    const { httpString } = sign({ path: "/x", query: { k: " v " }, headers: { "x-cos-meta-a": "\tb " } });
    expect(httpString).toBe("put\n/x\nk=%20v%20\nx-cos-meta-a=%09b%20\n");
  });

  test("lower-cases a name after encoding it", () => {
    expect(sign({ query: { "A[É]": "x" } }).urlParamList).toBe("a%5b%c3%89%5d");
  });

  test("sorts by bytes, not by language", () => {
    const names = ["a~", "ab", "a-", "a_", "a.", "a1", "a", "é", "z", "B", "{", "-"];
    const encoded = names.map((name) => percentEncode(name).toLowerCase());
    const byBytes = encoded.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    // Otherwise these names would prove nothing.
    expect(encoded.toSorted((a, b) => a.localeCompare(b))).not.toEqual(byBytes);
    const query = Object.fromEntries(names.map((name) => [name, "1"]));
    expect(sign({ query }).urlParamList).toBe(byBytes.join(";"));
  });
});

/** Names that stay distinct when their case is ignored after encoding. */
const record = fc.uniqueArray(
  fc.tuple(fc.string({ unit: "binary", minLength: 1, maxLength: 8 }), fc.string({ unit: "binary" })),
  {
    selector: ([name]) => percentEncode(name).toLowerCase(),
    maxLength: 12,
  },
);

describe("for any query and headers", () => {
  test("the lists and the strings name the same fields in the order of their bytes", () => {
    fc.assert(
      fc.property(record, record, (query, headers) => {
        const result = sign({ path: "/x", query: Object.fromEntries(query), headers: Object.fromEntries(headers) });
        const [, , params = "", fields = ""] = result.httpString.split("\n");
        for (const [list, string, given] of [
          [result.urlParamList, params, query],
          [result.headerList, fields, headers],
        ] as const) {
          const names = list === "" ? [] : list.split(";");
          expect(names).toHaveLength(given.length);
          expect(names).toEqual(names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
          expect(string === "" ? [] : string.split("&").map((pair) => pair.slice(0, pair.indexOf("=")))).toEqual(names);
        }
      }),
    );
  });

  test("their order does not matter", () => {
    fc.assert(
      fc.property(record, record, (query, headers) => {
        const there = sign({ query: Object.fromEntries(query), headers: Object.fromEntries(headers) });
        const back = sign({
          query: Object.fromEntries(query.toReversed()),
          headers: Object.fromEntries(headers.toReversed()),
        });
        expect(back).toEqual(there);
      }),
    );
  });

  test("the string decodes to what was given", () => {
    fc.assert(
      fc.property(record, (query) => {
        const [, , params = ""] = sign({ path: "/x", query: Object.fromEntries(query) }).httpString.split("\n");
        const values = params === "" ? [] : params.split("&").map((pair) => pair.slice(pair.indexOf("=") + 1));
        expect(values.map(decodeURIComponent).sort()).toEqual(query.map(([, value]) => value).sort());
      }),
    );
  });
});

describe("which headers are signed", () => {
  test("every one given", () => {
    expect(sign({}).headerList).toBe("content-length;content-type;host;x-cos-security-token");
  });

  test("the listed ones, whatever their case and order", () => {
    expect(sign({ signedHeaders: ["HOST", "content-Length"] }).headerList).toBe("content-length;host");
    expect(sign({ signedHeaders: [] }).headerList).toBe("");
  });
});

describe("the signature depends on", () => {
  const reference = sign({}).signature;
  const { query, headers, ...rest } = request;

  test("each character of path, query and headers", () => {
    const targets = [
      ["path", request.path],
      ...Object.entries(query).map(([name, value]) => [`query ${name}`, value] as const),
      ...Object.entries(headers).map(([name, value]) => [`header ${name}`, value] as const),
    ] as const;
    for (const [target, value] of targets) {
      for (let at = target === "path" ? 1 : 0; at < value.length; at += 1) {
        const changed = `${value.slice(0, at)}${value[at] === "!" ? "?" : "!"}${value.slice(at + 1)}`;
        const [kind, name = ""] = target.split(" ");
        const changes: Partial<CosRequest> =
          kind === "path"
            ? { path: changed }
            : kind === "query"
              ? { query: { ...query, [name]: changed } }
              : { headers: { ...headers, [name]: changed } };
        expect(signCos({ ...rest, query, headers, ...changes }, credentials).signature, `${target} ${at}`).not.toBe(
          reference,
        );
      }
    }
  });

  test.each<[string, Partial<CosRequest>]>([
    ["the method", { method: "POST" }],
    ["the start", { startTime: 1_700_000_001 }],
    ["the end", { endTime: 1_700_000_901 }],
    ["a parameter more", { query: { ...query, acl: null } }],
    ["a header more", { headers: { ...headers, "x-cos-acl": "" } }],
    ["a header less", { signedHeaders: ["host"] }],
  ])("%s", (_, changes) => {
    expect(sign(changes).signature).not.toBe(reference);
  });

  test("the key, not the id", () => {
    expect(signCos(request, { ...credentials, secretKey: "exampleSecretKez" }).signature).not.toBe(reference);
    expect(signCos(request, { ...credentials, secretId: "other" }).signature).toBe(reference);
  });
});

describe("a caller's mistake is a TypeError that names the argument", () => {
  test.each<[string, Record<string, unknown>, string]>([
    ["parameters equal but for case", { query: { a: "1", A: "2" } }, 'query["A"]'],
    ["headers equal but for case", { headers: { Host: "a", host: "a" } }, 'headers["host"]'],
    ["headers equal but for case, not signed", { headers: { a: "", A: "" }, signedHeaders: [] }, 'headers["A"]'],
    ["no method", { method: "" }, "method"],
    ["a path without slash", { path: "a" }, "path"],
    ["an empty path", { path: "" }, "path"],
    ["a path with a lone surrogate", { path: "/\ud800" }, "path"],
    ["a number as value", { query: { partNumber: 1 } }, 'query["partNumber"]'],
    ["a Map, which has no entries of its own", { query: new Map([["a", "1"]]) }, "query"],
    ["headers as pairs", { headers: [["host", "a"]] }, "headers"],
    ["a query string", { query: "a=1" }, "query"],
    ["a header without value", { headers: { host: undefined } }, 'headers["host"]'],
    ["a header of null", { headers: { host: null } }, 'headers["host"]'],
    ["a start with a fraction", { startTime: 1.5 }, "startTime"],
    ["an end that is no number", { endTime: Number.NaN }, "endTime"],
    ["a signed header that is not given", { signedHeaders: ["date"] }, "signedHeaders"],
    ["a signed header named twice", { signedHeaders: ["host", "Host"] }, "signedHeaders"],
  ])("%s", (_, changes, argument) => {
    const wrong = { ...request, ...changes } as unknown as CosRequest;
    expect(() => signCos(wrong, credentials)).toThrow(TypeError);
    expect(() => signCos(wrong, credentials)).toThrow(
      expect.objectContaining({ code: "ERR_INVALID_ARG_VALUE", argument }),
    );
  });

  test("but names whose escapes differ are two names", () => {
    expect(sign({ query: { é: "1", É: "2" } }).urlParamList).toBe("%c3%89;%c3%a9");
  });
});
