import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { findingLines } from "../../src/conformance/report-text.ts";
import { runScenario } from "../../src/conformance/run-scenario.ts";
import { scenarios } from "../../src/conformance/scenarios/all.ts";
import { timing } from "../support/timing.ts";

/** Every mistake that the reference uploader can be made to make: where it shows, and the rule that names it. */
const mutants: readonly (readonly [mistake: string, scenario: string, rule: string])[] = [
  ["tc3-local-date", "signatures", "2.3"],
  ["tc3-beijing-date", "clock-behind", "2.3"],
  ["tc3-host-unsigned", "signatures", "2.2"],
  ["tc3-content-type-unsigned", "signatures", "2.2"],
  ["tc3-names-unsorted", "signatures", "2.9"],
  ["tc3-action-case", "signatures", "2.2"],
  ["tc3-hex-keys", "signatures", "2.6"],
  ["tc3-hex-first-key", "signatures", "2.6"],
  ["tc3-no-prefix", "signatures", "2.10"],
  ["tc3-service-of-host", "signatures", "2.4"],
  ["tc3-body-again", "encodings-json", "2.5"],
  ["tc3-latin1", "encodings-json", "2.5"],
  ["tc3-no-payload", "signatures", "2.5"],
  ["tc3-charset-later", "signatures", "2.5"],
  ["tc3-no-empty-line", "signatures", "2.1"],
  ["tc3-unhashed", "signatures", "2.8"],
  ["tc3-upper-hex", "signatures", "2.8"],
  ["tc3-no-spaces", "signatures", "2.9"],
  ["tc3-host-without-port", "signatures", "1.4"],
  ["tc3-milliseconds", "signatures", "3.2"],
  ["tc3-no-region", "signatures", "3.2"],
  ["region-of-nowhere", "signatures", "3.2"],
  ["api-path", "signatures", "2.7"],
  ["id-with-blank", "signatures", "2.12"],
  ["tc3-empty-token", "signatures", "3.2"],
  ["unknown-parameter", "commit", "3.3"],
  ["sub-app-as-text", "commit", "3.3"],
  ["cover-type", "commit", "4.1"],
  ["wrong-media-type", "commit", "18.3"],

  ["cos-path-encoded", "encodings-path", "5.1"],
  ["cos-sorted-raw", "signatures", "5.2"],
  ["cos-names-case", "multipart", "5.2"],
  ["cos-key-bytes", "signatures", "5.3"],
  ["cos-uploads-bare", "multipart", "5.4"],
  ["cos-no-final-newline", "signatures", "5.5"],
  ["cos-host-unsigned", "signatures", "5.6"],
  ["cos-token-unsigned", "signatures-strict", "5.6"],
  ["cos-type-unsigned", "signatures-strict", "5.6"],
  ["cos-length-unsigned", "signatures-strict", "5.6"],
  ["cos-long-key-time", "signatures", "5.8"],
  ["cos-values-raw", "signatures", "5.12"],
  ["cos-values-twice", "encodings-upload-id", "5.12"],
  ["cos-javascript-encoding", "encodings-upload-id", "1.2"],
  ["cos-form-encoding", "encodings-upload-id", "1.2"],
  ["cos-lower-escapes", "signatures", "1.2"],
  ["cos-upper-method", "signatures", "5.13"],
  ["cos-sha256", "signatures", "5.13"],
  ["cos-list-unsorted", "signatures", "5.14"],
  ["cos-list-comma", "signatures", "5.14"],
  ["cos-key-time-comma", "signatures", "5.14"],
  ["cos-milliseconds", "signatures", "5.14"],
  ["plus-in-query", "encodings-upload-id", "1.2"],
  ["token-in-url", "signatures", "18.5"],
  ["cos-host-without-port", "signatures", "1.4"],
  ["cos-account-key", "signatures", "6.1"],
  ["cos-no-token", "signatures", "6.1"],

  ["key-with-two-slashes", "put", "4.3"],
  ["slashes-all-cut", "encodings-slashes", "4.3"],
  ["slashes-encoded", "put", "5.9"],
  ["plus-in-path", "encodings-path", "5.9"],
  ["blank-as-plus", "encodings-path", "5.9"],
  ["path-encoded-twice", "encodings-path", "5.9"],
  ["begins-by-put", "multipart", "6.3"],
  ["names-of-s3", "multipart", "6.4"],
  ["two-uploads", "multipart", "6.4"],
  ["completes-by-put", "multipart", "6.6"],
  ["part-left-out", "multipart", "6.6"],
  ["numbers-in-tens", "multipart", "6.6"],
  ["etag-unquoted", "multipart", "6.6"],
  ["etag-upper-case", "multipart", "6.6"],
  ["upload-id-escaped", "encodings-upload-id", "6.3"],
  ["chunked-parts", "multipart", "6.4"],
  ["parts-descending", "multipart", "6.6"],
  ["etag-in-cdata", "multipart", "6.6"],
  ["part-with-size", "multipart", "6.6"],
  ["wrong-root", "multipart", "6.6"],
  ["small-parts", "multipart", "7.1"],
  ["empty-last-part", "multipart-even", "7.1"],
  ["numbers-from-zero", "multipart", "7.1"],
  ["parts-swapped", "multipart", "9.1"],
  ["last-part-missing", "multipart", "9.1"],
  ["byte-missing", "put", "9.1"],
  ["byte-missing", "put-one-byte", "9.1"],
  ["never-in-parts", "multipart", "18.4"],
  ["commits-early", "multipart", "9.1"],
  ["put-after-commit", "commit", "9.1"],
  ["commits-twice", "commit", "10.3"],
  ["commits-other-session", "commit", "10.1"],
  ["file-id-as-number", "commit", "3.3"],
  ["file-id-with-words", "commit", "18.1"],
  ["file-id-not-last", "commit", "18.1"],
  ["prints-secret", "commit", "18.5"],
  ["prints-token", "commit", "18.5"],
  ["prints-signature", "commit", "18.5"],
  ["secret-on-the-wire", "commit", "18.5"],
  ["never-ends", "commit", "18.6"],

  ["sub-app-dropped", "sub-app", "10.1"],
  ["media-type-in-capitals", "commit", "4.5"],
  ["chunked-calls", "signatures", "3.2"],
  ["cos-future-key-time", "signatures", "5.8"],
  ["body-too-long", "multipart", "6.16"],
  ["follows-redirects", "redirect-api", "1.5"],
  ["follows-redirects", "redirect-object", "1.5"],
  ["trusts-anybody", "answer-not-from-cos", "6.10"],
  ["every-400-final", "retry-damaged", "6.20"],
  ["trusts-put", "put-corrupted", "9.1"],
  ["constant-pauses", "retry-gives-up", "11.7"],
  ["shrinking-pauses", "retry-gives-up", "11.7"],
  ["compares-size-only", "complete-same-size", "11.2"],
  ["guesses-file-id", "commit-lost-unknown", "11.4"],
  ["takes-any-media", "commit-lost-other-media", "11.4"],
  ["trusts-list", "resume-other-part", "9.4"],
  ["trusts-list", "resume-changed-file", "9.4"],
  ["one-clock", "clock-cos-ahead", "6.11"],
  ["one-clock", "clock-cos-behind", "6.11"],
  ["secret-for-a-moment", "multipart", "18.5"],
  ["secret-in-temporary-file", "multipart", "18.5"],
  ["secret-in-arguments", "commit", "18.5"],
  ["leaves-child", "commit", "18.6"],

  ["no-retry", "retry-gateway", "11.1"],
  ["no-retry", "retry-object", "11.1"],
  ["no-retry", "retry-part", "11.1"],
  ["no-retry", "apply-lost", "11.1"],
  ["retries-at-once", "retry-throttled", "11.7"],
  ["ignores-retry-after", "retry-after", "11.5"],
  ["stale-signature", "retry-after", "11.8"],
  ["stale-api-signature", "retry-after-api", "11.8"],
  ["retries-everything", "retry-never", "11.6"],
  ["retries-for-ever", "retry-gives-up", "18.6"],
  ["trusts-parts", "retry-corrupted", "8.4"],
  ["exits-0", "retry-never", "18.2"],
  ["trusts-200", "complete-error-in-200", "6.7"],
  ["no-head", "complete-lost", "11.2"],
  ["trusts-200", "complete-silent", "11.2"],
  ["takes-other-object", "complete-other-object", "11.2"],
  ["ignores-crc64", "complete-wrong-crc64", "11.3"],
  ["no-white-space", "complete-slow", "6.7"],
  ["no-retry", "commit-lost", "11.4"],
  ["uploads-again", "commit-lost-unknown", "11.4"],
  ["no-abort", "abort-refused-part", "9.3"],
  ["aborts-by-post", "abort-refused-part", "6.8"],
  ["no-resume", "resume-killed", "9.4"],
  ["sends-all-again", "resume-killed", "9.4"],
  ["keeps-secret", "multipart", "18.5"],
  ["secret-beside-file", "multipart", "18.5"],
  ["trusts-record", "resume-upload-gone", "9.4"],
  ["no-renewal", "certificate-expired", "12.1"],
  ["mixes-sessions", "certificate-other-session", "12.2"],
  ["follows-dots", "dot-segments", "4.3"],
  ["prints-environment", "secrets-in-auth-failure", "18.5"],
  ["prints-answers", "secrets-in-refusal", "18.5"],
];

