import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compare, comparisonText, readReport } from "../../src/conformance/compare.ts";
import { pageReport } from "../../src/conformance/report-page.ts";
import type { Report, ReportedFinding, ReportedScenario } from "../../src/conformance/report.ts";
import type { Verdict } from "../../src/conformance/verdict.ts";
import { builtCli } from "../cli/support/built-cli.ts";

const hostile = `</pre><script>alert(1)</script>"'&\u202e\u001b[31m`;
const finding: ReportedFinding = {
  rule: "wire §5.1",
  level: "must",
  message: `path: ${hostile}`,
  remedy: "Sign the decoded path.",
  request: { id: 2, operation: "PutObject" },
  difference: { text: "HttpString", line: 2, expected: "/a b/é.mp4", signed: "/a%20b/é.mp4" },
};

const scenario = (name: string, verdict: Verdict, failures: readonly ReportedFinding[] = []): ReportedScenario => ({
  name,
  family: "put",
  profile: "core",
  summary: "a condition",
  rules: ["wire §5.1"],
  verdict,
  passed: verdict === "pass" || verdict === "remarks",
  durationMs: 12,
  exitCode: 0,
  failures,
  remarks: [],
  stderr: verdict === "fail" ? hostile : undefined,
});

const report = (...scenarios: readonly ReportedScenario[]): Report => ({
  format: 1,
  profile: "core",
  command: ["./upload", hostile],
  seed: 5,
  passed: false,
  counts: { pass: 0, remarks: 0, fail: 1, "not judged": 0 },
  scenarios,
});

describe("the page", () => {
  const failed = report(scenario("put", "fail", [finding]));
  const shown = pageReport(failed, { exchange: (name, id) => `PUT / of ${name} ${id} ${hostile}` });

  test("runs and loads nothing, whatever the judged command says", () => {
    expect(shown).not.toMatch(/<script|href="(?!#)|src=/);
    expect(shown).not.toMatch(/(?!\n)[\p{Cc}\u202e]/u);
    expect(shown).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
    expect(shown.match(/&lt;script&gt;alert\(1\)/g)).toHaveLength(4);
  });

  test("marks what differs within the line, and has the request", () => {
    expect(shown).toMatch(/\/a<mark>\s*<\/mark>b\/é\.mp4/);
    expect(shown).toContain("/a<mark>%20</mark>b/é.mp4");
    expect(shown).toContain("PUT / of put 2");
  });
});

describe("a comparison", () => {
  const now = report(scenario("a", "pass"), scenario("b", "fail"), scenario("c", "remarks"), scenario("new", "pass"));
  const before = report(
    scenario("a", "fail"),
    scenario("b", "pass"),
    scenario("c", "remarks"),
    scenario("old", "pass"),
  );
  const rows = compare(now, readReport(JSON.stringify(before)));

  test("says for each scenario which way it went", () => {
    expect(rows.map(({ name, change }) => [name, change])).toEqual([
      ["a", "better"],
      ["b", "worse"],
      ["c", "same"],
      ["new", "added"],
      ["old", "dropped"],
    ]);
    expect(comparisonText(rows)).toBe(
      "compared with the other report: 1 better, 1 worse, 1 the same, 1 only in this report, 1 only in the other\n" +
        "  better  a: fail → pass\n  worse   b: pass → fail",
    );
  });

  test.each([
    ["", "is not JSON"],
    ["[]", 'is not a report of "vodup conformance --json": "format" is not 1'],
    ['{"format":1}', 'has no "profile"'],
    ['{"format":1,"profile":"core","command":"x"}', 'has no "command"'],
    ['{"format":1,"profile":"core","command":[]}', 'has no "scenarios"'],
    ['{"format":1,"profile":"core","command":[],"scenarios":[null]}', 'has no "name" in scenario 1'],
    [
      '{"format":1,"profile":"core","command":[],"scenarios":[{"name":"a","verdict":"toString"}]}',
      'has no "verdict" that is known in scenario a',
    ],
  ])("refuses %j", (text, told) => {
    expect(() => readReport(text)).toThrow(told);
  });
});

describe("the command", () => {
  const uploader = join(import.meta.dirname, "mutants/uploader.mjs");
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "vodup-report-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const run = (
    mutant: string,
    ...flags: readonly string[]
  ): Promise<{ code?: number; stdout: string; stderr: string }> =>
    promisify(execFile)(
      process.execPath,
      [builtCli(), "conformance", "--scenario", "encodings-path", ...flags, "--", process.execPath, uploader],
      { env: { ...process.env, MUTANT: mutant } },
    ).catch((error: { code: number; stdout: string; stderr: string }) => error);

  test("writes the page and compares with a report of before", async () => {
    const [before, page] = [join(folder, "before.json"), join(folder, "page.html")];
    await run("", "--json", before);
    const { code, stdout } = await run("cos-path-encoded", "--compare", before, "--html", page);
    expect(stdout).toContain("0 better, 1 worse, 0 the same\n  worse   encodings-path: pass → fail");
    expect(code).toBe(1);
    const text = await readFile(page, "utf8");
    expect(text).toContain("Not passed: 0 of 1 scenarios of core");
    expect(text).toMatch(/PUT \/%EB%B4%84%20%EA%B0%95\S+ HTTP\/1\.1\nhost: 127\.0\.0\.1/i);
    expect(text).toMatch(/x-cos-security-token: &lt;redacted&gt;/i);
    expect(text).toMatch(/Compared with another report/);
  });

  test("shows a differing line that holds the session token with a word in its place", async () => {
    const [page, json] = [join(folder, "token.html"), join(folder, "token.json")];
    const tokens = join(folder, "tokens");
    const tap = join(import.meta.dirname, "support/tap-tokens.mjs");
    const { stdout } = await promisify(execFile)(
      process.execPath,
      `${builtCli()} conformance --scenario put --html ${page} --json ${json} --`
        .split(" ")
        .concat(process.execPath, "--import", tap, uploader),
      { env: { ...process.env, MUTANT: "cos-values-twice", TOKENS: tokens } },
    ).catch((error: { stdout: string }) => error);
    const shown = [stdout, await readFile(page, "utf8"), await readFile(json, "utf8")];
    for (const text of shown)
      expect(text.replace(/<.?mark>/g, "")).toContain("x-cos-security-token=TOKEN%252B%252F%253D");
    const secrets = (await readFile(tokens, "utf8")).trim().split("\n");
    expect(secrets.length).toBeGreaterThan(0);
    const stretches = secrets.flatMap((secret) => secret.match(/[A-Za-z0-9]{12,}/g) ?? []);
    expect(stretches.filter((stretch) => shown.some((text) => text.includes(stretch)))).toEqual([]);
  });

  test("judges nothing where the other report cannot be read", async () => {
    const wrong = join(folder, "wrong.json");
    await writeFile(wrong, "{}");
    expect(await run("", "--compare", wrong)).toMatchObject({
      code: 2,
      stdout: "",
      stderr: expect.stringContaining("is not a report") as string,
    });
    const missing = await run("", "--compare", join(folder, "missing.json"));
    expect(missing).toMatchObject({ code: 2, stdout: "" });
    expect(missing.stderr).toContain("missing.json cannot be read (ENOENT)");
  });
});
