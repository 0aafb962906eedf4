import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { findingLines } from "../../src/conformance/report-text.ts";
import { runScenario } from "../../src/conformance/run-scenario.ts";
import { scenariosOf } from "../../src/conformance/scenarios/all.ts";
import { cellOf, readConformancePage } from "../support/conformance-page.ts";

export const root = join(import.meta.dirname, "../..");

/** A client of examples/ that is written in another language. */
export interface ForeignClient {
  /** As its column in docs/conformance.md. */
  readonly name: string;
  /** Reproduces the vectors of the folder that is appended. */
  readonly verifier: readonly [string, ...string[]];
  readonly uploader: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const vectors = join(root, "fixtures/vectors");
const signVectors = "cos-sign-v5.json";

/** Spoils a file of vectors: the runner must see it. */
const spoilt: readonly (readonly [string, (text: string) => string, RegExp])[] = [
  ["a stage that differs", (text) => text.replace('"signKey": "ddc9', '"signKey": "0000'), /signKey\n/],
  [
    "vectors that are missing",
    (text) => text.replace(/"numberOfTests": \d+/, '"numberOfTests": 9'),
    / instead of 9( vectors)?$/m,
  ],
  ["what is not JSON", (text) => text.slice(0, 4000), /cos-sign-v5/],
];

/** Its vectors all agree, and the judge says of it what docs/conformance.md says. */
export async function describeForeignClient({ name, verifier, uploader, env: own = {} }: ForeignClient): Promise<void> {
  const env = { ...process.env, ...own };
  const run = (folder: string): Promise<{ code: number; stdout: string; stderr: string }> => {
    const [program, ...args] = verifier;
    return new Promise((resolve) => {
      execFile(program, [...args, folder], { env, timeout: 60_000 }, (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === "number" ? error.code : error === null ? 0 : -1, stdout, stderr });
      });
    });
  };

  describe("the verifier", () => {
    test("reproduces every vector of every file", async () => {
      const { code, stdout, stderr } = await run(vectors);
      expect(stderr).toBe("");
      expect(stdout).not.toMatch(/^FAIL/m);
      expect(stdout).toMatch(/\n\d{3,} agree, \d+ skipped, 0 differ\n$/);
      expect(code).toBe(0);
    });

    test.each(spoilt)("shows %s", async (_what, spoil, shown) => {
      const copy = await mkdtemp(join(tmpdir(), "vodup-vectors-"));
      try {
        const file = join(copy, signVectors);
        await cp(join(vectors, signVectors), file);
        await writeFile(file, spoil(await readFile(file, "utf8")));
        const { code, stdout, stderr } = await run(copy);
        expect(stdout + stderr).toMatch(shown);
        expect(code).toBe(1);
      } finally {
        await rm(copy, { recursive: true, force: true });
      }
    });
  });

  const page = new Map((await readConformancePage()).map((row) => [row.scenario, row.cells.get(name)]));

  describe.concurrent("the judge says what docs/conformance.md says", () => {
    test.each(scenariosOf("full").map((scenario) => [scenario.name, scenario] as const))(
      "%s",
      async (scenarioName, scenario) => {
        const { findings } = await runScenario({ command: uploader, scenario, env });
        const lines = findings.flatMap(findingLines);
        if (scenario.profile === "core") expect(lines).toEqual([]);
        expect(cellOf(findings), lines.join("\n")).toBe(page.get(scenarioName));
      },
    );
  });
}
