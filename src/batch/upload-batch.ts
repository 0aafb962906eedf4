import type { Readable } from "node:stream";
import { resolve } from "node:path";
import type { VodClient } from "../client.ts";
import type { UploadOptions } from "../upload/options.ts";
import type { Verdict } from "../state/remembered-upload.ts";
import type { BatchEntry } from "./entry.ts";
import type { Rest } from "./in-hand.ts";
import type { ErrorFields, ErrorLine, ResultLine } from "./records.ts";
import type { BatchProgress } from "./tally.ts";
import { VodupError, invalidArgument, outOfRange } from "../errors.ts";
import { lock } from "../state/checkpoint-store.ts";
import { refuseUnknown } from "../unknown-options.ts";
import { openBatch } from "./batch-list.ts";
import { Batch, type ChangedPolicy } from "./batch.ts";
import { readChoice } from "./choice.ts";
import { InHand } from "./in-hand.ts";
import { InVain } from "./in-vain.ts";
import { Journal, lockOf, stateOf } from "./journal.ts";
import { RecordError } from "./records.ts";
import { BatchState } from "./state.ts";
import { Tally } from "./tally.ts";
import { uploadEntry, type BatchTask, type EntryEnd } from "./upload-entry.ts";
import { Watch } from "./watch.ts";

/** Of {@link uploadBatch}. Durations in milliseconds. */
export interface BatchOptions {
  /**
   * Where the result of each entry is kept; beside it lie `FILE.lock` and, of unfinished uploads, `FILE.state`.
   * @defaultValue the source's path with `.journal`; a stream needs one
   */
  readonly journal?: string | undefined;
  /** Options of every entry that says nothing else. */
  readonly defaults?: UploadOptions | undefined;
  /** Uploads at the same time, 1 to 100. @defaultValue 8, and up to 24 more of files up to 8 MiB */
  readonly files?: number | undefined;
  /** Globs of the files, or of the sources of a manifest, that are taken. @defaultValue all */
  readonly include?: readonly string[] | undefined;
  /** Globs of those that are not, and of folders. */
  readonly exclude?: readonly string[] | undefined;
  /** What happens to files that were changed since they were uploaded. @defaultValue "fail" */
  readonly changed?: ChangedPolicy | undefined;
  /** Files written to less than this ago are left for a later run. @defaultValue 0; with `watch` 10000 */
  readonly minAgeMs?: number | undefined;
  /** An entry ends when its media can be found and its task flow, if any, has succeeded. @defaultValue false */
  readonly wait?: boolean | undefined;
  /** Of a folder: upload what arrives, until `signal` aborts; then this is no failure. @defaultValue false */
  readonly watch?: boolean | undefined;
  /** Never remove parts that were sent. @defaultValue false */
  readonly keepParts?: boolean | undefined;
  /** Stops the batch; what was begun is kept for the next run. */
  readonly signal?: AbortSignal | undefined;
  /** Called whenever something moved. Must not block. */
  readonly onProgress?: ((progress: BatchProgress) => void) | undefined;
  /** Called for each entry that was uploaded in this run. */
  readonly onResult?: ((result: ResultLine) => void) | undefined;
  /** Called for each entry that failed; `error` is what its upload rejected with. */
  readonly onError?: ((failure: ErrorLine, error: unknown) => void) | undefined;
  /** Called for what is worth knowing and no failure; with the entry's `source`, if it is about one. */
  readonly onWarning?: ((warning: { readonly message: string; readonly source?: string }) => void) | undefined;
}

/** By name, see refuseUnknown. */
const optionNames = {
  journal: true,
  defaults: true,
  files: true,
  include: true,
  exclude: true,
  changed: true,
  minAgeMs: true,
  wait: true,
  watch: true,
  keepParts: true,
  signal: true,
  onProgress: true,
  onResult: true,
  onError: true,
  onWarning: true,
} satisfies Record<keyof BatchOptions, true>;

/** How a batch has ended. */
export interface BatchSummary {
  /** Entries, each counted once. */
  readonly total: number;
  /** Uploaded, by earlier runs too. */
  readonly done: number;
  /** Of those, by earlier runs. */
  readonly earlier: number;
  /** Failed in this run. */
  readonly failed: number;
  /** Neither uploaded nor failed: interrupted, too young, or gone. */
  readonly left: number;
  /** Acknowledged in this run. */
  readonly bytes: number;
  /** Milliseconds of this run. */
  readonly durationMs: number;
}

