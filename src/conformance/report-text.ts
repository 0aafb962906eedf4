import type { ConformanceReport } from "./conformance.ts";
import type { Finding } from "./finding.ts";
import type { ScenarioResult } from "./run-scenario.ts";

/** One scenario as lines for people. */
export function scenarioText({ scenario, findings, durationMs }: ScenarioResult, width: number): string {
  const mark = findings.length === 0 ? "pass" : "FAIL";
  const seconds = `${(durationMs / 1000).toFixed(1)} s`.padStart(6);
  const head = `${mark}  ${scenario.name.padEnd(width)}  ${seconds}  ${scenario.summary}`;
  return [head, ...findings.flatMap((finding) => findingLines(finding).map((line) => `      ${line}`))].join("\n");
}

/** One finding: the rule, what was done, the request that shows it, and the line that differs. */
export function findingLines({ rule, message, request, more, difference, expectedText }: Finding): string[] {
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
  return [`wire §${rule}  ${message}`, ...place, ...differing, ...whole];
}

/** `7 of 9 scenarios passed`, and which rules were broken. */
export function summaryText({ profile, results }: ConformanceReport): string {
  const passed = results.filter(({ findings }) => findings.length === 0).length;
  const rules = new Set(results.flatMap(({ findings }) => findings.map(({ rule }) => rule)));
  const broken = rules.size === 0 ? "" : `; broken: ${[...rules].map((rule) => `wire §${rule}`).join(", ")}`;
  return `${passed} of ${results.length} scenarios of ${profile} passed${broken}`;
}
