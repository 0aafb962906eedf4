import { stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import type { Readable } from "node:stream";
import type { UploadOptions } from "../upload/options.ts";
import type { BatchEntry } from "./entry.ts";
import type { Choice } from "./choice.ts";
import type { ManifestRecord } from "./manifest-record.ts";
import { SourceError } from "../errors.ts";
import { checkOptions } from "../upload/options.ts";
import { openError } from "../upload/source/open.ts";
import { everything } from "./choice.ts";
import { fileEntry, readEntry } from "./entry.ts";
import { LongLineError, readLines } from "./lines.ts";
import { spool } from "./spool.ts";

/** An entry, or what is wrong with one: `films.csv line 7: classId: must be an integer`. */
export type Listed = { readonly entry: BatchEntry } | { readonly problem: string };

/** The entries of a manifest or folder, which can be gone through more than once and are never all in memory. */
export interface BatchList {
  readonly kind: "manifest" | "folder";
  /** What messages call it. */
  readonly title: string;
  /** Absolute; beside it lies its journal. */
  readonly path: string;
  /**
   * @param isOver whether an entry is not sent any more: its expireTime may have passed since
   * @throws SourceError `SOURCE_CHANGED` when the manifest is another one than the first time
   */
  entries(isOver?: (key: string) => boolean): AsyncGenerator<Listed>;
  /** Removes what was kept of a manifest that can be read only once. */
  close(): Promise<void>;
}

export interface BatchSource {
  /** The path as the caller has it, or `-`; the files of a folder are called by it. */
  readonly path: string;
  /** What `-` stands for: a manifest, whose relative paths are relative to the working directory. */
  readonly input?: Readable | undefined;
  /** Options of all entries that say nothing else. */
  readonly defaults: UploadOptions;
  /** Which of the entries are taken. @defaultValue all */
  readonly choice?: Choice | undefined;
  /** Told once of each manifest of a folder whose tree cannot be read. */
  readonly note: (text: string) => void;
  /** Ends the reading of `input`. */
  readonly signal: AbortSignal;
}

/**
 * Opens what a batch is made of: a folder, or a manifest, whose form its name tells (`.csv`; `.ndjson`, `.jsonl`,
 * `.json`) or else its first character.
 *
 * @throws SourceError `SOURCE_NOT_FOUND`, `SOURCE_UNREADABLE`
 * @throws TypeError, RangeError `ERR_INVALID_ARG_VALUE` for one of the defaults
 */
export async function openBatch(source: BatchSource): Promise<BatchList> {
  const { path: typed, defaults, input, signal, choice = everything } = source;
  checkOptions(defaults, Date.now());
  if (typed === "-") {
    if (input === undefined) throw onlyOnce("stdin");
    const kept = await spool(input, signal);
    // No file is called so: it is where the journal of what is piped in here lies, and where relative paths begin.
    const list = await manifestList(kept.path, { title: "stdin", place: resolve("stdin"), defaults, choice });
    return { ...list, close: kept.remove };
  }
  const path = resolve(typed);
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw openError(typed, error);
  });
  if (found.isDirectory()) return folderList(source, path);
  if (!found.isFile()) throw onlyOnce(typed);
  return manifestList(path, { title: basename(path), place: path, defaults, choice });
}

interface ManifestWords {
  readonly title: string;
  /** The path that it has for the user: its folder is what relative paths are relative to. */
  readonly place: string;
  readonly defaults: UploadOptions;
  readonly choice: Choice;
}

async function manifestList(path: string, { title, place, defaults, choice }: ManifestWords): Promise<BatchList> {
  const found = await stat(path);
  const opened = { dev: found.dev, ino: found.ino, size: found.size, mtimeMs: found.mtimeMs };
  const folder = dirname(place);
  return {
    kind: "manifest",
    title,
    path: place,
    close: () => Promise.resolve(),
    entries: async function* (isOver = () => false) {
      const now = Date.now();
      await checkSame(path, opened, title);
      try {
        for await (const record of await recordsOf(path, opened.size)) {
          const listed = read(record, (fields) => readEntry(fields, folder, defaults, now, isOver), title);
          if ("problem" in listed || choice.takes(listed.entry.name)) yield listed;
        }
      } catch (error) {
        if (!(error instanceof LongLineError)) throw error;
        yield { problem: `${title} ${error.message}` };
      }
      await checkSame(path, opened, title);
    },
  };
}

function onlyOnce(name: string): SourceError {
  return new SourceError(
    "SOURCE_UNREADABLE",
    `${name} can be read only once; save the manifest into a file, or pipe it into: vodup batch -`,
  );
}

function read(
  record: ManifestRecord,
  entryOf: (fields: Readonly<Record<string, unknown>>) => BatchEntry,
  title: string,
): Listed {
  const place = `${title} line ${record.line}`;
  if ("problem" in record) return { problem: `${place} ${record.problem}` };
  try {
    return { entry: entryOf(record.fields) };
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ERR_INVALID_ARG_VALUE")) throw error;
    return { problem: `${place}: ${error.message}` };
  }
}

async function recordsOf(path: string, size: number): Promise<AsyncIterable<ManifestRecord>> {
  const lines = readLines(path, size);
  const isJson =
    /\.(?:ndjson|jsonl|json)$/i.test(path) || (!/\.csv$/i.test(path) && (await startsWithBrace(path, size)));
  if (isJson) return (await import("./manifest-ndjson.ts")).ndjsonRecords(lines);
  return (await import("./manifest-csv.ts")).csvRecords(lines);
}

async function startsWithBrace(path: string, size: number): Promise<boolean> {
  for await (const { text } of readLines(path, size)) {
    if (text === undefined || text.trim() !== "") return text?.trimStart().startsWith("{") ?? false;
  }
  return false;
}

function folderList({ path: typed, note, choice }: BatchSource, path: string): BatchList {
  const told = new Set<string>();
  const onBroken = (manifest: string): void => {
    if (told.has(manifest)) return;
    told.add(manifest);
    note(`${join(typed, manifest)} cannot be read as a whole, so that nothing else of its folder is taken`);
  };
  return {
    kind: "folder",
    title: typed,
    path,
    close: () => Promise.resolve(),
    entries: async function* () {
      const { mediaFiles } = await import("./folder.ts");
      for await (const name of mediaFiles(path, onBroken, choice)) {
        yield { entry: fileEntry(join(typed, name), join(path, name), path) };
      }
    },
  };
}

/**
 * Lines that were appended meanwhile are no change: they belong to the next run.
 * @throws SourceError `SOURCE_CHANGED`
 */
async function checkSame(
  path: string,
  opened: { readonly dev: number; readonly ino: number; readonly size: number; readonly mtimeMs: number },
  title: string,
): Promise<void> {
  const { dev, ino, size, mtimeMs } = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw openError(path, error);
  });
  const isLonger = size > opened.size;
  if (dev === opened.dev && ino === opened.ino && (isLonger || (size === opened.size && mtimeMs === opened.mtimeMs)))
    return;
  throw new SourceError(
    "SOURCE_CHANGED",
    `${title} was changed while it was read; run again to resume with what is left`,
  );
}
