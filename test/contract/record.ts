/** Runs the scenarios against a service and, when asked, writes what it saw: report and redacted cassettes. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ContractReport } from "./report.ts";
import type { Exchange } from "./recorder.ts";
import type { Facts } from "./scenarios.ts";
import type { Provenance } from "./redact.ts";
import type { Subject } from "./subject.ts";
import { clockStart, serialise } from "../cassettes/author.ts";
import { leaksIn } from "../support/leak-gate.ts";
import { learn } from "./learn.ts";
import { Pseudonyms } from "./pseudonyms.ts";
import { valueOf } from "./recorder.ts";
import { redact } from "./redact.ts";
import { makeReport, markdown } from "./report.ts";
import { runScenarios } from "./scenarios.ts";
import { wireFacts } from "./wire-facts.ts";

export interface Run {
  readonly facts: Facts;
  readonly parts: readonly Part[];
}

/** What one scenario said and heard, and the facts it found. */
export interface Part {
  readonly scenario: string;
  readonly exchanges: readonly Exchange[];
  readonly facts: Facts;
}

export async function examine(subject: Subject): Promise<Run> {
  const parts: Part[] = [];
  const facts = await runScenarios(subject, (scenario, first, found) => {
    parts.push({ scenario, exchanges: subject.exchanges.slice(first), facts: found });
  });
  for (const [name, value] of wireFacts(subject.exchanges)) facts.set(name, value);
  return { facts, parts };
}

/** A name for everything in the exchanges that belongs to an account. */
export function pseudonymsOf(subject: Subject): Pseudonyms {
  const names = new Pseudonyms();
  const { keys, subAppId } = subject.options;
  names.keys(keys);
  if (subAppId !== undefined) names.number(subAppId, 1_500_000_001);
  for (const exchange of subject.exchanges) learn(names, exchange);
  return names;
}

export interface Written {
  readonly report: ContractReport;
  /** Names of the files in the folder. */
  readonly files: readonly string[];
}

/** @throws Error naming the file in which something of the account was left; that file is not written */
export async function writeRun(
  folder: string,
  subject: Subject,
  run: Run,
  emulator: Facts,
  provenance: Provenance,
  record: boolean,
): Promise<Written> {
  const names = pseudonymsOf(subject);
  const report = makeReport(subject.options.name, run.facts, emulator, subject.exchanges);
  const texts = new Map([
    ["report.json", `${JSON.stringify(report, undefined, 2)}\n`],
    ["report.md", markdown(report)],
  ]);
  if (record) {
    const redaction = { names, shift: clockStart - earliest(subject.exchanges) };
    for (const part of run.parts) {
      if (part.exchanges.length === 0) continue;
      texts.set(`${part.scenario}.json`, serialise(redact(part, provenance, redaction)));
    }
  }
  await mkdir(folder, { recursive: true });
  for (const [file, text] of texts) {
    const leaks = leaksIn(text, names.secrets);
    if (leaks.length > 0) throw new Error(`${file} is not written: it holds ${leaks.join(", ")}`);
    await writeFile(join(folder, file), text);
  }
  return { report, files: [...texts.keys()] };
}

/** The first moment that was signed, in unix seconds. */
function earliest(exchanges: readonly Exchange[]): number {
  const times = exchanges.map(({ requestHeaders }) => Number(valueOf(requestHeaders, "x-tc-timestamp") ?? Number.NaN));
  return Math.min(...times.filter((time) => !Number.isNaN(time)));
}
