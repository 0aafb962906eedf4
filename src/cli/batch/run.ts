import { resolve } from "node:path";
import type { BatchEntry } from "../../batch/entry.ts";
import type { BatchList } from "../../batch/batch-list.ts";
import type { Survey } from "../../batch/batch.ts";
import type { UploadOptions } from "../../index.ts";
import type { Arguments } from "../args.ts";
import type { BatchTask } from "./entry.ts";
import type { Connection, Target } from "../connection.ts";
import type { ExitCode } from "../exit-codes.ts";
import type { HeldLock } from "../state/lock.ts";
import type { Stopping } from "../stopping.ts";
import type { Terminal } from "../terminal.ts";
import type { SharedUploadFlag } from "../upload/flags.ts";
import { Batch, type BatchRules } from "../../batch/batch.ts";
import { openBatch } from "../../batch/batch-list.ts";
import { readChoice } from "../../batch/choice.ts";
import { InHand } from "../../batch/in-hand.ts";
import { Journal, lockOf, stateOf } from "../../batch/journal.ts";
import { Tally } from "../../batch/tally.ts";
import { CheckpointError, NetworkError } from "../../index.ts";
import { optionsOf, uploadEntry } from "./entry.ts";
import { batchOutput } from "./output.ts";
import { beginReport, checkPaths, unwritable } from "./files.ts";
import { BatchState } from "./state.ts";
import { isDebugging } from "../debug.ts";
import { planLine } from "../upload/dry-run.ts";
import { exitCodeOf, exitCodeOfAll } from "../exit-codes.ts";
import { parseDuration, parseInteger } from "../numbers.ts";
import { UsageError } from "../args.ts";
import { reportError } from "../report-error.ts";
import { shownSource } from "../shown-source.ts";
import { lock } from "../state/checkpoint-store.ts";
import { readSharedOptions, sourceOf } from "../upload/flags.ts";
import { errorFields } from "../upload/output.ts";

export type BatchFlag =
  SharedUploadFlag | "files" | "journal" | "report" | "api-rate" | "changed" | "min-age" | "include" | "exclude";

/** Without `--files`: so many at a time, and so many small files more, whose round trips are what takes their time. */
const [defaultFiles, moreSmallFiles] = [8, 24];

/** After so many entries in a row that were refused for key or permission, or reached nobody, the rest is not tried. */
const mostInVain = 10;

/** Uploads what a manifest or folder lists and the journal does not have as uploaded. */
export async function runBatch(
  args: Arguments<BatchFlag>,
  terminal: Terminal,
  connection: Connection,
  stopping: Stopping,
): Promise<ExitCode> {
  const typed = args.operands[0] ?? "";
  const note = (text: string): void => void (args.has("quiet") || terminal.note(`vodup: note: ${text}`));
  const files = args.text("files");
  const inHand =
    files === undefined
      ? new InHand(defaultFiles, moreSmallFiles)
      : new InHand(parseInteger("files", files, 1, 100), 0);
  const defaults = readSharedOptions(args);
  const choice = await readChoice(args.texts("include"), args.texts("exclude"));
  const { signal } = stopping;
  const list = await openBatch({ path: typed, input: process.stdin, defaults, choice, note, signal });
  try {
    return await runList({ args, terminal, connection, stopping, note, inHand, defaults, list });
  } finally {
    await list.close();
  }
}

async function runList(run: BatchRun): Promise<ExitCode> {
  const { args, connection, list } = run;
  const journalPath = resolve(args.text("journal") ?? `${list.path}.journal`);
  checkPaths(list.path, journalPath, args.text("report"));
  const owner = { manifest: list.path, destination: destinationOf(connection.target) };
  // An emulator inside this process forgets everything; what was uploaded to it is uploaded nowhere.
  if (args.has("emulator")) return takeAll(run, undefined, undefined);
  if (args.has("dry-run")) return takeAll(run, await Journal.look(journalPath, owner), undefined);
  const held = await lock(lockOf(journalPath), list.title).catch((error: unknown) => {
    throw error instanceof CheckpointError ? error : unwritable("journal", journalPath, error);
  });
  try {
    const journal = await Journal.open(journalPath, owner, held);
    try {
      return await takeAll(run, journal, { path: journalPath, held });
    } finally {
      await journal.close();
    }
  } finally {
    await held.release();
  }
}