/** Lines of a manifest are wrong, and nothing was sent. */
export class BatchManifestError extends TypeError {
  readonly code = "ERR_INVALID_ARG_VALUE";
  /** The first 20, each with its line and all that is wrong with it. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[], count: number) {
    const more = count > problems.length ? `; and ${count - problems.length} more` : "";
    super(`nothing was sent: ${problems.join("; ")}${more}`);
    this.problems = problems;
  }
}

/**
 * Uploads what a manifest or a folder lists, each entry once, however often it is called: the journal has the result of
 * each, and what was begun is resumed. The same as `vodup batch`, and they can share a journal.
 *
 * @param source path of a manifest (NDJSON, CSV) or of a folder, or a stream of a manifest, whose relative paths are
 * relative to the working directory
 * @returns when every entry has ended; entries that fail are told to `onError` and counted, and end nothing else, but
 * for ten in a row (or as many as are in hand) that are refused for their key or reach nobody: then the rest is `left`
 * @throws BatchManifestError; TypeError, RangeError `ERR_INVALID_ARG_VALUE`; SourceError when the manifest cannot be
 * read; CheckpointError `CHECKPOINT_LOCKED` when another process is at the same batch; after an abort the signal's
 * `reason`
 * @example
 * const summary = await uploadBatch(vod, "films.csv", { onResult: ({ source, fileId }) => save(source, fileId) });
 */
export async function uploadBatch(
  client: VodClient,
  source: string | Readable,
  options: BatchOptions = {},
): Promise<BatchSummary> {
  checkBatchOptions(source, options);
  const { defaults = {}, signal = new AbortController().signal } = options;
  const choice = await readChoice(options.include ?? [], options.exclude ?? []);
  const [path, input] = typeof source === "string" ? [source, undefined] : ["-", source];
  const note = (message: string): void => options.onWarning?.({ message });
  const list = await openBatch({ path, input, defaults, choice, note, signal });
  try {
    if (options.watch === true && list.kind !== "folder") throw invalidArgument("watch", "needs a folder", path);
    const journalPath = resolve(options.journal ?? `${list.path}.journal`);
    const held = await lock(lockOf(journalPath), list.title);
    try {
      const journal = await Journal.open(
        journalPath,
        { manifest: list.path, destination: { ...client.destination } },
        held,
      );
      try {
        const rules = {
          changed: options.changed ?? "fail",
          minAgeMs: options.minAgeMs ?? (options.watch === true ? 10_000 : 0),
          wait: options.wait,
        };
        const batch = new Batch(list, journal, rules);
        const survey = await batch.survey(signal);
        if (survey.problemCount > 0) throw new BatchManifestError(survey.problems, survey.problemCount);
        const state = await BatchState.open(stateOf(journalPath), held, (key) => batch.isDone(key));
        try {
          const tally = new Tally({ ...survey, failed: survey.uncertain });
          const task = taskOf(client, options, { batch, journal, state, tally, changed: rules.changed, signal });
          const watch = options.watch === true ? new Watch(list, rules.minAgeMs) : undefined;
          await send(batch, task, { watch, files: options.files, signal, note });
          return summaryOf(tally);
        } finally {
          await state.close();
        }
      } finally {
        await journal.close();
      }
    } finally {
      await held.release();
    }
  } finally {
    await list.close();
  }
}

interface Parts {
  readonly batch: Batch;
  readonly journal: Journal;
  readonly state: BatchState;
  readonly tally: Tally;
  readonly changed: ChangedPolicy;
  readonly signal: AbortSignal;
}

function taskOf(client: VodClient, options: BatchOptions, parts: Parts): BatchTask {
  const { batch, tally, signal } = parts;
  return {
    ...parts,
    client,
    defaults: options.defaults ?? {},
    keepParts: options.keepParts === true,
    wait: options.wait === true,
    report: undefined,
    news: {
      progress: () => options.onProgress?.(tally.progress()),
      warning: (source, { message }) => options.onWarning?.({ source, message }),
      ended: async (line, error) => {
        if (line.type === "result") options.onResult?.(line);
        else options.onError?.(line, error);
      },
    },
    judge: (error) => verdictOf(error, signal),
    describe: errorFields,
    isChanged: (key) => batch.isChanged(key),
    unprocessed: (key) => batch.unprocessed(key),
    uploaded: (key, seen) => batch.uploaded(key, seen),
  };
}

interface Sending {
  readonly watch: Watch | undefined;
  readonly files: number | undefined;
  readonly signal: AbortSignal;
  readonly note: (message: string) => void;
}

async function send(batch: Batch, task: BatchTask, { watch, files, signal, note }: Sending): Promise<void> {
  const inHand = files === undefined ? InHand.preset() : new InHand(files, 0);
  const inVain = new InVain(inHand.mostEver);
  const ended = ({ key }: BatchEntry, end: EntryEnd | undefined): void => {
    if (end !== undefined) inVain.ended(end);
    if (watch === undefined || end?.failed !== true || task.judge(end.error) !== "passing") return;
    batch.again(key);
    watch.again(key);
    task.tally.again();
  };
  const work = async (entry: BatchEntry, own: AbortSignal): Promise<Rest | undefined> => {
    const end = await uploadEntry(task, entry, own);
    if (typeof end === "function") return async (rest) => ended(entry, await end(rest));
    ended(entry, end);
    return undefined;
  };
  try {
    if (watch === undefined) await batch.run(inHand, signal, () => !inVain.isRefused && !inVain.isUnreached, work);
    else {
      const onFound = (): void => task.tally.found();
      await batch.watch(inHand, { watch, signal, goOn: () => !inVain.isRefused, onFound, work });
    }
  } catch (error) {
    if (watch === undefined || !signal.aborted || error !== signal.reason) throw error;
  }
  const why = inVain.isRefused ? "were refused" : "reached nobody";
  if (inVain.isRefused || (watch === undefined && inVain.isUnreached))
    note(`${inVain.most} entries in a row ${why}, so the rest was not tried`);
}

function summaryOf(tally: Tally): BatchSummary {
  const { total, done } = tally.progress();
  const { failed, left, bytes, durationMs } = tally;
  return { total, done, earlier: done - tally.doneNow, failed, left, bytes, durationMs };
}

/** Codes that say nothing against another try, though the request itself is not repeated. */
const passing: ReadonlySet<string> = new Set(["CERTIFICATE_EXPIRED", "TIMEOUT", "CHECKPOINT_LOCKED"]);

function verdictOf(error: unknown, signal: AbortSignal): Verdict {
  if ((signal.aborted && error === signal.reason) || error instanceof RecordError) return "passing";
  if (error instanceof VodupError) return error.retryable || passing.has(error.code) ? "passing" : "final";
  return error instanceof Error && "code" in error && error.code === "ERR_INVALID_ARG_VALUE" ? "mistake" : "final";
}

function errorFields(error: unknown): ErrorFields {
  const { code, message, requestId, retryable } = error as Partial<ErrorFields>;
  return {
    code: code ?? "UNKNOWN",
    message: message ?? String(error),
    requestId: requestId ?? null,
    retryable: retryable === true,
  };
}

function checkBatchOptions(source: unknown, options: BatchOptions): void {
  refuseUnknown("", options, optionNames);
  const isStream = typeof source === "object" && source !== null && Symbol.asyncIterator in source;
  if (!isStream && (typeof source !== "string" || source === "" || source === "-")) {
    throw invalidArgument("source", "must be the path of a manifest or folder, or a stream of a manifest", source);
  }
  if (isStream && options.journal === undefined) {
    throw invalidArgument("journal", "must be given with a stream, which has no path to keep it beside");
  }
  const { files, minAgeMs, changed } = options;
  if (files !== undefined && (!Number.isSafeInteger(files) || files < 1 || files > 100)) {
    throw outOfRange("files", "must be an integer from 1 to 100", files);
  }
  if (minAgeMs !== undefined && !(minAgeMs >= 0)) throw outOfRange("minAgeMs", "must be milliseconds", minAgeMs);
  if (changed !== undefined && !["fail", "upload", "ignore"].includes(changed)) {
    throw invalidArgument("changed", "must be fail, upload or ignore", changed);
  }
}
