import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { findingLines } from "../../src/conformance/report-text.ts";
import { runScenario } from "../../src/conformance/run-scenario.ts";
import { scenarios } from "../../src/conformance/scenarios/all.ts";
import { timing } from "../support/timing.ts";
import { mutants } from "./mutants/table.ts";
import { expectTable } from "./support/judge-figures.ts";

const folder = join(import.meta.dirname, "mutants");
const command = [process.execPath, join(folder, "uploader.mjs")];

async function judged(scenarioName: string, mistake: string) {
  const scenario = scenarios.find(({ name }) => name === scenarioName);
  if (scenario === undefined) throw new Error(`no scenario ${scenarioName}`);
  // What hangs has hung after a few seconds as well as after a minute.
  const hanging = ["never-ends", "retries-for-ever"].includes(mistake);
  const shortened = hanging ? { ...scenario, timeoutMs: 4_000 } : scenario;
  return runScenario({ command, scenario: shortened, env: { ...process.env, MUTANT: mistake } });
}

test("the table has every mistake of the uploader, and no other", async () => {
  const programs = (await readdir(folder)).filter((name) => name.endsWith(".mjs"));
  const files = programs.map((name) => readFile(join(folder, name), "utf8"));
  const text = (await Promise.all(files)).join("\n");
  const made = new Set(
    [...text.matchAll(/makes\("([^"]+)"\)|^ {2}"(cos-[a-z-]+)": "/gm)].map(([, a, b]) => a ?? b ?? ""),
  );
  expect(made).toEqual(new Set(mutants.map(([mistake]) => mistake)));
  expect(made.size).toBeGreaterThanOrEqual(135);
});

test("every scenario is failed by one of them", () => {
  const failed = new Set(mutants.map(([, scenario]) => scenario));
  expect(scenarios.map(({ name }) => name).filter((name) => !failed.has(name))).toEqual([]);
});

describe.concurrent("without a mistake, the uploader passes", () => {
  test.each(scenarios.map(({ name }) => name))("%s", async (name) => {
    const { findings } = await judged(name, "");
    expect(findings.flatMap(findingLines)).toEqual([]);
  });
});

/** What the judge said of each mistake: the rule that it named first, and whether it said what to change. */
const said: { readonly rule: string; readonly first: string | undefined; readonly remedy: boolean }[] = [];

async function expectCaught(mistake: string, scenario: string, rule: string): Promise<void> {
  const { findings } = await judged(scenario, mistake);
  said.push({ rule, first: findings[0]?.rule, remedy: (findings[0]?.remedy ?? "") !== "" });
  // The first is what a porter reads: nothing else may stand before it.
  expect(findings[0]?.rule, findings.flatMap(findingLines).join("\n")).toBe(rule);
}

const named = mutants.map(([mistake, scenario, rule]) => [mistake, scenario, rule] as const);

/** On a busy machine everything pauses. */
const timed = ["retries-at-once", "ignores-retry-after", "constant-pauses", "shrinking-pauses"];

describe.concurrent("a planted mistake is caught with its rule named", () => {
  test.each(named.filter(([mistake]) => !timed.includes(mistake)))("%s (%s): wire §%s", expectCaught);
});

describe("a missing pause is caught with its rule named", () => {
  test.each(named.filter(([mistake]) => timed.includes(mistake)))("%s (%s): wire §%s", timing, expectCaught);
});

const sectionOf = (rule: string): number => Number(rule.split(".")[0]);

afterAll(async () => {
  // Not where only some of them ran, by a filter.
  if (said.length < mutants.length) return;
  const wire = await readFile(join(import.meta.dirname, "../../docs/wire.md"), "utf8");
  const titles = new Map([...wire.matchAll(/^## (\d+) (.*)$/gm)].map(([, at, title = ""]) => [Number(at), title]));
  const rowOf = (name: string, of: typeof said): (number | string)[] => [
    name,
    of.length,
    of.filter(({ first }) => first !== undefined).length,
    of.filter(({ rule, first }) => first === rule).length,
    of.filter(({ remedy }) => remedy).length,
  ];
  const sections = [...new Set(said.map(({ rule }) => sectionOf(rule)))].toSorted((a, b) => a - b);
  await expectTable("mistakes", [
    ["wire", "mistakes", "caught", "rule named first", "remedy stated"],
    ...sections.map((section) =>
      rowOf(
        `§${section} ${titles.get(section) ?? ""}`,
        said.filter(({ rule }) => sectionOf(rule) === section),
      ),
    ),
    rowOf("all", said),
  ]);
});
