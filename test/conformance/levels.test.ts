import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { findingLines } from "../../src/conformance/report-text.ts";
import { reportOf } from "../../src/conformance/report.ts";
import { runScenario, type ScenarioResult } from "../../src/conformance/run-scenario.ts";
import { scenarios } from "../../src/conformance/scenarios/all.ts";
import { ciJob } from "../../src/conformance/ci-job.ts";
import { isPassed } from "../../src/conformance/verdict.ts";
import { schemaErrors } from "../support/schema-errors.ts";

const uploader = [process.execPath, join(import.meta.dirname, "mutants/uploader.mjs")];

interface Run {
  readonly command?: readonly string[];
  readonly mutant?: string;
  readonly habit?: string;
  readonly seed?: number;
  readonly timeoutMs?: number;
  readonly onTranscript?: (files: ReadonlyMap<string, string>) => Promise<void>;
}

async function judged(
  name: string,
  { command = uploader, mutant = "", habit = "", timeoutMs, ...more }: Run,
): Promise<ScenarioResult> {
  const scenario = scenarios.find((one) => one.name === name);
  if (scenario === undefined) throw new Error(`no scenario ${name}`);
  const chosen = timeoutMs === undefined ? scenario : { ...scenario, timeoutMs };
  return runScenario({ command, scenario: chosen, env: { ...process.env, MUTANT: mutant, HABIT: habit }, ...more });
}

const linesOf = ({ findings, remarks }: ScenarioResult): string =>
  [...findings, ...remarks].flatMap(findingLines).join("\n");

describe("a verdict", () => {
  test("is pass with remarks where only a SHOULD is broken", async () => {
    const result = await judged("signatures", { habit: "action-unsigned" });
    expect([result.verdict, result.findings]).toEqual(["remarks", []]);
    expect(linesOf(result)).toContain("wire §2.2 (should)  x-tc-action is not signed");
    expect(isPassed([result])).toBe(true);
  });

  test("is none where the command failed before the condition arose", async () => {
    const result = await judged("abort-refused-part", { command: ["/bin/false"] });
    expect(result).toMatchObject({ verdict: "not judged", reason: "the command failed without having sent a request" });
    expect(isPassed([result])).toBe(false);
  });

  test("blames a command that does nothing for that, not for how it sends", async () => {
    const result = await judged("multipart", { command: ["/bin/false"] });
    expect(result.findings.map(({ rule }) => rule)).toEqual(["18.1"]);
    expect(linesOf(result)).toContain("exit code 1, and no request was sent, nothing on stderr");
  });

  test("comes also where parts without a length meet a connection that is cut", async () => {
    const result = await judged("retry-part", { mutant: "chunked-parts", timeoutMs: 20_000 });
    expect(result.findings.map(({ rule }) => rule)).toContain("6.4");
    expect(linesOf(result)).not.toContain("18.6");
  });

  test("takes the signature as the one parameter sign (wire §5.17)", async () => {
    expect(linesOf(await judged("signatures-strict", { habit: "sign-in-query" }))).toBe("");
  });
});

test("every finding names what to change", async () => {
  const { findings } = await judged("multipart", { mutant: "parts-descending" });
  expect(findings.length).toBeGreaterThan(0);
  for (const { remedy } of findings) expect(remedy).toMatch(/^[A-Z].*\.$/);
});

test("a seed repeats identifiers and file, and the transcript has every exchange without a secret", async () => {
  const transcripts: ReadonlyMap<string, string>[] = [];
  const onTranscript = (files: ReadonlyMap<string, string>): Promise<void> => {
    transcripts.push(files);
    return Promise.resolve();
  };
  for (const seed of [7, 7]) expect((await judged("put", { seed, onTranscript })).verdict).toBe("pass");
  const [first, second] = transcripts;
  expect([...(first?.keys() ?? [])]).toEqual(["001-ApplyUpload.txt", "002-PutObject.txt", "003-CommitUpload.txt"]);
  const fileIdOf = (files = first): string =>
    /"FileId":"(\d+)"/.exec(files?.get("003-CommitUpload.txt") ?? "")?.[1] ?? "";
  expect(fileIdOf(second)).toBe(fileIdOf(first));
  expect(fileIdOf()).not.toBe("");
  expect(first?.get("002-PutObject.txt")).toMatch(/^PUT \/.* HTTP\/1.1\n[^]*\(1048576 bytes\)[^]*\nHTTP\/1.1 200\n/);
  expect([...(first?.values() ?? [])].join("")).not.toMatch(/q-signature=[0-9a-f]{40}|Signature=[0-9a-f]{64}/);
});

test("the JSON report follows its schema", async () => {
  const results = [await judged("put", {}), await judged("multipart", { mutant: "parts-descending" })];
  const text = JSON.stringify(reportOf({ profile: "core", command: uploader, seed: 1, results }));
  expect(schemaErrors("conformance-report", JSON.parse(text))).toEqual([]);
});

test.each(["github", "gitlab"] as const)("--print-ci %s prints a job that judges the command", (service) => {
  const job = ciJob(service, { command: "./upload '$VODUP_FILE'", profile: "full" });
  expect(job).toContain("vodup conformance --profile full");
  expect(job).toContain("-- ./upload '$VODUP_FILE'");
  expect(job).not.toContain("\t");
});
