import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeKeyPath, encodeQuery, hasDotSegment, percentEncode } from "../../src/signing/index.ts";
import { loadVectors } from "./load-vectors.ts";

const text = fc.string({ unit: "binary", maxLength: 40 });

test.each(loadVectors("percent-encoding"))("vector $tcId $name", ({ input, expected }) => {
  expect(percentEncode(input), "value").toBe(expected.value);
  expect(percentEncode(input).toLowerCase(), "name").toBe(expected.name);
  expect(encodeKeyPath(input), "keyPath").toBe(expected.keyPath);
});

describe("percentEncode, for any text", () => {
  test("is undone by decoding", () => {
    fc.assert(fc.property(text, (input) => decodeURIComponent(percentEncode(input)) === input));
  });

  test("writes unreserved characters and upper-case escapes only", () => {
    fc.assert(fc.property(text, (input) => /^(?:[A-Za-z0-9._~-]|%[0-9A-F]{2})*$/.test(percentEncode(input))));
  });

  test("equals the escaped bytes of its UTF-8 form", () => {
    const escaped = (input: string): string =>
      Array.from(Buffer.from(input, "utf8"), (byte) => {
        const character = String.fromCharCode(byte);
        return /[A-Za-z0-9._~-]/.test(character) ? character : `%${byte.toString(16).padStart(2, "0").toUpperCase()}`;
      }).join("");
    fc.assert(fc.property(text, (input) => percentEncode(input) === escaped(input)));
  });

  test("encodes an encoded text again", () => {
    fc.assert(
      fc.property(text, (input) => {
        const once = percentEncode(input);
        return percentEncode(once) === once.replaceAll("%", "%25");
      }),
    );
  });

  test("gives different texts different forms", () => {
    fc.assert(fc.property(text, text, (a, b) => (a === b) === (percentEncode(a) === percentEncode(b))));
  });
});

describe("encodeKeyPath, for any path", () => {
  test("keeps the slashes and encodes what is between them", () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 1 }), (segments) => {
        const path = segments.join("/");
        return encodeKeyPath(path) === percentEncode(path).replaceAll("%2F", "/");
      }),
    );
  });

  test("survives a URL parser unless it has dot segments", () => {
    fc.assert(
      fc.property(fc.array(text), (segments) => {
        const path = `/${segments.join("/")}`;
        fc.pre(!hasDotSegment(path));
        const encoded = encodeKeyPath(path);
        return new URL(`https://host.example${encoded}`).pathname === encoded;
      }),
    );
  });
});

test("dot segments are whole segments", () => {
  expect(["/.", "/..", "/a/./b", "/a/../b", "..", "./a"].filter((path) => !hasDotSegment(path))).toEqual([]);
  expect(["/", "/...", "/.a", "/a.", "/a../b", "/..a", "/%2e%2e/a"].filter(hasDotSegment)).toEqual([]);
});

describe("encodeQuery", () => {
  test("keeps the order, writes an empty value for null and undefined", () => {
    expect(encodeQuery({ uploads: null, b: "2", A: undefined, "한 글": "a b+c;d&e=f" })).toBe(
      "uploads=&b=2&A=&%ED%95%9C%20%EA%B8%80=a%20b%2Bc%3Bd%26e%3Df",
    );
    expect(encodeQuery({})).toBe("");
  });

  test("is read back by a form parser", () => {
    fc.assert(
      fc.property(fc.dictionary(text, text), (query) => {
        expect(Object.fromEntries(new URLSearchParams(encodeQuery(query)))).toEqual({ ...query });
      }),
    );
  });
});

describe("a lone surrogate, which has no UTF-8 form, is refused", () => {
  test.each([
    ["percentEncode", () => percentEncode("a\ud800b")],
    ["encodeKeyPath", () => encodeKeyPath("/a/\udc00")],
    ["encodeQuery value", () => encodeQuery({ a: "\ud83d" })],
    ["encodeQuery name", () => encodeQuery({ "\ud83d": "a" })],
  ])("%s", (_, encode) => {
    expect(encode).toThrow(expect.objectContaining({ name: "TypeError", code: "ERR_INVALID_ARG_VALUE" }));
  });
});
