import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { schemaErrors } from "./schema-errors.ts";

interface VectorFile<T> {
  readonly numberOfTests: number;
  readonly sources: Readonly<Record<string, string>>;
  readonly notes: Readonly<Record<string, unknown>>;
  readonly tests: readonly (T & {
    readonly tcId: number;
    readonly name: string;
    readonly flags: readonly string[];
    readonly source: { readonly kind: string };
  })[];
}

/** The tests of `fixtures/vectors/<name>.json`, after telling vitest to check the form that all such files have. */
// The caller says what the tests hold; the schema proves it.
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters
export function vectors<T>(name: string): VectorFile<T>["tests"] {
  const text = readFileSync(new URL(`../../fixtures/vectors/${name}.json`, import.meta.url), "utf8");
  const file = JSON.parse(text) as VectorFile<T>;
  describe(`vectors/${name}.json`, () => {
    test("follows its schema and the common form of vector files", () => {
      expect(schemaErrors(name, file)).toEqual([]);
      expect(text).toBe(`${JSON.stringify(file, null, 2)}\n`);
      expect(file.numberOfTests).toBe(file.tests.length);
      expect(file.tests.map(({ tcId }) => tcId)).toEqual(file.tests.map((_, index) => index + 1));
      expect(new Set(file.tests.map((each) => each.name)).size).toBe(file.tests.length);
    });

    test("explains exactly the flags and the kinds of source it uses", () => {
      expect(Object.keys(file.notes).sort()).toEqual([...new Set(file.tests.flatMap(({ flags }) => flags))].sort());
      const kinds = new Set(file.tests.map(({ source }) => source.kind));
      expect(Object.keys(file.sources).sort()).toEqual([...kinds].sort());
    });
  });
  return file.tests;
}
