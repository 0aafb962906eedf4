import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

export default {
  plugins: [here("node_modules/@stryker-mutator/vitest-runner/dist/src/index.js")],
  testRunner: "vitest",
  vitest: { configFile: "test/mutation/vitest.config.ts", related: false },
  mutate: ["src/signing/*.ts", "!src/signing/index.ts", "src/http/retry.ts", "src/upload/transfer/part-plan.ts"],
  ignorePatterns: ["/.git", "/dist", "/coverage", "/bench", "/test/*/node_modules", "/test/media", "/fixtures/media"],
  concurrency: 1,
  coverageAnalysis: "perTest",
  // What runs while a test file is loaded takes all tests for each change: nine tenths of the time.
  ignoreStatic: true,
  disableTypeChecks: false,
  // Rewriting it takes the API of an older TypeScript; nothing here reads it.
  tsconfigFile: "none",
  tempDirName: "node_modules/.cache/stryker",
  reporters: ["progress-append-only", "clear-text", "json"],
  clearTextReporter: { reportTests: false },
  jsonReporter: { fileName: here("report.json") },
  thresholds: { high: 95, low: 90, break: null },
};
