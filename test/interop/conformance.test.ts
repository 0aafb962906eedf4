import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { findingLines } from "../../src/conformance/report-text.ts";
import { runScenario } from "../../src/conformance/run-scenario.ts";
import { scenariosOf } from "../../src/conformance/scenarios/all.ts";
import { cellOf, readConformancePage } from "../support/conformance-page.ts";

/** What docs/conformance.md says of the vendor's SDK is what the judge finds: neither worse nor better. */
const page = new Map((await readConformancePage()).map((row) => [row.scenario, row.cells.get("vod-node-sdk")]));
const command = [process.execPath, join(import.meta.dirname, "vendor/conformance.cjs")];

describe.concurrent("vod-node-sdk 1.1.0 judged", () => {
  test.each(scenariosOf("full").map((scenario) => [scenario.name, scenario] as const))("%s", async (name, scenario) => {
    const { findings } = await runScenario({ command, scenario });
    expect(cellOf(findings), findings.flatMap(findingLines).join("\n")).toBe(page.get(name));
  });
});
