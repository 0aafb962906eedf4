import { expect, test } from "vitest";
import { anchorOf, readPage, type Page } from "../support/markdown.ts";

/** A Korean page says what its English one says: the same sections, programs, code words, figures and links. */
const pairs = [
  ["README.md", "README.ko.md"],
  ["docs/guide.md", "docs/guide.ko.md"],
] as const;

const levels = ({ text }: Page): string[] =>
  [...text.replace(/^```.*?^```$/gms, "").matchAll(/^(#+) /gm)].map(([, marks = ""]) => marks);
const codes = ({ blocks }: Page): string[] => blocks.map(({ language, code }) => `${language}\n${code}`);
const words = ({ spans }: Page): string[] => [...new Set(spans.map(({ code }) => code))].sort(byText);
/** Numbers of the running text that mean something: with three digits, a point or a unit. */
const figures = ({ prose }: Page): string[] =>
  [...prose.replace(/\]\([^)]*\)/g, "]").matchAll(/\d+(?:[.,×-]\d+)+|\d{3,}/g)].map(([figure]) => figure).sort(byText);
const byText = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
const targets = (page: Page): string[] =>
  [...page.prose.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
    .map(([, target = ""]) => target.replace(".ko.md", ".md"))
    .sort(byText);

test.each(pairs)("%s and %s say the same", async (english, korean) => {
  const [original, translated] = await Promise.all([readPage(english), readPage(korean)]);
  expect(levels(translated)).toEqual(levels(original));
  expect(codes(translated)).toEqual(codes(original));
  expect(words(translated)).toEqual(words(original));
  expect(figures(translated)).toEqual(figures(original));
  expect(targets(translated)).toEqual(targets(original));
  expect(translated.prose).toMatch(/[가-힣]{2}/);
  // Each of its own links inside the page leads to a heading of its own.
  const anchors = translated.headings.map(anchorOf);
  const inside = [...translated.prose.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor = ""]) => anchor);
  expect(inside.filter((anchor) => !anchors.includes(anchor))).toEqual([]);
});

test("a difference is noticed", async () => {
  const page = await readPage("docs/guide.md");
  expect(figures({ ...page, prose: "in 30 s, 2.5 GiB, 1000 files" })).toEqual(["1000", "2.5"]);
});
