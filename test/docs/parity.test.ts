import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readPage, root, tableRows } from "../support/markdown.ts";

/** docs/parity.md claims nothing that no test is named for. */
const page = await readPage("docs/parity.md");
const rows = tableRows(page, "feature");

/** Whether a file of tests has one of that title, as it is written there. */
function hasTitle(source: string, title: string): boolean {
  return [`"${title}"`, `\`${title}\``, JSON.stringify(title)].some((quoted) => source.includes(quoted));
}

test("the table has every feature that the vendor's SDKs were compared by", () => {
  const names = rows.map(([name]) => name);
  expect(names.length).toBeGreaterThan(35);
  expect(new Set(names).size).toBe(names.length);
  for (const cells of rows) expect(cells).toHaveLength(4);
});

describe("the tests it names exist", () => {
  test.each(rows.map(([feature = "", , , proof = ""]) => [feature, proof]))("%s", async (_feature, proof) => {
    for (const one of proof.split(" · ")) {
      const [, file = "", title = ""] = /^(test\/\S+\.test\.ts): (.+)$/.exec(one) ?? [];
      expect(file).not.toBe("");
      expect(hasTitle(await readFile(join(root, file), "utf8"), title), `${file}: ${title}`).toBe(true);
    }
  });
});
