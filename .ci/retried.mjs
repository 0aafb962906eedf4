// A reporter of vitest's: one line for each test that was tried again. Only those that are marked as depending on real time
// are (test/support/timing.ts); `.ci/run` shows the lines.
import { relative } from "node:path";

export default class Retried {
  onTestCaseResult(test) {
    const { retryCount = 0, flaky = false } = test.diagnostic() ?? {};
    if (retryCount === 0) return;
    const file = relative(process.cwd(), test.module.moduleId);
    console.log(`retried: ${file} > ${test.fullName}: ${flaky ? "passed the second time" : "failed again"}`);
  }
}
