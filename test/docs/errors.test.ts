import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { cosRetryTable } from "../../src/cos/error-codes.ts";
import * as errors from "../../src/errors.ts";

const read = (path: string): Promise<string> => readFile(new URL(`../../${path}`, import.meta.url), "utf8");

/** The cells of every row whose first one is a code in backticks, below a heading row that begins with `first`. */
function rows(page: string, first: string): string[][] {
  const table = page.split("\n\n").find((block) => block.startsWith(`| ${first} |`)) ?? "";
  return table
    .split("\n")
    .slice(2)
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll("`", "")),
    );
}

test("docs/errors.md has one row for each code of the union, in its order", async () => {
  const union = /export type ErrorCode =([^;]+);/.exec(await read("src/error-codes.ts"))?.[1] ?? "";
  const codes = [...union.matchAll(/"([A-Z0-9_]+)"/g)].map((match) => match[1]);
  expect(codes.length).toBeGreaterThan(20);
  expect(rows(await read("docs/errors.md"), "code").map(([code]) => code)).toEqual(codes);
});

test("every code is documented at the union itself", async () => {
  const source = await read("src/error-codes.ts");
  const docs = source.slice(0, source.indexOf("export type ErrorCode"));
  for (const [code] of rows(await read("docs/errors.md"), "code")) expect(docs).toContain(`\`${code}\``);
});

test("the classes named are exported", async () => {
  for (const [, name] of rows(await read("docs/errors.md"), "code")) expect(errors).toHaveProperty(name ?? "");
});

test("the page's COS table is the program's", async () => {
  expect(Object.fromEntries(rows(await read("docs/errors.md"), "cosCode"))).toEqual(cosRetryTable);
});
