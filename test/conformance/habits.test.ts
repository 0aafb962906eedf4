import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { findingLines } from "../../src/conformance/report-text.ts";
import { runScenario } from "../../src/conformance/run-scenario.ts";
import { scenarios } from "../../src/conformance/scenarios/all.ts";
import { habits, usualScenarios } from "./mutants/habits.ts";
import { expectTable } from "./support/judge-figures.ts";

const folder = join(import.meta.dirname, "mutants");
const command = [process.execPath, join(folder, "uploader.mjs")];

test("the table has every habit of the uploader, and no other", async () => {
  const programs = (await readdir(folder)).filter((name) => name.endsWith(".mjs"));
  const texts = await Promise.all(programs.map((name) => readFile(join(folder, name), "utf8")));
  const named = new Set(habits.map(([habit]) => habit));
  // Some are looked up in a table of their own, so the name alone is looked for.
  expect([...named].filter((habit) => !texts.some((text) => text.includes(`"${habit}"`)))).toEqual([]);
  const asked = texts.flatMap((text) => [...text.matchAll(/has\("([^"]+)"\)/g)].map(([, habit = ""]) => habit));
  expect(asked.filter((habit) => !named.has(habit))).toEqual([]);
  expect(named.size).toBeGreaterThanOrEqual(60);
});

const tried = habits.flatMap(([habit, places = usualScenarios]) => places.map((place) => [habit, place] as const));

const accused = new Map<string, boolean>();

describe.concurrent("a habit that is correct is not accused", () => {
  test.each(tried)("%s (%s)", async (habit, place) => {
    const scenario = scenarios.find(({ name }) => name === place);
    if (scenario === undefined) throw new Error(`no scenario ${place}`);
    const { findings, verdict } = await runScenario({ command, scenario, env: { ...process.env, HABIT: habit } });
    accused.set(`${habit} ${place}`, findings.length > 0);
    expect(findings.flatMap(findingLines)).toEqual([]);
    expect(verdict).toBe(habit === "action-unsigned" ? "remarks" : "pass");
  });
});

afterAll(async () => {
  if (accused.size < tried.length) return;
  await expectTable("habits", [
    ["habits that are correct", "runs", "accused"],
    [habits.length, tried.length, [...accused.values()].filter(Boolean).length],
  ]);
});
