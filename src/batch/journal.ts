import { constants, fstatSync, ftruncateSync, writeFileSync } from "node:fs";
import { lstat, open, readFile, readdir, stat, type FileHandle } from "node:fs/promises";
import { basename } from "node:path";
import type { Line } from "./lines.ts";
import type { OutcomeLine } from "./records.ts";
import { invalidArgument } from "../errors.ts";
import { openError } from "../upload/source/open.ts";
import { LongLineError, readLines } from "./lines.ts";
import { RecordError, isUncertain } from "./records.ts";
import { isJsonObject } from "../json.ts";

/** What a journal belongs to: its first line. */
export interface JournalOwner {
  /** Absolute path of the manifest or folder. */
  readonly manifest: string;
  /** Where the uploads go; two that differ share no result. */
  readonly destination: Readonly<Record<string, string | null>>;
}

/** A line of the journal but its first: how an entry ended. */
export type JournalRecord =
  | (OutcomeLine & { readonly key: string; readonly seen?: unknown; readonly processed?: boolean })
  /** The task flow of a result with `processed: false` has succeeded. */
  | { readonly type: "processed"; readonly key: string; readonly source: string }
  /** `changed`: the result before is of an older content, the next is of this one. `same`: read and compared. */
  | { readonly type: "changed" | "same"; readonly key: string; readonly source: string; readonly seen?: unknown };

/** The folder of what the batch of a journal has begun. */
export function stateOf(journal: string): string {
  return `${journal}.state`;
}

/** The file that a process at work has to itself. */
export function lockOf(journal: string): string {
  return `${journal}.lock`;
}

/** A link that somebody puts there meanwhile is not followed. */
const appending = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | (constants.O_NOFOLLOW ?? 0);

const kind = { type: "journal", version: 1 } as const;

/** How often it is looked at again when it has changed while it was opened. */
const mostLooks = 5;

/**
 * The result of each entry, one JSON object a line, only ever appended to. A line counts once it is on the disk with
 * its line feed: what a crash has cut off never happened.
 */
export class Journal {
  readonly #path: string;
  readonly #handle: FileHandle | undefined;
  /** Bytes of whole lines. */
  readonly #size: number;
  #waiting: string[] = [];
  #flushing: Promise<void> | undefined;

  readonly #held: { check(): Promise<void> } | undefined;

  private constructor(path: string, size: number, handle?: FileHandle, held?: { check(): Promise<void> }) {
    this.#path = path;
    this.#size = size;
    this.#handle = handle;
    this.#held = held;
  }

  /**
   * Opens or begins a journal. One process at a time: locking is the caller's.
   * @param held the lock, which is checked before each write; what it throws is thrown by `append`
   * @throws TypeError `ERR_INVALID_ARG_VALUE` when the file is no journal, or another one's
   * @throws SourceError `SOURCE_UNREADABLE`; RecordError
   */
  static async open(path: string, owner: JournalOwner, held?: { check(): Promise<void> }, looks = 1): Promise<Journal> {
    const found = await checkJournal(path, owner);
    let handle: FileHandle | undefined;
    try {
      handle = await open(path, appending, 0o600);
      await held?.check();
      if (repair(handle.fd, found, owner)) {
        await handle.sync();
        return new Journal(path, found.whole, handle, held);
      }
    } catch (cause) {
      await handle?.close();
      if (!isSystemError(cause)) throw cause;
      throw new RecordError(path, cause);
    }
    await handle.close();
    if (looks === mostLooks) throw new RecordError(path, new Error("another process writes to it"));
    return Journal.open(path, owner, held, looks + 1);
  }

  /** As {@link open}, but nothing is written; a journal that is not there is an empty one. */
  static async look(path: string, owner: JournalOwner): Promise<Journal> {
    return new Journal(path, (await checkJournal(path, owner)).whole);
  }

