import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";

const page = join(import.meta.dirname, "../../../docs/conformance.md");

/**
 * Compares a table of docs/conformance.md with what the tests have just seen; `UPDATE_JUDGE=1` writes it.
 * @param name of the marks around it: `<!-- name -->` and `<!-- end of name -->`
 */
export async function expectTable(name: string, rows: readonly (readonly (number | string)[])[]): Promise<void> {
  const text = await readFile(page, "utf8");
  const [start, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`];
  const [head = [], ...body] = rows;
  const line = (cells: readonly (number | string)[]): string => `| ${cells.join(" | ")} |`;
  const table = [head, head.map(() => "---"), ...body].map(line).join("\n");
  const [at, until] = [text.indexOf(start), text.indexOf(end)];
  if (at < 0 || until < at) throw new Error(`docs/conformance.md has no place for ${name}`);
  const seen = `${text.slice(0, at)}${start}\n\n${table}\n\n${text.slice(until)}`;
  if (process.env["UPDATE_JUDGE"] === "1") await writeFile(page, seen);
  else expect(text).toBe(seen);
}