const folder = join(import.meta.dirname, "mutants");
const command = [process.execPath, join(folder, "uploader.mjs")];

async function judged(scenarioName: string, mistake: string) {
  const scenario = scenarios.find(({ name }) => name === scenarioName);
  if (scenario === undefined) throw new Error(`no scenario ${scenarioName}`);
  // What hangs has hung after a few seconds as well as after a minute.
  const hanging = ["never-ends", "retries-for-ever"].includes(mistake);
  const shortened = hanging ? { ...scenario, timeoutMs: 4_000 } : scenario;
  return runScenario({ command, scenario: shortened, env: { ...process.env, MUTANT: mistake } });
}

test("the table has every mistake of the uploader, and no other", async () => {
  const files = (await readdir(folder)).map((name) => readFile(join(folder, name), "utf8"));
  const text = (await Promise.all(files)).join("\n");
  const made = new Set(
    [...text.matchAll(/makes\("([^"]+)"\)|^ {2}"(cos-[a-z-]+)": "/gm)].map(([, a, b]) => a ?? b ?? ""),
  );
  const mistakes = [...made].filter((name) => !name.startsWith("habit-"));
  expect(new Set(mistakes)).toEqual(new Set(mutants.map(([mistake]) => mistake)));
  expect(mistakes.length).toBeGreaterThanOrEqual(135);
});

