import type { ConformanceReport } from "./conformance.ts";
import type { Finding } from "./finding.ts";
import type { ScenarioResult } from "./run-scenario.ts";
import { countsOf, type Verdict } from "./verdict.ts";

const marks: Readonly<Record<Verdict, string>> = {
  pass: "pass",
  remarks: "pass*",
  fail: "FAIL",
  "not judged": "none",
};

/** One scenario as lines for people. */
export function scenarioText(result: ScenarioResult, width: number): string {
  const { scenario, verdict, reason, findings, remarks, durationMs } = result;
  const seconds = `${(durationMs / 1000).toFixed(1)} s`.padStart(6);
  const head = `${marks[verdict].padEnd(5)} ${scenario.name.padEnd(width)}  ${seconds}  ${scenario.summary}`;
  const lines = [...findings, ...remarks].flatMap(findingLines);
  const unseen = verdict === "not judged" ? [`not judged: ${reason ?? ""}`] : [];
  return [head, ...[...lines, ...unseen].map((line) => `      ${line}`)].join("\n");
}

/** One finding: the rule, what was done, the request that shows it, the line that differs, and what to change. */
export function findingLines(finding: Finding): string[] {
  const { rule, level, message, remedy, request, more, difference, expectedText } = finding;
  const others = more === undefined ? "" : ` and ${more} more`;
  const place = request === undefined ? [] : [`  request ${request.id}, ${request.operation}${others}`];
  const line = (text: string | undefined): string => (text === undefined ? "(no such line)" : text);
  const differing =
    difference === undefined
      ? []
      : [
          `  ${difference.text}, line ${difference.line}:`,
          `    expected  ${line(difference.expected)}`,
          `    signed    ${line(difference.signed)}`,
        ];
  const whole =
    expectedText === undefined
      ? []
      : ["  what should have been signed:", ...expectedText.split("\n").map((one) => `    | ${one}`)];
  const mark = level === "should" ? " (should)" : "";
  return [`wire §${rule}${mark}  ${message}`, ...place, ...differing, ...whole, `  fix: ${remedy}`];
}

/** `7 of 9 scenarios passed`, and which rules were broken. */
export function summaryText({ profile, seed, results }: ConformanceReport): string {
  const counts = countsOf(results);
  const rules = new Set(results.flatMap(({ findings }) => findings.map(({ rule }) => rule)));
  const broken = rules.size === 0 ? "" : `; broken: ${[...rules].map((rule) => `wire §${rule}`).join(", ")}`;
  const others = [
    ...(counts.remarks === 0 ? [] : [`${counts.remarks} with remarks (pass*)`]),
    ...(counts["not judged"] === 0 ? [] : [`${counts["not judged"]} not judged`]),
  ];
  const more = others.length === 0 ? "" : ` (${others.join(", ")})`;
  const passed = counts.pass + counts.remarks;
  const repeat = counts.fail === 0 ? "" : `\nto repeat this run exactly: --seed ${seed}`;
  return `${passed} of ${results.length} scenarios of ${profile} passed${more}${broken}${repeat}`;
}
