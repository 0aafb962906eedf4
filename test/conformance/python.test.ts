import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { findingLines } from "../../src/conformance/report-text.ts";
import { runScenario } from "../../src/conformance/run-scenario.ts";
import { scenariosOf } from "../../src/conformance/scenarios/all.ts";
import { cellOf, readConformancePage } from "../support/conformance-page.ts";

const root = join(import.meta.dirname, "../..");
const folder = join(root, "examples/python");
const env = { ...process.env, PYTHONDONTWRITEBYTECODE: "1" };

function python(...args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile("python3", args, { env, timeout: 60_000 }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : error === null ? 0 : -1, stdout, stderr });
    });
  });
}

describe("the verifier", () => {
  test("reproduces every vector of every file", async () => {
    const { code, stdout, stderr } = await python(join(folder, "verify_vectors.py"));
    expect(stderr).toBe("");
    expect(stdout).not.toMatch(/^FAIL/m);
    expect(stdout).toMatch(/\n\d{3,} agree, \d+ skipped, 0 differ\n$/);
    expect(code).toBe(0);
  });

  test.each([
    ["a stage that differs", (text: string) => text.replace('"signKey": "ddc9', '"signKey": "0000'), /signKey\n/],
    [
      "vectors that are missing",
      (text: string) => text.replace(/"numberOfTests": \d+/, '"numberOfTests": 9'),
      /of 9$/m,
    ],
  ])("tells %s", async (_what, change, told) => {
    const copy = await mkdtemp(join(tmpdir(), "vodup-vectors-"));
    try {
      await cp(join(root, "fixtures/vectors/cos-sign-v5.json"), join(copy, "cos-sign-v5.json"));
      const file = join(copy, "cos-sign-v5.json");
      await writeFile(file, change(await readFile(file, "utf8")));
      const { code, stdout } = await python(join(folder, "verify_vectors.py"), copy);
      expect(stdout).toMatch(/^FAIL/m);
      expect(stdout.replace("instead of 9 vectors", "of 9")).toMatch(told);
      expect(code).toBe(1);
    } finally {
      await rm(copy, { recursive: true, force: true });
    }
  });
});

const page = new Map((await readConformancePage()).map((row) => [row.scenario, row.cells.get("vodup_min.py")]));

describe.concurrent(
  "the small uploader passes the core profile, and of the full one what docs/conformance.md says",
  () => {
    const command = ["python3", join(folder, "vodup_min.py")];
    test.each(scenariosOf("full").map((scenario) => [scenario.name, scenario] as const))(
      "%s",
      async (name, scenario) => {
        const { findings } = await runScenario({ command, scenario, env });
        const lines = findings.flatMap(findingLines);
        if (scenario.profile === "core") expect(lines).toEqual([]);
        expect(cellOf(findings), lines.join("\n")).toBe(page.get(name));
      },
    );
  },
);
