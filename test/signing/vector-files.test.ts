import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import type { Vector } from "./load-vectors.ts";

const fixtures = new URL("../../fixtures/", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, fixtures), "utf8");

interface VectorFile {
  readonly schema: string;
  readonly numberOfTests: number;
  readonly sources: Readonly<Record<string, string>>;
  readonly notes: Readonly<Record<string, unknown>>;
  readonly tests: readonly Vector[];
}

/** The vectors of this folder's code; other rooms prove their own files. */
const nameList = [
  "callback-sign",
  "client-upload-sign",
  "cos-presign",
  "cos-server-echo",
  "cos-sign-v5",
  "cos-verify",
  "percent-encoding",
  "tc3-sign",
  "tc3-verify",
];

function validatorOf(name: string): ValidateFunction {
  const ajv = new Ajv2020({ strict: true, strictRequired: false, strictTypes: false, allErrors: true });
  for (const file of ["provenance", "vector-file"]) ajv.addSchema(JSON.parse(read(`schema/${file}.schema.json`)));
  return ajv.compile(JSON.parse(read(`schema/${name}.schema.json`)));
}

test("every vector file of signing is there", () => {
  const present = readdirSync(new URL("vectors/", fixtures)).map((file) => basename(file, ".json"));
  expect(present).toEqual(expect.arrayContaining(nameList));
});

describe.each(nameList)("vectors/%s.json", (name) => {
  const text = read(`vectors/${name}.json`);
  const file = JSON.parse(text) as VectorFile;

  test("follows its schema", () => {
    const validate = validatorOf(name);
    validate(file);
    expect(validate.errors ?? []).toEqual([]);
  });

  test("counts its tests and numbers them from 1", () => {
    expect(file.numberOfTests).toBe(file.tests.length);
    expect(file.tests.map(({ tcId }) => tcId)).toEqual(file.tests.map((_, index) => index + 1));
  });

  test("names every test once", () => {
    expect(new Set(file.tests.map((each) => each.name)).size).toBe(file.tests.length);
  });

  test("explains exactly the flags and kinds of source it uses", () => {
    expect(Object.keys(file.notes).sort()).toEqual([...new Set(file.tests.flatMap(({ flags }) => flags))].sort());
    expect(Object.keys(file.sources).sort()).toEqual([...new Set(file.tests.map(({ source }) => source.kind))].sort());
  });

  test("is written in the one stable form", () => {
    expect(text).toBe(`${JSON.stringify(file, null, 2)}\n`);
  });
});

describe("the schemas refuse", () => {
  const file = JSON.parse(read("vectors/callback-sign.json")) as VectorFile;
  const [first] = file.tests;

  test.each([
    ["a source of an unknown kind", { ...first, source: { kind: "guessed", text: "?" } }],
    ["a recording without host, date and request id", { ...first, source: { kind: "recorded", text: "live" } }],
    ["a test without source", { ...first, source: undefined }],
    ["a member nobody documented", { ...first, extra: 1 }],
    [
      "an invalid callback without reason",
      { ...first, expected: { md5Input: "x", md5: "0".repeat(32), valid: false } },
    ],
  ])("%s", (_, changed) => {
    const validate = validatorOf("callback-sign");
    // Through JSON, so that an undefined member is an absent one.
    expect(validate(JSON.parse(JSON.stringify({ ...file, tests: [changed] })))).toBe(false);
  });

  test("nothing of a recording that says where, when and under which request id", () => {
    const source = { kind: "recorded", text: "live", host: "vod.example", date: "2026-01-01", requestId: "r" };
    expect(validatorOf("callback-sign")({ ...file, tests: [{ ...first, source }] })).toBe(true);
  });
});