  /**
   * What earlier runs have written.
   * @throws TypeError `ERR_INVALID_ARG_VALUE` for a line that is none of a journal: to pass over it might upload twice
   */
  async *records(): AsyncGenerator<JournalRecord> {
    let first: string | undefined;
    for await (const line of readLines(this.#path, this.#size)) {
      first ??= line.text;
      // Again where two processes began it at once.
      if (line.text === first) continue;
      const record = parseRecord(line);
      if (record === undefined) {
        const remedy = "fix the line, or remove it if its upload may be repeated";
        throw invalidArgument("journal", `${this.#path} line ${line.number} is not a line of a journal; ${remedy}`);
      }
      yield record;
    }
  }

  /** @returns when the line is on the disk; many at once share one write @throws RecordError */
  async append(record: JournalRecord): Promise<void> {
    this.#waiting.push(`${JSON.stringify(record)}\n`);
    // What comes while a write is under way goes with the next one.
    const after = this.#flushing ?? Promise.resolve();
    this.#next ??= after.then(() => this.#flush());
    return this.#next;
  }

  #next: Promise<void> | undefined;

  #flush(): Promise<void> {
    const text = this.#waiting.join("");
    this.#waiting = [];
    this.#next = undefined;
    this.#flushing = this.#write(text);
    return this.#flushing;
  }

  async #write(text: string): Promise<void> {
    await this.#held?.check();
    try {
      await this.#handle?.appendFile(text);
      await this.#handle?.datasync();
    } catch (cause) {
      throw new RecordError(this.#path, cause);
    }
  }

  async close(): Promise<void> {
    await this.#handle?.close();
  }
}

/** Bytes of a journal, and of its whole lines; both 0 when there is none yet. */
interface Extent {
  readonly size: number;
  readonly whole: number;
}

/**
 * Cuts off what a crash has left of a line, and writes the first one where it is missing. At once, so that nobody else
 * appends meanwhile: a process that was stopped since it looked would cut off what its successor has written.
 * @returns false when the journal is no longer as it was found
 */
function repair(file: number, { size, whole }: Extent, owner: JournalOwner): boolean {
  if (fstatSync(file).size !== size) return false;
  if (whole < size) ftruncateSync(file, whole);
  if (whole === 0) writeFileSync(file, `${JSON.stringify({ ...kind, ...owner })}\n`);
  return true;
}

async function checkJournal(path: string, owner: JournalOwner): Promise<Extent> {
  try {
    const found = await lstat(path);
    if (found.isSymbolicLink()) {
      const why = `${path} is a symbolic link, which is not followed; remove it, or name its target with --journal`;
      throw invalidArgument("journal", why);
    }
    if (!found.isFile()) throw notAJournal(path);
    if (found.nlink > 1 && process.platform !== "win32") {
      const why = `${path} has another name as well (a hard link), so that another file would be written to; remove it`;
      throw invalidArgument("journal", why);
    }
    const { size } = found;
    const { first, whole } = await survey(path, size);
    if (whole === 0) {
      // The very first write was cut off; anything else that has no line feed is not ours to write into.
      const begun = JSON.stringify(kind).slice(0, -1);
      const text = size > 65_536 ? undefined : await readFile(path, "utf8");
      const isBegun = text !== undefined && !text.includes("\n") && (text.startsWith(begun) || begun.startsWith(text));
      if (isBegun) return { size, whole };
      throw notAJournal(path);
    }
    const header = readHeader(path, first);
    await checkManifest(path, header, owner);
    const elsewhere = otherPlace(path, header, owner);
    if (elsewhere === undefined) return { size, whole };
    if (await holdsNothing(path, whole)) return { size, whole: 0 };
    throw elsewhere;
  } catch (error) {
    if (error instanceof LongLineError) throw notAJournal(path);
    if (!isSystemError(error)) throw error;
    if (error.code === "ENOENT") return { size: 0, whole: 0 };
    throw openError(path, error);
  }
}

async function survey(path: string, size: number): Promise<{ first: string | undefined; whole: number }> {
  let first: string | undefined;
  for await (const { number, text, torn } of readLines(path, size)) {
    if (number === 1 && !torn) first = text;
    break;
  }
  return { first, whole: first === undefined ? 0 : await afterLastLineFeed(path, size) };
}

