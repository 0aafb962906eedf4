import type { Batch } from "../../batch/batch.ts";
import type { BatchEntry } from "../../batch/entry.ts";
import type { Rest } from "../../batch/in-hand.ts";
import type { ExitCode } from "../exit-codes.ts";
import type { BatchRun } from "./batch-run.ts";
import { InVain } from "../../batch/in-vain.ts";
import { uploadEntry, type BatchTask, type EntryEnd } from "../../batch/upload-entry.ts";
import { Watch } from "../../batch/watch.ts";
import { exitCodeOf, verdictOf } from "../exit-codes.ts";
import { reportError } from "../report-error.ts";

/** Uploads what is left of a batch, and with `--watch` what arrives. @returns the exit codes of its entries */
export async function sendAll(run: BatchRun, batch: Batch, task: BatchTask): Promise<ReadonlySet<ExitCode>> {
  const { inHand, stopping, terminal, connection, args, rules } = run;
  const codes = new Set<ExitCode>();
  const inVain = new InVain(inHand.mostEver);
  const watch = args.has("watch") ? new Watch(run.list, rules.minAgeMs) : undefined;
  /** Entries that failed and are to be tried again. */
  const again = new Set<string>();
  const ended = (entry: BatchEntry, end: EntryEnd | undefined): void => {
    again.delete(entry.key);
    if (end === undefined) return;
    inVain.ended(end);
    if (watch !== undefined && end.failed && verdictOf(end.error) === "passing") {
      again.add(entry.key);
      batch.again(entry.key);
      watch.again(entry.key);
      task.tally.again();
    } else codes.add(end.failed ? exitCodeOf(end.error) : 0);
  };
  const work = async (entry: BatchEntry, signal: AbortSignal): Promise<Rest | undefined> => {
    const end = await uploadEntry(task, entry, signal);
    if (typeof end === "function") return async (rest) => ended(entry, await end(rest));
    ended(entry, end);
    return undefined;
  };
  const isAway = (): boolean => connection.isUnreachable() || inVain.isUnreached;
  const { signal } = stopping;
  try {
    if (watch === undefined) await batch.run(inHand, signal, () => !inVain.isRefused && !isAway(), work);
    else {
      const onFound = (): void => task.tally.found();
      await batch.watch(inHand, { watch, signal, goOn: () => !inVain.isRefused, onFound, work });
    }
  } catch (error) {
    if (error !== stopping.reason) throw error;
    reportError(terminal, error, { debug: false });
  }
  if (again.size > 0) codes.add(5);
  if (inVain.isRefused) {
    terminal.note(`vodup: ${inVain.most} entries in a row were refused, so the rest was not tried; see "vodup doctor"`);
  } else if (stopping.reason === undefined) reportLeft(run, batch, task, isAway(), codes);
  return codes;
}

function reportLeft(
  { args, terminal, note }: BatchRun,
  batch: Batch,
  { tally }: BatchTask,
  isAway: boolean,
  codes: Set<ExitCode>,
): void {
  if (isAway) {
    if (tally.left > 0)
      terminal.note("vodup: the service cannot be reached, so the rest was not tried; run again later");
  } else if (tally.left > batch.young) {
    terminal.note(`vodup: ${tally.left - batch.young} files found at the start no longer exist`);
    codes.add(3);
  }
  if (batch.young > 0) {
    const what = batch.young === 1 ? "1 file was" : `${batch.young} files were`;
    note(`${what} written to less than ${args.text("min-age")} ago and left for a later run (--min-age)`);
  }
}
