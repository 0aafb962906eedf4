import { describe, expect, test } from "vitest";
import { findingLines } from "../../src/conformance/report-text.ts";
import { runScenario } from "../../src/conformance/run-scenario.ts";
import { scenariosOf } from "../../src/conformance/scenarios/all.ts";
import { builtCli } from "../cli/support/built-cli.ts";

/** Our own command line, as anybody would have it judged. */
const flags = ["--media-type", "$VODUP_MEDIA_TYPE", "--part-size", "$VODUP_PART_SIZE"];
const command = [process.execPath, builtCli(), "upload", "$VODUP_FILE", ...flags];

describe.concurrent("vodup upload passes the full profile", () => {
  test.each(scenariosOf("full").map((scenario) => [scenario.name, scenario] as const))(
    "%s",
    async (_name, scenario) => {
      const { findings, stderr } = await runScenario({ command, scenario });
      expect(findings.flatMap(findingLines), stderr).toEqual([]);
    },
  );
});
