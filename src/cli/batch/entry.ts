import type { BatchEntry } from "../../batch/entry.ts";
import type { Journal } from "../../batch/journal.ts";
import type { OutcomeLine } from "../../batch/records.ts";
import type { Report } from "../../batch/report.ts";
import type { Tally } from "../../batch/tally.ts";
import type { Checkpoint, ProgressEvent, UploadOptions } from "../../index.ts";
import type { Arguments } from "../args.ts";
import type { BatchOutput } from "./output.ts";
import type { BatchState } from "./state.ts";
import type { Connection } from "../connection.ts";
import type { ExitCode } from "../exit-codes.ts";
import { SourceError } from "../../index.ts";
import { seenOf } from "../../batch/seen.ts";
import { RecordError } from "../../batch/records.ts";
import { exitCodeOf } from "../exit-codes.ts";
import { RememberedUpload, isLost } from "../upload/remembered-upload.ts";
import { shownSource } from "../shown-source.ts";
import { sourceOf } from "../upload/flags.ts";
import { errorFields, resultFields } from "../upload/output.ts";

/** What all entries of a batch share. */
export interface BatchTask {
  readonly args: Arguments<"keep-parts" | "changed" | "min-age">;
  readonly defaults: UploadOptions;
  readonly connection: Connection;
  /** The checkpoints of the entries; undefined when nothing is to be remembered. */
  readonly state: BatchState | undefined;
  readonly journal: Journal | undefined;
  readonly report: Report | undefined;
  readonly tally: Tally;
  readonly output: BatchOutput;
  /** Whether an entry was uploaded by an earlier run, and its file has changed since. */
  readonly isChanged: (key: string) => boolean;
}

/** How an entry has ended. */
export interface EntryEnd {
  readonly code: ExitCode;
  readonly error?: unknown;
}

/**
 * Uploads one entry and has its end in the journal before anything else is done about it: a checkpoint is removed only
 * once the journal knows what it knew.
 *
 * @returns how the entry ended, with the exit code that it would have alone; undefined when the run was stopped
 * meanwhile
 * @throws RecordError; CheckpointError `CHECKPOINT_LOCKED` when another process has taken the batch over
 */
export async function uploadEntry(
  task: BatchTask,
  entry: BatchEntry,
  signal: AbortSignal,
): Promise<EntryEnd | undefined> {
  const { tally } = task;
  tally.begin(entry.key);
  const isChanged = task.isChanged(entry.key);
  let upload: RememberedUpload | undefined;
  let outcome: "done" | "failed" | "left" = "left";
  try {
    if (isChanged) {
      if (task.args.text("changed") !== "upload") throw changedSince(entry);
      await task.journal?.append({ type: "changed", key: entry.key, source: shownSource(entry.name) });
    }
    const memory = await task.state?.memoryOf(entry);
    upload = new RememberedUpload(rememberedTask(task, entry, signal), entry.source, memory);
    const result = await upload.send();
    const line: OutcomeLine = { type: "result", source: shownSource(entry.name), ...resultFields(result) };
    await record(task, entry, line, upload.seen);
    outcome = "done";
    await task.output.ended(line);
    await upload.forget();
    return { code: 0 };
  } catch (error) {
    if (error instanceof RecordError || isLost(error)) throw error;
    if (signal.aborted && error === signal.reason) {
      await upload?.leave(error);
      return undefined;
    }
    const line: OutcomeLine = { type: "error", source: shownSource(entry.name), ...errorFields(error) };
    // The journal keeps the result that such an entry has.
    if (isChanged && upload === undefined) await task.report?.add(line);
    else await record(task, entry, line);
    outcome = "failed";
    await upload?.leave(error);
    await task.output.ended(line, error);
    return { code: exitCodeOf(error), error };
  } finally {
    tally.end(entry.key, outcome);
    await upload?.close();
  }
}

function changedSince({ name }: BatchEntry): SourceError {
  const message = `${shownSource(name)} has changed since it was uploaded; run with --changed upload, or --changed ignore`;
  return new SourceError("SOURCE_CHANGED", message);
}

/** @param seen what its files were known by */
async function record(
  { journal, report }: BatchTask,
  { key }: BatchEntry,
  line: OutcomeLine,
  seen?: readonly (Checkpoint["source"] | undefined)[],
): Promise<void> {
  await journal?.append({ key, ...line, seen: seen === undefined ? undefined : seenOf(seen) });
  await report?.add(line);
}

function rememberedTask(
  { args, defaults, connection, tally, output }: BatchTask,
  entry: BatchEntry,
  signal: AbortSignal,
) {
  const { name, key } = entry;
  return {
    args,
    options: optionsOf(defaults, entry),
    connection,
    run: { signal },
    output: {
      progress: (event: ProgressEvent) => {
        tally.moved(key, event);
        output.progress();
      },
      retry: () => undefined,
      warning: (warning: Parameters<BatchOutput["warning"]>[1]) => output.warning(shownSource(name), warning),
      checkpoint: () => undefined,
    },
  };
}

/** The options of an entry, and of the batch where it says nothing. */
export function optionsOf(defaults: UploadOptions, { options }: BatchEntry): UploadOptions {
  return { ...defaults, ...options, cover: options.cover === undefined ? undefined : sourceOf(options.cover) };
}
