import { describe, expect, test } from "vitest";
import { idleLimits } from "../../src/http/limits.ts";

describe("the idle limits", () => {
  test("have the documented defaults", () => {
    const documented = { connectMs: 10_000, headersMs: 30_000, bodyMs: 30_000, completeMs: 120_000 };
    expect(idleLimits()).toEqual(documented);
    expect(idleLimits({ bodyMs: 5, connectMs: undefined })).toEqual({ ...documented, bodyMs: 5 });
  });

  test.each([0, -1, 1.5, Number.NaN, Infinity, 3_600_001, "5", null])("refuse %j by name", (value) => {
    expect(() => idleLimits({ headersMs: value as number })).toThrow(
      expect.objectContaining({ code: "ERR_INVALID_ARG_VALUE", message: expect.stringContaining("limits.headersMs") }),
    );
  });
});
