import { expect, test } from "vitest";
import { readPage, tableRows } from "../support/markdown.ts";

const page = await readPage("docs/wire.md");

/** The text of each numbered rule on one line: it ends where the next, or the next section, begins. */
const rules = new Map(
  page.text
    .split(/^(?=\d+\.\d+ |## )/m)
    .map((text) => [/^\d+\.\d+/.exec(text)?.[0] ?? "", text.replaceAll("`", "").replace(/\s+/g, " ")]),
);

const questions = tableRows(page, "question").map(
  ([question = "", section = "", words = ""]) => [question, section.replace("§", ""), words] as const,
);

test("there are at least thirty questions", () => {
  expect(new Set(questions.map(([question]) => question)).size).toBeGreaterThanOrEqual(30);
});

test.each(questions)("%s §%s", (_question, section, words) => {
  expect(words.length).toBeGreaterThan(5);
  expect(rules.get(section)).toContain(words);
});
