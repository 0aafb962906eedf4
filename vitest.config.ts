import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

/** The folders below test/ that are projects of their own: slower, or in need of something `npm ci` does not bring. */
const suites = [
  "cli",
  "interop",
  "examples",
  "faults",
  "memory",
  "conformance",
  "contract",
  "packaging",
  "mutation",
  "page",
];

/** Pages that are followed like examples: a process for each block. */
const followed = ["test/docs/{commands,emulator,guide,operating,readme,recipes}.test.ts"];

/** Ends what a test has opened. */
const cleanUp = "test/support/clean-up.ts";

/**
 * `unit` is what `npm test` runs: everything that needs no other process than Node and ends in seconds. `.ci/run` runs
 * the others after it.
 */
export default defineConfig({
  test: {
    // vitest leaves one core to itself; on a machine of two that is half of it.
    maxWorkers: availableParallelism(),
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: [`test/{${suites.join(",")},nodes,runtimes}/**`, ...followed],
          testTimeout: 15_000,
          setupFiles: [cleanUp, "test/support/no-network.ts"],
          // The files of a worker share the modules of src and the emulator: to load them took half of the time.
          isolate: false,
          // In a build it is part of dist/; package.json's "imports" has both.
          alias: { "#csv-parse": "csv-parse", "#smol-toml": "smol-toml", "#picomatch": "picomatch" },
        },
      },
      // The built command, a process for each call.
      { test: { name: "cli", setupFiles: [cleanUp], include: ["test/cli/**/*.test.ts"], testTimeout: 60_000 } },
      { test: { name: "interop", setupFiles: [cleanUp], include: ["test/interop/*.test.ts"], testTimeout: 120_000 } },
      {
        test: {
          name: "examples",
          setupFiles: [cleanUp],
          include: ["test/examples/**/*.test.ts", ...followed],
          testTimeout: 60_000,
        },
      },
      { test: { name: "faults", setupFiles: [cleanUp], include: ["test/faults/**/*.test.ts"], testTimeout: 120_000 } },
      {
        test: {
          name: "memory",
          setupFiles: [cleanUp],
          include: ["test/memory/**/*.test.ts"],
          testTimeout: 300_000,
          // One after the other and each in a process of its own: what one file holds must not count for the next.
          pool: "forks",
          execArgv: ["--expose-gc"],
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "conformance",
          setupFiles: [cleanUp],
          include: ["test/conformance/**/*.test.ts"],
          testTimeout: 300_000,
        },
      },
      // The built package's page in Debian's Chromium.
      {
        test: {
          name: "page",
          setupFiles: [cleanUp],
          include: ["test/page/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "contract",
          setupFiles: [cleanUp],
          include: ["test/contract/**/*.test.ts"],
          testTimeout: 300_000,
        },
      },
      {
        test: {
          name: "fleet",
          setupFiles: [cleanUp],
          include: ["integrations/bullmq/test/*.test.ts"],
          globalSetup: ["integrations/bullmq/test/support/build.setup.ts"],
          testTimeout: 290_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "packaging",
          setupFiles: [cleanUp],
          include: ["test/packaging/*.test.ts"],
          globalSetup: ["test/packaging/pack.setup.ts"],
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
    ],
    coverage: {
      provider: "v8",
      include: ["src/**"],
      exclude: ["src/**/index.ts", "src/**/*.d.ts"],
      reporter: ["text-summary", "json-summary"],
      // What no upload may get wrong; `.ci/run` measures it.
      thresholds: Object.fromEntries(
        Object.entries({ upload: 94, cos: 95, http: 95 }).map(([room, branches]) => [`src/${room}/**`, { branches }]),
      ),
    },
  },
});
