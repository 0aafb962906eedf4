import { existsSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { cases, tried } from "../../scripts/reliability/hostile-cases.mjs";

beforeAll(() => {
  if (!existsSync(join(import.meta.dirname, "../../dist/cli/main.js"))) throw new Error("run `npm run build` first");
});

/** docs/reliability.md has them as a table: how each ends, in how much memory, and that nothing is told. */
test.each(cases.map((one) => [one.kind, one.name, one] as const))("%s: %s", async (_kind, _name, one) => {
  expect((await tried(one)).flaw).toBeUndefined();
});
