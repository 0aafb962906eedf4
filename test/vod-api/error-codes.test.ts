import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { apiCodeRules, classifyApiCode, hintFor, type ApiCodeRule } from "../../src/vod-api/error-codes.ts";
import { schemaErrors } from "../support/schema-errors.ts";

interface RetryVectors {
  readonly numberOfTests: number;
  readonly sources: Readonly<Record<string, string>>;
  readonly notes: Readonly<Record<string, unknown>>;
  readonly rules: readonly Pick<ApiCodeRule, "code" | "match" | "retry">[];
  readonly tests: readonly {
    readonly tcId: number;
    readonly name: string;
    readonly flags: readonly string[];
    readonly source: { readonly kind: string };
    readonly input: string;
    readonly expected: ApiCodeRule["retry"];
  }[];
}

const text = readFileSync(new URL("../../fixtures/vectors/api-retry.json", import.meta.url), "utf8");
const vectors = JSON.parse(text) as RetryVectors;

describe("vectors/api-retry.json", () => {
  test("follows its schema and the common form of vector files", () => {
    expect(schemaErrors("api-retry", vectors)).toEqual([]);
    expect(text).toBe(`${JSON.stringify(vectors, null, 2)}\n`);
    expect(vectors.numberOfTests).toBe(vectors.tests.length);
    expect(vectors.tests.map(({ tcId }) => tcId)).toEqual(vectors.tests.map((_, index) => index + 1));
    expect(new Set(vectors.tests.map(({ name }) => name)).size).toBe(vectors.tests.length);
    expect(Object.keys(vectors.notes).sort()).toEqual([...new Set(vectors.tests.flatMap(({ flags }) => flags))].sort());
    expect(Object.keys(vectors.sources).sort()).toEqual(
      [...new Set(vectors.tests.map(({ source }) => source.kind))].sort(),
    );
  });

  test("has the rules of the table", () => {
    expect(apiCodeRules.map(({ code, match, retry }) => ({ code, match, retry }))).toEqual(vectors.rules);
  });
});

describe("the retry class", () => {
  test.each(vectors.tests)("of $name is $expected", ({ input, expected }) => {
    expect(classifyApiCode(input)).toBe(expected);
  });

  test("is given by no more than one rule of a kind for each code", () => {
    const keys = apiCodeRules.map(({ code, match }) => `${match} ${code}`);
    expect(new Set(keys).size).toBe(keys.length);
  });
});

describe("the hint", () => {
  test.each([
    { apiCode: "AuthFailure.SecretIdNotFound", says: [/other site/, /intl and cn/, /blanks/] },
    { apiCode: "AuthFailure.SignatureExpire", says: [/clock/, /5 minutes/] },
    { apiCode: "AuthFailure.SignatureFailure", says: [/secret key/, /proxy/] },
    { apiCode: "AuthFailure.TokenFailure", says: [/expired/] },
    { apiCode: "AuthFailure.UnauthorizedOperation", says: [/CAM/, /name\/vod:ApplyUpload\b/] },
    { apiCode: "UnauthorizedOperation", says: [/2023-12-25/, /SubAppId/, /name\/vod:ApplyUpload\b/] },
    { apiCode: "InvalidParameterValue.SubAppId", says: [/2023-12-25/, /SubAppId/] },
    { apiCode: "ResourceNotFound.UserNotExist", says: [/2023-12-25/, /SubAppId/] },
    { apiCode: "FailedOperation.InvalidVodUser", says: [/activated/, /SubAppId/] },
    { apiCode: "InvalidParameterValue.StorageRegion", says: [/console/, /CreateStorageRegion/] },
    { apiCode: "InvalidParameter.StorageRegion", says: [/console/, /CreateStorageRegion/] },
    { apiCode: "FailedOperation", says: [/CreateStorageRegion/, /task flow/] },
    { apiCode: "UnsupportedRegion", says: [/access point/, /ap-singapore/] },
    { apiCode: "RequestLimitExceeded", says: [/too many requests/, /ApplyUpload/] },
    { apiCode: "RequestLimitExceeded.IPLimitExceeded", says: [/too many requests/] },
  ])("for $apiCode says what to check", ({ apiCode, says }) => {
    const hint = hintFor(apiCode, "ApplyUpload");
    for (const pattern of says) expect(hint).toMatch(pattern);
  });

  test.each([
    { apiCode: "ResourceNotFound", action: "CommitUpload", says: /session/ },
    { apiCode: "ResourceNotFound", action: "DescribeTaskDetail", says: /3 days/ },
    { apiCode: "InvalidParameterValue.TaskId", action: "DescribeTaskDetail", says: /3 days/ },
    { apiCode: "InvalidParameterValue", action: "ConfirmEvents", says: /30 s/ },
    { apiCode: "InvalidParameterValue.MediaManifestContent", action: "ParseStreamingManifest", says: /relative/ },
  ])("for $apiCode depends on the action: $action", ({ apiCode, action, says }) => {
    expect(hintFor(apiCode, action)).toMatch(says);
    expect(hintFor(apiCode, "DeleteMedia") ?? "").not.toMatch(says);
  });

  test.each([
    "FailedOperation",
    "FailedOperation.InvalidVodUser",
    "InvalidParameterValue.SubAppId",
    "UnauthorizedOperation",
  ])("for %s of ApplyUpload names Professional applications", (apiCode) => {
    expect(hintFor(apiCode, "ApplyUpload")).toMatch(/if the application is a Professional one, .*2024-07-18/);
    expect(hintFor(apiCode, "DeleteMedia") ?? "").not.toContain("Professional");
  });

  test.each(["InternalError", "MissingParameter", "NobodyKnows", "", "constructor", "toString"])(
    "for %j is left out",
    (apiCode) => {
      expect(hintFor(apiCode, "ApplyUpload")).toBeUndefined();
      expect(hintFor(apiCode, "constructor")).toBeUndefined();
    },
  );

  test("puts the action's name in as it is", () => {
    expect(hintFor("AuthFailure.UnauthorizedOperation", "$&Odd$1")).toContain("name/vod:$&Odd$1 ");
  });

  test("is one line in the tone of a clause, with nothing left to fill in", () => {
    for (const { code } of apiCodeRules) {
      const hint = hintFor(code, "PullUpload");
      if (hint !== undefined) expect(hint, code).toMatch(/^[^A-Z\n{}]?[^\n{}]*[^.\n{}]$/);
    }
  });
});