async function afterLastLineFeed(path: string, size: number): Promise<number> {
  const handle = await open(path, "r");
  try {
    const buffer = Buffer.alloc(65_536);
    for (let end = size; end > 0; end -= buffer.length) {
      const from = Math.max(0, end - buffer.length);
      const { bytesRead } = await handle.read(buffer, 0, end - from, from);
      const at = buffer.subarray(0, bytesRead).lastIndexOf(0x0a);
      if (at !== -1) return from + at + 1;
    }
    return 0;
  } finally {
    await handle.close();
  }
}

function readHeader(path: string, first: string | undefined): Partial<JournalOwner> & { readonly manifest: string } {
  const header = parseObject<JournalOwner & typeof kind>(first);
  const manifest = header?.manifest;
  if (header?.type !== kind.type || typeof manifest !== "string") throw notAJournal(path);
  if (header.version !== kind.version) {
    throw invalidArgument("journal", `${path} is of another version of vodup; resume with that version`);
  }
  return { ...header, manifest };
}

const remedy = "give this batch a journal of its own: --journal FILE";

/** @returns what is wrong with a journal of uploads to another place */
function otherPlace(path: string, header: Partial<JournalOwner>, owner: JournalOwner): Error | undefined {
  const shown = (text: string | null): string => text ?? "the default";
  for (const [name, value] of Object.entries(owner.destination)) {
    const other = (header.destination ?? {})[name] ?? null;
    if (other === value) continue;
    const places = `${name}: ${shown(other)}, now ${shown(value)}`;
    return invalidArgument("journal", `${path} is of uploads to another place (${places}); ${remedy}`);
  }
  return undefined;
}

/** Whether nothing was uploaded, and nothing is kept to go on from: who forgot --sub-app-id just adds it. */
async function holdsNothing(path: string, size: number): Promise<boolean> {
  let first: string | undefined;
  for await (const line of readLines(path, size)) {
    first ??= line.text;
    if (line.text === first) continue;
    const record = parseRecord(line);
    if (record === undefined || record.type !== "error" || isUncertain(record)) return false;
  }
  const kept = await readdir(stateOf(path)).catch(() => []);
  return kept.length === 0;
}

async function checkManifest(path: string, header: { readonly manifest: string }, owner: JournalOwner): Promise<void> {
  if (header.manifest === owner.manifest) return;
  // A manifest may be moved, together with its files; but one that is still where it was is another one.
  const moved = basename(header.manifest) === basename(owner.manifest) && !(await exists(header.manifest));
  if (!moved) {
    const copied = `if this one is its copy, change "manifest" in the journal's first line to resume`;
    throw invalidArgument("journal", `${path} belongs to ${header.manifest}; ${remedy}, or ${copied}`);
  }
}

function notAJournal(path: string): Error {
  return invalidArgument("journal", `${path} exists and is not a journal; choose another file with --journal`);
}

function parseRecord({ text }: Line): JournalRecord | undefined {
  const value = parseObject<Record<string, unknown>>(text);
  const { key, type, source } = value ?? {};
  if (typeof key !== "string" || !/^[0-9a-f]{32}$/.test(key) || typeof source !== "string") return undefined;
  if (type === "result") return typeof value?.["fileId"] === "string" ? (value as unknown as JournalRecord) : undefined;
  if (type === "changed" || type === "same" || type === "processed") return value as unknown as JournalRecord;
  return type === "error" && typeof value?.["code"] === "string" ? (value as unknown as JournalRecord) : undefined;
}

/** An object whose fields are still to be checked. */
function parseObject<T extends object>(text: string | undefined): Partial<T> | undefined {
  try {
    const value: unknown = JSON.parse(text ?? "");
    return isJsonObject(value) ? (value as Partial<T>) : undefined;
  } catch {
    return undefined;
  }
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error;
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
