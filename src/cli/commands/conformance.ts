import { randomInt } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Profile, Scenario } from "../../conformance/scenario.ts";
import type { Arguments } from "../args.ts";
import type { Command } from "../command.ts";
import { ciJob } from "../../conformance/ci-job.ts";
import { runConformance } from "../../conformance/conformance.ts";
import { compare, comparisonText, readReport, type EarlierReport } from "../../conformance/compare.ts";
import { junitReport } from "../../conformance/report-junit.ts";
import { pageReport } from "../../conformance/report-page.ts";
import { reportOf } from "../../conformance/report.ts";
import { isPassed } from "../../conformance/verdict.ts";
import { scenarioText, summaryText } from "../../conformance/report-text.ts";
import { scenarios, scenariosOf } from "../../conformance/scenarios/all.ts";
import { UsageError } from "../args.ts";
import { parseInteger } from "../numbers.ts";
import { shellQuote } from "../shell-quote.ts";
import { stopping } from "../stopping.ts";
import { closest } from "../../suggest.ts";

type ConformanceFlag =
  "profile" | "scenario" | "json" | "junit" | "html" | "compare" | "transcript" | "seed" | "print-ci";

const namesOf = (profile: Profile): string =>
  scenarios
    .filter((scenario) => scenario.profile === profile)
    .map(({ name }) => name)
    .join(", ");

/** `vodup conformance`: judges an uploader in any language by what it sends to a strict emulator. */
export const conformanceCommand: Command<ConformanceFlag> = {
  spec: {
    name: "conformance",
    operands: "-- COMMAND...",
    summary: "judge an uploader written in any language against docs/wire.md",
    count: { least: 0, most: 0 },
    passesRest: true,
    flags: {
      profile: {
        value: "core|full",
        summary: "core (default): no faults; full: retry, ambiguity, abort, resume, hygiene too",
      },
      scenario: { value: "NAME", summary: "this one only" },
      json: { value: "FILE", summary: "write the report as JSON" },
      junit: { value: "FILE", summary: "write the report as JUnit XML" },
      html: { value: "FILE", summary: "write the report as one page, with the requests that show what is wrong" },
      compare: { value: "FILE", summary: "show what is better and worse than in a report of --json" },
      transcript: { value: "DIR", summary: "write every request and answer to DIR/SCENARIO, secrets removed" },
      seed: { value: "N", summary: "repeat a run: the same keys, identifiers and file contents" },
      "print-ci": { value: "github|gitlab", summary: "print a CI job that judges COMMAND, and do nothing else" },
    },
    notes: [
      "COMMAND uploads $VODUP_FILE to $VODUP_VOD_ENDPOINT and $VODUP_COS_ENDPOINT with the key of\n" +
        "TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, as a media of $VODUP_MEDIA_TYPE, in parts of\n" +
        "$VODUP_PART_SIZE bytes; it exits 0 with the FileId as its last line on stdout, or with another code.\n" +
        "These names are also replaced in its arguments: vodup conformance -- ./upload '$VODUP_FILE'",
      `Scenarios of core: ${namesOf("core")}.\nBeside them in full: ${namesOf("full")}.`,
      "pass* is passed with remarks: rules that should be kept and were not. none is not judged: the command failed\n" +
        "before the condition of the scenario arose.",
      "Exit code 0 when something was judged and nothing failed, otherwise 1.",
    ],
  },
  run: async (args, terminal) => {
    if (args.rest.length === 0)
      throw new UsageError('"vodup conformance" needs a command: vodup conformance -- COMMAND...');
    const { profile, chosen } = choose(args);
    const service = args.text("print-ci");
    if (service !== undefined) {
      await terminal.print(jobFor(service, args.rest, profile));
      return 0;
    }
    const earlier = await earlierReport(args.text("compare"));
    const transcript = args.text("transcript");
    const isTranscribed = transcript !== undefined || args.text("html") !== undefined;
    const exchanges = new Map<string, ReadonlyMap<string, string>>();
    const width = Math.max(...chosen.map(({ name }) => name.length));
    const run = stopping();
    try {
      const report = await runConformance({
        profile,
        command: args.rest,
        scenarios: chosen,
        seed: seedOf(args.text("seed")),
        signal: run.signal,
        onResult: async (result) => {
          await terminal.print(scenarioText(result, width));
        },
        onTranscript: isTranscribed
          ? async (name, files) => {
              if (args.text("html") !== undefined) exchanges.set(name, files);
              if (transcript !== undefined) await writeAll(join(transcript, name), files);
            }
          : undefined,
      });
      const shown = reportOf(report);
      const comparison = earlier && { earlier, rows: compare(shown, earlier) };
      const exchange = (name: string, id: number): string | undefined => exchangeOf(exchanges.get(name), id);
      const files = {
        json: () => `${JSON.stringify(shown, null, 2)}\n`,
        junit: () => junitReport(report),
        html: () => pageReport(shown, { exchange, comparison }),
      };
      for (const [flag, text] of Object.entries(files)) {
        const file = args.text(flag as keyof typeof files);
        if (file !== undefined) await writeFile(file, text());
      }
      await terminal.print(summaryText(report));
      if (comparison !== undefined) await terminal.print(comparisonText(comparison.rows));
      return isPassed(report.results) ? 0 : 1;
    } finally {
      run.done();
    }
  },
};

/** @throws UsageError */
function jobFor(service: string, command: readonly string[], profile: Profile): string {
  if (service !== "github" && service !== "gitlab") throw new UsageError("--print-ci must be github or gitlab");
  return ciJob(service, { command: shellQuote(command), profile });
}

const mostSeed = 2 ** 31 - 1;

/** @throws UsageError */
function seedOf(text: string | undefined): number {
  return text === undefined ? randomInt(mostSeed) : parseInteger("seed", text, 0, mostSeed);
}

/** Read before anything is judged. @throws UsageError */
async function earlierReport(file: string | undefined): Promise<EarlierReport | undefined> {
  if (file === undefined) return undefined;
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`--compare: ${file} cannot be read (${error.code ?? error.message})`);
  });
  try {
    return readReport(text);
  } catch (error) {
    throw new UsageError(`--compare: ${file} ${(error as Error).message}`);
  }
}

/** Of a transcript: each file is named after the number of its request. */
function exchangeOf(files: ReadonlyMap<string, string> | undefined, id: number): string | undefined {
  return [...(files ?? [])].find(([name]) => name.startsWith(`${String(id).padStart(3, "0")}-`))?.[1];
}

async function writeAll(folder: string, files: ReadonlyMap<string, string>): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, text] of files) await writeFile(join(folder, name), text);
}

/** @throws UsageError for a profile or a scenario that does not exist */
function choose(args: Arguments<ConformanceFlag>): { profile: Profile; chosen: readonly Scenario[] } {
  const given = args.text("profile");
  if (given !== undefined && given !== "core" && given !== "full") {
    throw new UsageError("--profile must be core or full");
  }
  const name = args.text("scenario");
  if (name === undefined) return { profile: given ?? "core", chosen: scenariosOf(given ?? "core") };
  const known = scenariosOf(given ?? "full");
  const found = known.find((scenario) => scenario.name === name);
  if (found !== undefined) return { profile: given ?? found.profile, chosen: [found] };
  const likely = closest(
    name,
    known.map((scenario) => scenario.name),
  );
  const remedy = likely === undefined ? 'see "vodup conformance --help"' : `did you mean ${likely}?`;
  throw new UsageError(
    `--scenario: there is no scenario of that name${given === undefined ? "" : ` in ${given}`}; ${remedy}`,
  );
}
