import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import Retried from "../../.ci/retried.mjs";
import { timing } from "../support/timing.ts";

const root = join(import.meta.dirname, "../..");

afterEach(() => void vi.restoreAllMocks());

function linesFor(diagnostic: { readonly retryCount: number; readonly flaky: boolean } | undefined): unknown[][] {
  vi.restoreAllMocks();
  const log = vi.spyOn(console, "log").mockReturnValue(undefined);
  const module = { moduleId: join(process.cwd(), "test/http/pacer.test.ts") };
  new Retried().onTestCaseResult({ fullName: "a > b", module, diagnostic: () => diagnostic });
  return [...log.mock.calls];
}

test("a test that was tried again is named, others are not", () => {
  expect(linesFor({ retryCount: 1, flaky: true })).toEqual([
    ["retried: test/http/pacer.test.ts > a > b: passed the second time"],
  ]);
  expect(linesFor({ retryCount: 0, flaky: false })).toHaveLength(0);
  expect(linesFor(undefined)).toHaveLength(0);
});

test("no test is tried again unless it is marked, and those are once, in CI", async () => {
  for (const file of [".ci/run", "package.json", "vitest.config.ts"]) {
    expect(await readFile(join(root, file), "utf8"), file).not.toMatch(/\bretry\b/);
  }
  expect(timing.retry).toBe(process.env["CI"] === undefined ? 0 : 1);
});
