import type { ConformanceReport } from "./conformance.ts";
import { findingLines } from "./report-text.ts";
import type { ScenarioResult } from "./run-scenario.ts";

const passed = ({ findings }: ScenarioResult): boolean => findings.length === 0;

/** The report for programs. Members are added, never changed. */
export function jsonReport(report: ConformanceReport): string {
  const { profile, command, results } = report;
  const scenarios = results.map((result) => ({
    name: result.scenario.name,
    family: result.scenario.family,
    profile: result.scenario.profile,
    summary: result.scenario.summary,
    rules: result.scenario.rules.map((rule) => `wire §${rule}`),
    passed: passed(result),
    durationMs: Math.round(result.durationMs),
    exitCode: result.exitCode,
    failures: result.findings.map(({ rule, ...finding }) => ({ rule: `wire §${rule}`, ...finding })),
    stderr: passed(result) ? undefined : result.stderr,
  }));
  const whole = { format: 1, profile, command, passed: results.every(passed), scenarios };
  return `${JSON.stringify(whole, null, 2)}\n`;
}

/** The report as CI systems read it. */
export function junitReport({ profile, results }: ConformanceReport): string {
  const failures = results.filter((result) => !passed(result)).length;
  const seconds = (ms: number): string => (ms / 1000).toFixed(3);
  const total = results.reduce((sum, { durationMs }) => sum + durationMs, 0);
  const counts = `tests="${results.length}" failures="${failures}" errors="0" time="${seconds(total)}"`;
  const cases = results.map((result) => {
    const { scenario, findings, durationMs } = result;
    const name = `classname="${xml(scenario.family)}" name="${xml(scenario.name)}" time="${seconds(durationMs)}"`;
    const [first] = findings;
    if (first === undefined) return `    <testcase ${name}/>`;
    const text = findings.flatMap(findingLines).join("\n");
    return [
      `    <testcase ${name}>`,
      `      <failure message="${xml(`wire §${first.rule} ${first.message}`)}">${xml(text)}</failure>`,
      ...(result.stderr === "" ? [] : [`      <system-err>${xml(result.stderr)}</system-err>`]),
      "    </testcase>",
    ].join("\n");
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${counts}>`,
    `  <testsuite name="vodup conformance ${profile}" ${counts}>`,
    ...cases,
    "  </testsuite>",
    "</testsuites>",
    "",
  ].join("\n");
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "\n": "&#10;",
};

/** Text and attribute values; characters that XML cannot hold become U+FFFD. */
function xml(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd")
    .replace(/[&<>"\n]/g, (character) => entities[character] ?? character);
}
