import type { ConformanceReport } from "./conformance.ts";
import { findingLines } from "./report-text.ts";
import { countsOf } from "./verdict.ts";

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