interface BatchRun {
  readonly args: Arguments<BatchFlag>;
  readonly terminal: Terminal;
  readonly connection: Connection;
  readonly stopping: Stopping;
  readonly note: (text: string) => void;
  readonly inHand: InHand;
  readonly defaults: UploadOptions;
  readonly list: BatchList;
}

/** @param kept where what is run is remembered, and the lock that was taken for it; undefined when nothing is to be */
async function takeAll(
  run: BatchRun,
  journal: Journal | undefined,
  kept: { readonly path: string; readonly held: HeldLock } | undefined,
): Promise<ExitCode> {
  const { args, terminal, connection, stopping, defaults } = run;
  const batch = new Batch(run.list, journal, rulesOf(args));
  const survey = await batch.survey(stopping.signal);
  if (survey.problemCount > 0) return refuse(run, survey);
  reportSurvey(run, survey);
  if (args.has("dry-run")) return planAll(run, batch);
  // Once, and not once for each entry; a run that finds nothing left needs none.
  if (survey.total > survey.earlier + survey.uncertain) await connection.checkCredentials();
  const report = await beginReport(args.text("report"), batch, run.list.path, kept?.path);
  const state =
    kept === undefined ? undefined : await BatchState.open(stateOf(kept.path), kept.held, (key) => batch.isDone(key));
  const tally = new Tally({ ...survey, failed: survey.uncertain });
  const debug = isDebugging(args.has("debug"), process.env);
  const output = batchOutput(terminal, tally, { args, debug });
  const codes = new Set<ExitCode>();
  if (survey.earlier > 0 || survey.total === 0) codes.add(0);
  if (survey.uncertain > 0) codes.add(1);
  try {
    try {
      await sendAll(run, batch, codes, {
        args,
        defaults,
        connection,
        state,
        journal,
        report,
        tally,
        output,
        isChanged: (key) => batch.isChanged(key),
      });
    } finally {
      await state?.close();
      await report?.close();
    }
  } catch (error) {
    // What is uploaded stays so: the last line says how much it is, whatever ended the run.
    await output.stopped(error);
    await output.summary();
    return exitCodeOf(error);
  }
  await output.summary();
  // A signal that came when all was done has stopped nothing.
  const stopped = stopping.reason === undefined || tally.left === 0 ? undefined : exitCodeOf(stopping.reason);
  return exitCodeOfAll([...codes], stopped ?? (connection.isUnreachable() ? 5 : undefined));
}

async function sendAll(
  { inHand, stopping, terminal, note }: BatchRun,
  batch: Batch,
  codes: Set<ExitCode>,
  task: BatchTask,
): Promise<void> {
  const inVain = { refused: 0, unreached: 0 };
  const most = Math.max(mostInVain, inHand.mostEver);
  const upload = async (entry: BatchEntry, signal: AbortSignal): Promise<void> => {
    const end = await uploadEntry(task, entry, signal);
    if (end === undefined) return;
    codes.add(end.code);
    inVain.refused = end.code === 4 ? inVain.refused + 1 : 0;
    inVain.unreached = isUnreached(end.error) ? inVain.unreached + 1 : 0;
  };
  const { connection, tally, args } = task;
  const isRefused = (): boolean => inVain.refused >= most;
  const isAway = (): boolean => connection.isUnreachable() || inVain.unreached >= most;
  try {
    await batch.run(inHand, stopping.signal, () => !isRefused() && !isAway(), upload);
  } catch (error) {
    if (error !== stopping.reason) throw error;
    reportError(terminal, error, { debug: false });
  }
  if (stopping.reason !== undefined) return;
  if (isRefused()) {
    terminal.note(`vodup: ${most} entries in a row were refused, so the rest was not tried; see "vodup doctor"`);
  } else if (isAway()) {
    if (tally.left > 0)
      terminal.note("vodup: the service cannot be reached, so the rest was not tried; run again later");
  } else if (tally.left > batch.young) {
    terminal.note(`vodup: ${tally.left - batch.young} of the files found at the start no longer exist`);
    codes.add(3);
  }
  if (batch.young > 0) {
    const what = batch.young === 1 ? "1 file was" : `${batch.young} files were`;
    note(`${what} written to less than ${args.text("min-age")} ago and left for a later run (--min-age)`);
  }
}