test("every scenario is failed by one of them", () => {
  const failed = new Set(mutants.map(([, scenario]) => scenario));
  expect(scenarios.map(({ name }) => name).filter((name) => !failed.has(name))).toEqual([]);
});

describe.concurrent("without a mistake, the uploader passes", () => {
  test.each(scenarios.map(({ name }) => name))("%s", async (name) => {
    const { findings } = await judged(name, "");
    expect(findings.flatMap(findingLines)).toEqual([]);
  });
});

async function expectCaught(mistake: string, scenario: string, rule: string): Promise<void> {
  const { findings } = await judged(scenario, mistake);
  // The first is what a porter reads: nothing else may stand before it.
  expect(findings[0]?.rule, findings.flatMap(findingLines).join("\n")).toBe(rule);
}

/** On a busy machine everything pauses. */
const timed = ["retries-at-once", "ignores-retry-after", "constant-pauses", "shrinking-pauses"];

describe.concurrent("a planted mistake is caught with its rule named", () => {
  test.each(mutants.filter(([mistake]) => !timed.includes(mistake)))("%s (%s): wire §%s", expectCaught);
});

describe("a missing pause is caught with its rule named", () => {
  test.each(mutants.filter(([mistake]) => timed.includes(mistake)))("%s (%s): wire §%s", timing, expectCaught);
});
