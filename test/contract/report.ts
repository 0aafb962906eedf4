/** What a run found: every open question with its answer, and wherever the service is unlike our emulator. */
import type { Exchange } from "./recorder.ts";
import type { Facts } from "./scenarios.ts";
import { questions } from "./questions.ts";
import { seenByOthers, type SeenByOthers } from "./seen-by-others.ts";
import { isRecord, parse } from "./subject.ts";
import { valueOf } from "./recorder.ts";

export interface Answer {
  readonly section: string;
  readonly question: string;
  readonly seen: Readonly<Record<string, string>>;
  /** Set when nothing was seen. */
  readonly notAsked?: string | undefined;
}

export interface Deviation {
  readonly fact: string;
  readonly emulator: string;
  readonly service: string;
}

/** What others saw, and what is seen here. */
export interface Witness extends SeenByOthers {
  readonly fact: string;
  readonly here: string;
  /** Whether this service answers as others saw; undefined when it was not asked. */
  readonly agrees: boolean | undefined;
}

export interface ContractReport {
  readonly service: string;
  readonly date: string;
  readonly answers: readonly Answer[];
  readonly deviations: readonly Deviation[];
  readonly witnesses: readonly Witness[];
  /** Their beginnings only: whole ones belong to an account. */
  readonly requestIds: readonly string[];
  readonly requests: number;
  readonly bytesSent: number;
}

const absent = "(not seen)";

export function deviationsOf(emulator: Facts, service: Facts): Deviation[] {
  return [...new Set([...emulator.keys(), ...service.keys()])]
    .sort()
    .map((fact) => ({ fact, emulator: emulator.get(fact) ?? absent, service: service.get(fact) ?? absent }))
    .filter((each) => each.emulator !== each.service);
}

export function witnessesOf(facts: Facts): Witness[] {
  return Object.entries(seenByOthers).map(([fact, one]) => {
    const here = facts.get(fact);
    return { fact, ...one, here: here ?? absent, agrees: here === undefined ? undefined : here === one.value };
  });
}

export function makeReport(
  service: string,
  facts: Facts,
  emulator: Facts,
  exchanges: readonly Exchange[],
): ContractReport {
  const answers = questions.map(({ section, text, facts: names, unasked }): Answer => {
    const seen = [...facts].filter(([fact]) =>
      names.some((name) => (name.endsWith(".") ? fact.startsWith(name) : fact === name)),
    );
    const reason = unasked ?? (seen.length === 0 ? "the scenario did not get so far, or was left out" : undefined);
    return { section, question: text, seen: Object.fromEntries(seen), notAsked: reason };
  });
  return {
    service,
    date: new Date().toISOString().slice(0, 10),
    answers,
    deviations: deviationsOf(emulator, facts),
    witnesses: witnessesOf(facts),
    requestIds: exchanges
      .map(requestIdOf)
      .filter((id) => id !== "")
      .map((id) => `${id.slice(0, 4)}…`),
    requests: exchanges.length,
    bytesSent: exchanges.reduce((sum, { requestBody }) => sum + requestBody.length, 0),
  };
}

function requestIdOf({ headers, body }: Exchange): string {
  const response = parse(body)["Response"];
  const own = isRecord(response) ? response["RequestId"] : undefined;
  return typeof own === "string" ? own : (valueOf(headers, "x-cos-request-id") ?? "");
}

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");

export function markdown(report: ContractReport): string {
  const rows = report.answers.map(({ section, question, seen, notAsked }) => {
    const found = Object.entries(seen).map(([fact, value]) => `${fact}: ${value}`);
    return `| ${section} | ${cell(question)} | ${cell(found.join("; ") || `not asked: ${notAsked ?? ""}`)} |`;
  });
  const witnessed = report.witnesses.map(({ fact, level, value, here, agrees }) => {
    const verdict = agrees === undefined ? "not asked" : agrees ? "confirmed" : "REFUTED";
    return `| ${fact} | ${level} | ${cell(value)} | ${cell(here)} | ${verdict} |`;
  });
  const unlike = report.deviations.map(
    ({ fact, emulator, service }) => `| ${fact} | ${cell(emulator)} | ${cell(service)} |`,
  );
  return [
    `# Contract with ${report.service}, ${report.date}`,
    "",
    `${report.requests} requests, ${report.bytesSent} bytes sent. Request ids begin ${[...new Set(report.requestIds)].slice(0, 12).join(", ")}.`,
    "",
    "## The open questions of docs/wire.md §17",
    "",
    "| section | question | seen |",
    "| --- | --- | --- |",
    ...rows,
    "",
    "## What others saw",
    "",
    "What only programs were seen to depend on, nobody has posted: here it is answered.",
    "",
    "| fact | known by | others saw | here | |",
    "| --- | --- | --- | --- | --- |",
    ...witnessed,
    "",
    "## Unlike the emulator",
    "",
    ...(unlike.length === 0 ? ["Nothing."] : ["| fact | emulator | service |", "| --- | --- | --- |", ...unlike]),
    "",
  ].join("\n");
}
