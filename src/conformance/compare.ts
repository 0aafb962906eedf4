import { isJsonObject, member } from "../json.ts";
import type { Report } from "./report.ts";
import type { Verdict } from "./verdict.ts";

/** What an earlier report says of one scenario. */
interface EarlierScenario {
  readonly name: string;
  readonly verdict: Verdict;
}

/** As much of another report as a comparison needs. */
export interface EarlierReport {
  readonly profile: string;
  readonly command: readonly string[];
  readonly scenarios: readonly EarlierScenario[];
}

/** `added`: only this report has the scenario; `dropped`: only the other one. */
export type Change = "better" | "worse" | "same" | "added" | "dropped";

export interface Compared {
  readonly name: string;
  readonly before: Verdict | undefined;
  readonly now: Verdict | undefined;
  readonly change: Change;
}

const verdicts: readonly Verdict[] = ["fail", "not judged", "remarks", "pass"];

/**
 * Reads what `--json` has written, by this version or another one: only what is compared is asked for.
 * @throws Error that says what is wrong with the text
 */
export function readReport(text: string): EarlierReport {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    throw new Error("is not JSON");
  }
  if (member(read, "format") !== 1) throw new Error('is not a report of "vodup conformance --json": "format" is not 1');
  const [profile, command, scenarios] = ["profile", "command", "scenarios"].map((name) => member(read, name));
  const isText = (value: unknown): value is string => typeof value === "string";
  if (!isText(profile)) throw new Error('has no "profile"');
  if (!Array.isArray(command) || !command.every(isText)) throw new Error('has no "command"');
  if (!Array.isArray(scenarios)) throw new Error('has no "scenarios"');
  return { profile, command, scenarios: scenarios.map(readScenario) };
}

function readScenario(value: unknown, index: number): EarlierScenario {
  const [name, given] = [member(value, "name"), member(value, "verdict")];
  const verdict = verdicts.find((known) => known === given);
  if (!isJsonObject(value) || typeof name !== "string") throw new Error(`has no "name" in scenario ${index + 1}`);
  if (verdict === undefined) throw new Error(`has no "verdict" that is known in scenario ${name}`);
  return { name, verdict };
}

/** Scenario by scenario, in the order of this report; those that only the other has come last. */
export function compare(report: Report, earlier: EarlierReport): Compared[] {
  const before = new Map(earlier.scenarios.map(({ name, verdict }) => [name, verdict]));
  const names = new Set([...report.scenarios.map(({ name }) => name), ...before.keys()]);
  const now = new Map(report.scenarios.map(({ name, verdict }) => [name, verdict]));
  return [...names].map((name) => {
    const [was, is] = [before.get(name), now.get(name)];
    return { name, before: was, now: is, change: changeOf(was, is) };
  });
}

function changeOf(was: Verdict | undefined, is: Verdict | undefined): Change {
  if (is === undefined) return "dropped";
  if (was === undefined) return "added";
  const difference = verdicts.indexOf(is) - verdicts.indexOf(was);
  if (difference === 0) return "same";
  return difference > 0 ? "better" : "worse";
}

/** One line for each scenario that went another way, and how many there are. */
export function comparisonText(rows: readonly Compared[]): string {
  const told = rows.filter(({ change }) => change === "better" || change === "worse");
  const lines = told.map(({ name, before, now, change }) => `  ${change.padEnd(6)}  ${name}: ${before} → ${now}`);
  const count = (change: Change): number => rows.filter((row) => row.change === change).length;
  const only = (change: Change, where: string): string[] =>
    count(change) === 0 ? [] : [`${count(change)} only in ${where}`];
  const counts = [
    `${count("better")} better`,
    `${count("worse")} worse`,
    `${count("same")} the same`,
    ...only("added", "this report"),
    ...only("dropped", "the other"),
  ];
  return [`compared with the other report: ${counts.join(", ")}`, ...lines].join("\n");
}
