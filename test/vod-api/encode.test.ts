import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeParameters } from "../../src/vod-api/encode.ts";

describe("parameters as JSON", () => {
  test.each([
    [{}, "{}"],
    [undefined, "{}"],
    [{ SubAppId: 1_500_000_001n }, '{"SubAppId":1500000001}'],
    [{ SubAppId: 18_446_744_073_709_551_615n }, '{"SubAppId":18446744073709551615}'],
    [{ a: undefined, b: null, c: 0, d: "", e: false }, '{"c":0,"d":"","e":false}'],
    [{ List: [1n, "x", { a: undefined, b: 2n }] }, '{"List":[1,"x",{"b":2}]}'],
    [{ List: [null, undefined] }, '{"List":[null,null]}'],
    [{ When: new Date(0) }, '{"When":"1970-01-01T00:00:00.000Z"}'],
    [{ 'a"b': "é\u2028\n" }, JSON.stringify({ 'a"b': "é\u2028\n" })],
  ])("%o", (value, text) => {
    expect(encodeParameters(value)).toBe(text);
  });

  test("are what JSON.stringify makes of them, where there is neither bigint nor null", () => {
    const json = fc.letrec((tie) => ({
      value: fc.oneof(
        fc.string(),
        fc.integer(),
        fc.boolean(),
        fc.array(tie("value")),
        fc.dictionary(fc.string(), tie("value")),
      ),
    })).value;
    fc.assert(
      fc.property(fc.dictionary(fc.string(), json), (value) => {
        expect(JSON.parse(encodeParameters(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});
