import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readConformancePage } from "../support/conformance-page.ts";
import { scenarios } from "../../src/conformance/scenarios/all.ts";

const root = join(import.meta.dirname, "../..");

async function sourcesBelow(folder: string): Promise<string[]> {
  const names = await readdir(join(root, folder), { recursive: true });
  return Promise.all(
    names.filter((name) => name.endsWith(".ts")).map((name) => readFile(join(root, folder, name), "utf8")),
  );
}

const wire = await readFile(join(root, "docs/wire.md"), "utf8");
const numbered = [...wire.matchAll(/^(\d+)\.(\d+) \S/gm)].map(
  ([, section, rule]) => [Number(section), Number(rule)] as const,
);

test("every rule that a judgement names is one of docs/wire.md", async () => {
  const texts = [...(await sourcesBelow("src/conformance")), ...(await sourcesBelow("src/emulator"))];
  const named = texts.flatMap((text) => [...text.matchAll(/"(\d{1,2}\.\d{1,2})"/g)].map(([, rule = ""]) => rule));
  const known = new Set(numbered.map(([section, rule]) => `${section}.${rule}`));
  // Formats and versions that look the same.
  const others = new Set(["1.0", "2.0", "3.0", "4.0"]);
  expect(new Set(named).size).toBeGreaterThan(50);
  expect([...new Set(named)].filter((rule) => !known.has(rule) && !others.has(rule))).toEqual([]);
});

test("rules are numbered without gaps, in order", () => {
  const sections = new Map<number, number[]>();
  for (const [section, rule] of numbered) sections.set(section, [...(sections.get(section) ?? []), rule]);
  for (const [section, rules] of sections) {
    expect(rules, `section ${section}`).toEqual(rules.map((_, index) => index + 1));
  }
});

test("scenarios have names of their own, in kebab-case, and say what they are about", () => {
  const names = scenarios.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.filter((name) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name))).toEqual([]);
  expect(scenarios.filter(({ rules }) => rules.length === 0)).toEqual([]);
});

test("docs/conformance.md has a row for every scenario, and ours passes in all", async () => {
  const rows = await readConformancePage();
  const shown = rows.map(({ scenario, profile, summary }) => ({ name: scenario, profile, summary }));
  expect(shown).toEqual(scenarios.map(({ name, profile, summary }) => ({ name, profile, summary })));
  expect(rows.filter(({ cells }) => cells.get("vodup") !== "pass")).toEqual([]);
});
