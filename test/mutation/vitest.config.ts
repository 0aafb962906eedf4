import { defineConfig } from "vitest/config";

/** The tests that hold the mutated files: nothing slower than they need. */
export default defineConfig({
  test: {
    include: ["test/signing/*.test.ts", "test/http/retry-*.test.ts", "test/upload/part-plan.test.ts"],
    setupFiles: ["test/support/no-network.ts"],
    testTimeout: 15_000,
  },
});
