import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { findingLines } from "../../src/conformance/report-text.ts";
import { runScenario } from "../../src/conformance/run-scenario.ts";
import { scenarios } from "../../src/conformance/scenarios/all.ts";
import { timing } from "../support/timing.ts";
import { mutants } from "./mutants/table.ts";

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
  const mistakes = [...made].filter((name) => !name.startsWith("habit-"));
  expect(new Set(mistakes)).toEqual(new Set(mutants.map(([mistake]) => mistake)));
  expect(mistakes.length).toBeGreaterThanOrEqual(135);
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

async function expectCaught(mistake: string, scenario: string, rule: string): Promise<void> {
  const { findings } = await judged(scenario, mistake);
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
