import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

/** What .ci/run counts decides whether CI is believed: nothing that went wrong may count as nothing. */

const script = join(import.meta.dirname, "../../.ci/tally.mjs");
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "vodup-tally-"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function tally(exitCode: number, { report, output = "" }: { report?: object; output?: string }): string {
  const [reportFile, outputFile] = [join(folder, "report.json"), join(folder, "output")];
  if (report !== undefined) writeFileSync(reportFile, JSON.stringify(report));
  writeFileSync(outputFile, output);
  const { stdout, stderr } = spawnSync(process.execPath, [script, String(exitCode), reportFile, outputFile], {
    encoding: "utf8",
  });
  expect(stderr).toBe("");
  return stdout.trim();
}

const report = (passed: number, failed: number, files: readonly object[] = [], skipped = 0): object => ({
  numPassedTests: passed,
  numFailedTests: failed,
  numPendingTests: skipped,
  testResults: files,
});

describe("a step without tests", () => {
  test("counts as one passed or one failed", () => {
    expect(tally(0, { output: "done" })).toBe("1 0 0");
    expect(tally(2, { output: "error" })).toBe("0 1 0");
  });

  test("may count itself in its last line", () => {
    expect(tally(0, { output: "…\n160 passed, 0 failed\n" })).toBe("160 0 0");
    expect(tally(1, { output: "158 passed, 2 failed\n" })).toBe("158 2 0");
    expect(tally(0, { output: "3 passed, 0 failed\nmore\n" })).toBe("1 0 0");
  });

  test("that counts nothing, or fails without a failed test, failed", () => {
    expect(tally(0, { output: "0 passed, 0 failed" })).toBe("0 1 0");
    expect(tally(124, { output: "5 passed, 0 failed" })).toBe("5 1 0");
  });
});

describe("a suite of vitest", () => {
  test("counts its tests", () => {
    expect(tally(0, { report: report(10, 0) })).toBe("10 0 0");
    expect(tally(1, { report: report(8, 2) })).toBe("8 2 0");
    expect(tally(0, { report: report(8, 0, [], 3) })).toBe("8 0 3");
  });

  test("counts each file that could not be loaded", () => {
    const files = [
      { status: "failed", assertionResults: [] },
      { status: "passed", assertionResults: [{}] },
    ];
    expect(tally(1, { report: report(8, 2, files) })).toBe("8 3 0");
  });

  test("without a test, or with a bad end, failed", () => {
    expect(tally(0, { report: report(0, 0) })).toBe("0 1 0");
    expect(tally(1, { report: report(10, 0) })).toBe("10 1 0");
  });
});
