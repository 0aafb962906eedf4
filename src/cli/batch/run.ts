import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { Arguments } from "../args.ts";
import type { Connection, Target } from "../connection.ts";
import type { ExitCode } from "../exit-codes.ts";
import type { HeldLock } from "../../state/lock.ts";
import type { Stopping } from "../stopping.ts";
import type { Terminal } from "../terminal.ts";
import { Batch, type BatchRules } from "../../batch/batch.ts";
import { openBatch } from "../../batch/batch-list.ts";
import { readChoice } from "../../batch/choice.ts";
import { InHand } from "../../batch/in-hand.ts";
import { Journal, lockOf, stateOf } from "../../batch/journal.ts";
import { Tally } from "../../batch/tally.ts";
import { CheckpointError } from "../../index.ts";
import type { BatchFlag, BatchRun } from "./batch-run.ts";
import { batchOutput, surveyProgress } from "./output.ts";
import { sendAll } from "./send.ts";
import { planAll, refuse, reportSurvey } from "./survey.ts";
import { beginReport, checkPaths, unwritable } from "./files.ts";
import { BatchState } from "../../batch/state.ts";
import { isDebugging } from "../debug.ts";
import { exitCodeOf, exitCodeOfAll, verdictOf } from "../exit-codes.ts";
import { parseDuration, parseInteger } from "../numbers.ts";
import { parseSize } from "../sizes.ts";
import { UsageError } from "../args.ts";
import { errorFields } from "../report-error.ts";
import { lock } from "../../state/checkpoint-store.ts";
import { readSharedOptions } from "../upload/flags.ts";

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
  const inHand = files === undefined ? InHand.preset() : new InHand(parseInteger("files", files, 1, 100), 0);
  const defaults = readSharedOptions(args);
  const rules = rulesOf(args);
  const choice = await readChoice(args.texts("include"), args.texts("exclude"));
  const { signal } = stopping;
  if (args.has("watch") && !(await isFolder(typed))) throw new UsageError("--watch needs a folder");
  const list = await openBatch({ path: typed, input: process.stdin, defaults, choice, note, signal });
  try {
    return await runList({ args, terminal, connection, stopping, note, inHand, defaults, rules, list });
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

/** @param kept where what is run is remembered, and the lock that was taken for it; undefined when nothing is to be */
async function takeAll(
  run: BatchRun,
  journal: Journal | undefined,
  kept: { readonly path: string; readonly held: HeldLock } | undefined,
): Promise<ExitCode> {
  const { args, terminal, connection, stopping, defaults } = run;
  const batch = new Batch(run.list, journal, run.rules);
  const survey = await batch.survey(stopping.signal, surveyProgress(terminal, args, run.list.title));
  terminal.transient("");
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
  const rate = args.text("limit-rate");
  const limitRate = rate === undefined ? undefined : parseSize("limit-rate", rate);
  const output = batchOutput(terminal, tally, { args, debug, awayHost: connection.awayHost, limitRate });
  let codes = new Set<ExitCode>();
  if (survey.earlier > 0 || survey.total === 0) codes.add(0);
  if (survey.uncertain > 0) codes.add(1);
  try {
    try {
      if (args.has("watch")) run.note(`watching ${run.list.title}; SIGTERM or Ctrl-C ends it`);
      output.progress();
      const sent = await sendAll(run, batch, {
        client: connection.client,
        defaults,
        keepParts: args.has("keep-parts"),
        changed: run.rules.changed,
        wait: args.has("wait"),
        state,
        journal,
        report,
        tally,
        news: output,
        judge: verdictOf,
        describe: errorFields,
        isChanged: (key) => batch.isChanged(key),
        unprocessed: (key) => batch.unprocessed(key),
        uploaded: (key, seen) => batch.uploaded(key, seen),
      });
      codes = new Set([...codes, ...sent]);
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
  // What is to be watched has no end; only an upload that was interrupted has.
  const interrupted = args.has("watch") ? tally.interrupted : tally.left;
  const stopped = stopping.reason === undefined || interrupted === 0 ? undefined : exitCodeOf(stopping.reason);
  return exitCodeOfAll([...codes], stopped ?? (connection.isUnreachable() ? 5 : undefined));
}

/** @throws UsageError */
function rulesOf(args: Arguments<BatchFlag>): BatchRules {
  const changed = args.text("changed") ?? "fail";
  if (changed !== "fail" && changed !== "upload" && changed !== "ignore")
    throw new UsageError("--changed must be fail, upload or ignore");
  const age = args.text("min-age");
  const preset = args.has("watch") ? "10s" : "0";
  const minAgeMs = parseDuration("min-age", age ?? preset, 0, 30 * 86_400_000);
  return { changed, minAgeMs, wait: args.has("wait") };
}

function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** What makes two uploads of a file two medias, whatever their entries say. */
function destinationOf({ site, vodEndpoint, subAppId }: Target): Readonly<Record<string, string | null>> {
  return { site: site ?? "intl", vodEndpoint: vodEndpoint ?? null, subAppId: subAppId ?? null };
}
