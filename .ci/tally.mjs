// node .ci/tally.mjs EXIT_CODE VITEST_REPORT OUTPUT: prints "PASSED FAILED SKIPPED" of one step.
// Tests are counted by vitest's JSON report, or by a last line "N passed, N failed"; else the step itself counts as one.
import { existsSync, readFileSync } from "node:fs";

const [exitCode, report, output] = process.argv.slice(2);

function counted() {
  if (existsSync(report)) {
    const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(readFileSync(report, "utf8"));
    const unloadable = testResults.filter(({ status, assertionResults }) => {
      return status === "failed" && assertionResults.length === 0;
    });
    return [numPassedTests, numFailedTests + unloadable.length, numPendingTests];
  }
  const line = readFileSync(output, "utf8").trimEnd().split("\n").at(-1) ?? "";
  const match = /^(\d+) passed, (\d+) failed$/.exec(line);
  return match === null ? [exitCode === "0" ? 1 : 0, 0, 0] : [Number(match[1]), Number(match[2]), 0];
}

const [passed, failed, skipped] = counted();
// A run that ended badly without a failed test (a time-out, an unhandled rejection), or without any test, failed.
const silent = failed === 0 && (exitCode !== "0" || passed === 0) ? 1 : 0;
console.log(passed, failed + silent, skipped);
