import type { VodClient } from "../client.ts";
import type { UploadOptions } from "../upload/options.ts";
import type { RememberedTask, Verdict } from "../state/remembered-upload.ts";
import type { BatchEntry } from "./entry.ts";
import type { Journal } from "./journal.ts";
import type { ErrorFields, OutcomeLine, ResultLine } from "./records.ts";
import type { Report } from "./report.ts";
import type { ChangedPolicy } from "./batch.ts";
import type { BatchState } from "./state.ts";
import type { Tally } from "./tally.ts";
import { SourceError } from "../errors.ts";
import { RememberedUpload, isLost } from "../state/remembered-upload.ts";
import { shownSource, sourceOf } from "../shown-source.ts";
import { RecordError, resultFields } from "./records.ts";
import { seenOf } from "./seen.ts";

/** Where a batch's news go. */
export interface BatchNews {
  /** Something moved. */
  readonly progress: () => void;
  readonly warning: (source: string, warning: { readonly code: string; readonly message: string }) => void;
  /** An entry has ended. @returns when the caller has taken it: report and journal have it too */
  readonly ended: (line: OutcomeLine, error?: unknown) => Promise<void>;
}

/** What all entries of a batch share. */
export interface BatchTask {
  readonly client: VodClient;
  readonly defaults: UploadOptions;
  readonly keepParts: boolean;
  readonly changed: ChangedPolicy;
  /** Whether an entry has ended only when its media can be found and its task flow, if any, has succeeded. */
  readonly wait: boolean;
  /** The checkpoints of the entries; undefined when nothing is to be remembered. */
  readonly state: BatchState | undefined;
  readonly journal: Journal | undefined;
  readonly report: Report | undefined;
  readonly tally: Tally;
  readonly news: BatchNews;
  readonly judge: (error: unknown) => Verdict;
  readonly describe: (error: unknown) => ErrorFields;
  /** Whether an entry was uploaded by an earlier run, and its file has changed since. */
  readonly isChanged: (key: string) => boolean;
  /** The result of an entry that was uploaded, and whose task flow was still waited for. */
  readonly unprocessed: (key: string) => ResultLine | undefined;
  /** An entry has its result in the journal, with what its files were known by. */
  readonly uploaded: (key: string, seen: string | undefined) => void;
}

/** How an entry has ended. */
export interface EntryEnd {
  readonly failed: boolean;
  readonly error?: unknown;
}

/**
 * Uploads one entry and has its end in the journal before anything else is done about it: a checkpoint is removed only
 * once the journal knows what it knew.
 *
 * @returns how the entry ended; undefined when the run was stopped meanwhile; with `wait`, once it is uploaded, a
 * function that waits for the rest and then returns the same
 * @throws RecordError; CheckpointError `CHECKPOINT_LOCKED` when another process has taken the batch over
 */
export async function uploadEntry(
  task: BatchTask,
  entry: BatchEntry,
  signal: AbortSignal,
): Promise<EntryEnd | undefined | ((signal: AbortSignal) => Promise<EntryEnd | undefined>)> {
  const { tally, journal } = task;
  tally.begin(entry.key);
  const isChanged = task.isChanged(entry.key);
  let upload: RememberedUpload | undefined;
  try {
    let line = task.unprocessed(entry.key);
    if (line === undefined) {
      if (isChanged) {
        if (task.changed !== "upload") throw changedSince(entry);
        await journal?.append({ type: "changed", key: entry.key, source: shownSource(entry.name) });
      }
      const memory = await task.state?.memoryOf(entry);
      upload = new RememberedUpload(rememberedTask(task, entry, signal), entry.source, memory);
      const result = await upload.send();
      line = { type: "result", source: shownSource(entry.name), ...resultFields(result) };
      const seen = seenOf(upload.seen ?? []);
      await journal?.append({ key: entry.key, ...line, seen, ...(task.wait ? { processed: false } : {}) });
      task.uploaded(entry.key, seen);
    }
    if (task.wait) {
      const uploaded = line;
      await upload?.forget();
      return (rest) => processed(task, entry, uploaded, rest);
    }
    await task.report?.add(line);
    tally.end(entry.key, "done");
    await task.news.ended(line);
    await upload?.forget();
    return { failed: false };
  } catch (error) {
    const isUntouched = isChanged && upload === undefined;
    if (!isOfTheBatch(error) && !(signal.aborted && error === signal.reason)) {
      return await failed(task, entry, error, async (line) => {
        // The journal keeps the result that such an entry has.
        if (!isUntouched) await journal?.append({ key: entry.key, ...line });
        await upload?.leave(error);
      });
    }
    tally.end(entry.key, "left");
    if (isOfTheBatch(error)) throw error;
    await upload?.leave(error);
    return undefined;
  } finally {
    await upload?.close();
  }
}

/** The rest of `wait`: a media that is stored stays so, however this ends. */
async function processed(
  task: BatchTask,
  entry: BatchEntry,
  line: ResultLine,
  signal: AbortSignal,
): Promise<EntryEnd | undefined> {
  try {
    const procedure = entry.options.procedure ?? task.defaults.procedure;
    if (procedure === undefined) await task.client.waitForUpload(line.fileId, { signal });
    else await task.client.waitForProcedure(line.fileId, { signal });
    await task.journal?.append({ type: "processed", key: entry.key, source: line.source });
    await task.report?.add(line);
    task.tally.end(entry.key, "done");
    await task.news.ended(line);
    return { failed: false };
  } catch (error) {
    if (!isOfTheBatch(error) && !(signal.aborted && error === signal.reason)) {
      return await failed(task, entry, error, () => Promise.resolve());
    }
    task.tally.end(entry.key, "left");
    if (isOfTheBatch(error)) throw error;
    return undefined;
  }
}

async function failed(
  task: BatchTask,
  entry: BatchEntry,
  error: unknown,
  record: (line: OutcomeLine) => Promise<void>,
): Promise<EntryEnd> {
  const line: OutcomeLine = { type: "error", source: shownSource(entry.name), ...task.describe(error) };
  try {
    await record(line);
    await task.report?.add(line);
  } finally {
    task.tally.end(entry.key, "failed");
  }
  await task.news.ended(line, error);
  return { failed: true, error };
}

/** No entry's fault: the batch ends. */
function isOfTheBatch(error: unknown): boolean {
  return error instanceof RecordError || isLost(error);
}

function changedSince({ name }: BatchEntry): SourceError {
  const message = `${shownSource(name)} has changed since it was uploaded; run with --changed upload, or --changed ignore`;
  return new SourceError("SOURCE_CHANGED", message);
}

function rememberedTask(task: BatchTask, entry: BatchEntry, signal: AbortSignal): RememberedTask {
  const { client, keepParts, judge, tally, news } = task;
  const { name, key } = entry;
  return {
    client,
    keepParts,
    judge,
    signal,
    options: optionsOf(task.defaults, entry),
    open: () => sourceOf(entry.source),
    news: {
      progress: (event) => {
        tally.moved(key, event);
        news.progress();
      },
      retry: () => undefined,
      warning: (warning) => news.warning(shownSource(name), warning),
      checkpoint: () => undefined,
    },
  };
}

/** The options of an entry, and of the batch where it says nothing. */
export function optionsOf(defaults: UploadOptions, { options }: BatchEntry): UploadOptions {
  return { ...defaults, ...options, cover: options.cover === undefined ? undefined : sourceOf(options.cover) };
}