/** Nobody was there: the next entry would meet the same. */
function isUnreached(error: unknown): boolean {
  return error instanceof NetworkError && error.phase === "connect" && error.code !== "PROXY";
}

/** `--dry-run`: one after the other, so that the order is the manifest's. */
async function planAll({ args, terminal, connection, stopping, defaults }: BatchRun, batch: Batch): Promise<ExitCode> {
  await connection.checkCredentials();
  const codes = new Set<ExitCode>([0]);
  let failed = 0;
  const plan = async (entry: BatchEntry): Promise<void> => {
    const shown = shownSource(entry.name);
    try {
      const planned = await connection.client.plan(sourceOf(entry.source), optionsOf(defaults, entry));
      await terminal.print(planLine(shown, planned, args.has("json")));
    } catch (error) {
      if (args.has("json"))
        await terminal.print(JSON.stringify({ type: "error", source: shown, ...errorFields(error) }));
      reportError(terminal, error, { source: shown, debug: false });
      codes.add(exitCodeOf(error));
      failed += 1;
    }
  };
  await batch.run(new InHand(1), stopping.signal, () => true, plan);
  if (failed > 0) terminal.note(`vodup: ${failed} of these uploads would fail`);
  return exitCodeOfAll([...codes], undefined);
}

/** Nothing was sent, and nothing is, until every line is right. */
async function refuse(
  { args, terminal, list }: BatchRun,
  { problems, problemCount }: Pick<Survey, "problems" | "problemCount">,
): Promise<ExitCode> {
  for (const message of problems) {
    terminal.note(`vodup: ${message}`);
    if (!args.has("json")) continue;
    const line = {
      type: "error",
      source: args.operands[0],
      code: "ERR_INVALID_ARG_VALUE",
      message,
      requestId: null,
      retryable: false,
    };
    await terminal.print(JSON.stringify(line));
  }
  if (problemCount > problems.length) terminal.note(`vodup: and ${problemCount - problems.length} more`);
  terminal.note(`vodup: nothing was sent; fix ${list.title} and run again`);
  return 2;
}

function reportSurvey({ args, note, list }: BatchRun, survey: Survey): void {
  const { total, repeated, uncertain, changed, changedNames } = survey;
  if (changed > 0) {
    const more = changed > changedNames.length ? ", …" : "";
    const what = changed === 1 ? "1 file has changed since it was" : `${changed} files have changed since they were`;
    const then =
      args.text("changed") === "upload"
        ? "uploaded again, as new medias"
        : "not uploaded again: --changed upload makes new medias, --changed ignore leaves them";
    note(`${what} uploaded: ${changedNames.map(shownSource).join(", ")}${more}; ${then}`);
  }
  if (total === 0) note(`${list.title} lists nothing${list.kind === "folder" ? " with the extension of a media" : ""}`);
  if (repeated > 0) {
    note(
      `${repeated} ${repeated === 1 ? "entry says" : "entries say"} what another one says already; each is uploaded once`,
    );
  }
  if (uncertain > 0) {
    note(
      `${uncertain} ${uncertain === 1 ? "entry" : "entries"} may be committed already and are left alone: look for the ` +
        "media (COMMIT_UNCERTAIN in the journal); to upload one again, remove its line from the journal",
    );
  }
}

/** @throws UsageError */
function rulesOf(args: Arguments<BatchFlag>): BatchRules {
  const changed = args.text("changed") ?? "fail";
  if (changed !== "fail" && changed !== "upload" && changed !== "ignore")
    throw new UsageError("--changed must be fail, upload or ignore");
  const age = args.text("min-age");
  return { changed, minAgeMs: age === undefined ? 0 : parseDuration("min-age", age, 0, 30 * 86_400_000) };
}

/** What makes two uploads of a file two medias, whatever their entries say. */
function destinationOf({ site, vodEndpoint, subAppId }: Target): Readonly<Record<string, string | null>> {
  return { site: site ?? "intl", vodEndpoint: vodEndpoint ?? null, subAppId: subAppId ?? null };
}
