import type { ConformanceReport } from "./conformance.ts";
import type { Finding } from "./finding.ts";
import { findingLines } from "./report-text.ts";
import { countsOf, isGood, isPassed } from "./verdict.ts";

/** The report for programs (fixtures/schema/conformance-report.schema.json). Members are added, never changed. */
export function jsonReport(report: ConformanceReport): string {
  const { profile, command, seed, results } = report;
  const scenarios = results.map((result) => ({
    name: result.scenario.name,
    family: result.scenario.family,
    profile: result.scenario.profile,
    summary: result.scenario.summary,
    rules: result.scenario.rules.map(cited),
    verdict: result.verdict,
    reason: result.verdict === "not judged" ? result.reason : undefined,
    passed: isGood(result.verdict),
    durationMs: Math.round(result.durationMs),
    exitCode: result.exitCode,
    failures: result.findings.map(shownFinding),
    remarks: result.remarks.map(shownFinding),
    stderr: result.verdict === "pass" ? undefined : result.stderr,
  }));
  const counts = countsOf(results);
  const whole = { format: 1, profile, command, seed, passed: isPassed(results), counts, scenarios };
  return `${JSON.stringify(whole, null, 2)}\n`;
}

const cited = (rule: string): string => `wire §${rule}`;

function shownFinding({ rule, ...finding }: Finding): object {
  return { rule: cited(rule), ...finding };
}

/** The report as CI systems read it. */
export function junitReport({ profile, results }: ConformanceReport): string {
  const { fail: failures, "not judged": skipped } = countsOf(results);
  const seconds = (ms: number): string => (ms / 1000).toFixed(3);
  const total = results.reduce((sum, { durationMs }) => sum + durationMs, 0);
  const counts = `tests="${results.length}" failures="${failures}" errors="0" skipped="${skipped}" time="${seconds(total)}"`;
  const cases = results.map((result) => {
    const { scenario, verdict, reason, findings, remarks, durationMs } = result;
    const name = `classname="${xml(scenario.family)}" name="${xml(scenario.name)}" time="${seconds(durationMs)}"`;
    if (verdict === "not judged") {
      return `    <testcase ${name}><skipped message="${xml(reason ?? "")}"/></testcase>`;
    }
    const text = [...findings, ...remarks].flatMap(findingLines).join("\n");
    const [first] = findings;
    if (first === undefined) {
      return text === ""
        ? `    <testcase ${name}/>`
        : `    <testcase ${name}><system-out>${xml(text)}</system-out></testcase>`;
    }
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
