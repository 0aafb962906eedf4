import { readFile } from "node:fs/promises";
import { join } from "node:path";

export interface PageRow {
  readonly scenario: string;
  readonly profile: string;
  readonly summary: string;
  /** Client → `pass`, or the rules that were broken. */
  readonly cells: ReadonlyMap<string, string>;
}

/** The table of docs/conformance.md, without its last row of sums. */
export async function readConformancePage(): Promise<readonly PageRow[]> {
  const text = await readFile(join(import.meta.dirname, "../../docs/conformance.md"), "utf8");
  const [, table = ""] = /<!-- table -->(.*)<!-- end of table -->/s.exec(text) ?? [];
  const rows = table.split("\n").filter((line) => /^\| (?!---)/.test(line));
  const [head = [], ...body] = rows.map((row) => row.split("|").map((cell) => cell.trim().replaceAll("`", "")));
  const clients = head.slice(4, -1);
  return body
    .filter(([, scenario]) => scenario !== "passed")
    .map(([, scenario = "", profile = "", summary = "", ...cells]) => ({
      scenario,
      profile,
      summary,
      cells: new Map(clients.map((client, at) => [client, cells[at] ?? ""])),
    }));
}

/** The cell of a judgement. */
export function cellOf(findings: readonly { readonly rule: string }[]): string {
  return findings.length === 0 ? "pass" : [...new Set(findings.map(({ rule }) => `§${rule}`))].join(" ");
}
