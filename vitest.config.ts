import { defineConfig } from "vitest/config";

/**
 * `unit` is what `npm test` runs: everything that needs no other process than Node and ends in seconds.
 * The slower suites (faults, interop, conformance, memory, nodes) are projects of their own, run by `.ci/run`.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/{faults,interop,conformance,memory,packaging,nodes,contract}/**"],
          testTimeout: 15_000,
          setupFiles: ["test/support/no-network.ts"],
        },
      },
      { test: { name: "packaging", include: ["test/packaging/**/*.test.ts"], testTimeout: 180_000 } },
      { test: { name: "interop", include: ["test/interop/**/*.test.ts"], testTimeout: 120_000 } },
      { test: { name: "faults", include: ["test/faults/**/*.test.ts"], testTimeout: 120_000 } },
    ],
    coverage: {
      provider: "v8",
      include: ["src/**"],
      exclude: ["src/**/index.ts"],
      reporter: ["text-summary", "json-summary"],
    },
  },
});
