import { createHash } from "node:crypto";
import { basename, isAbsolute, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import type { UploadOptions } from "../upload/options.ts";
import { invalidArgument } from "../errors.ts";
import { applyFields } from "../upload/apply-fields.ts";
import { checkOptions } from "../upload/options.ts";
import { fieldNames, readField, type EntryOptions } from "./entry-fields.ts";

/** One upload of a batch. */
export interface BatchEntry {
  /** The source as the manifest has it, or a path below the folder: what report and messages call it. */
  readonly name: string;
  /** An absolute path, or a URL. */
  readonly source: string;
  readonly options: EntryOptions;
  /** 32 hexadecimal digits, the same in every run: source and options, as far as they make the media what it is. */
  readonly key: string;
}

/** How an upload is made, and not what comes of it: who tunes them must not get every media twice. */
const transferOptions: ReadonlySet<string> = new Set([
  "partSize",
  "concurrency",
  "sessionRefresh",
  "requireCrc64",
  "offlineManifest",
]);

/**
 * Reads and checks one entry.
 * @param fields by their names; undefined, null and (in CSV) empty ones are not given
 * @param folder what relative paths are relative to
 * @param defaults options of the whole batch, checked already
 * @param isOver whether an entry is not sent any more, so that its expireTime may have passed
 * @throws TypeError, RangeError `ERR_INVALID_ARG_VALUE`, `field: what is wrong`
 */
export function readEntry(
  fields: Readonly<Record<string, unknown>>,
  folder: string,
  defaults: UploadOptions,
  now: number,
  isOver: (key: string) => boolean,
): BatchEntry {
  const { source: name, ...given } = fields;
  const wrong = new Mistakes();
  const source = wrong.collect("source", () => {
    if (typeof name !== "string" || name === "") throw invalidArgument("source", "must be a path or a URL", name);
    return locate("source", name, folder);
  });
  const options: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(given)) {
    if (value === undefined || value === null) continue;
    wrong.collect(field, () => {
      const read = readField(field, value);
      options[field] = field === "cover" ? locate(field, String(read), folder) : read;
    });
  }
  const key = keyOf(source ?? "", options, folder);
  const at = isOver(key) ? 0 : now;
  wrong.collectEach(options, (some) => checkOptions(some, at));
  if (source !== undefined) checkTypes(wrong, source, { ...defaults, ...options }, options["cover"]);
  wrong.throwAny();
  return { name: String(name), source: source ?? "", options, key };
}

/** All that is wrong with an entry, the first of each field: a line is corrected once, not mistake by mistake. */
class Mistakes {
  readonly #found = new Map<string, Error>();

  collect<T>(field: string, read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ERR_INVALID_ARG_VALUE")) throw error;
      if (!this.#found.has(field)) this.#found.set(field, error);
      return undefined;
    }
  }

  /** All at once, since nearly every entry is right; one by one only to say which are not. */
  collectEach(options: Readonly<Record<string, unknown>>, check: (options: object) => void): void {
    try {
      check(options);
    } catch {
      for (const [field, value] of Object.entries(options)) this.collect(field, () => check({ [field]: value }));
    }
  }

  throwAny(): void {
    const [first, ...more] = this.#found.values();
    if (first === undefined) return;
    if (more.length > 0) first.message = [first, ...more].map(({ message }) => message).join("; ");
    throw first;
  }
}

/** An entry that is nothing but a file of a folder. */
export function fileEntry(name: string, path: string, folder: string): BatchEntry {
  return { name, source: path, options: {}, key: keyOf(path, {}, folder) };
}

/** Whether the types of media and cover are given or told by the names of their files. */
function checkTypes(wrong: Mistakes, source: string, options: UploadOptions, cover: unknown): void {
  const { mediaType, coverType } = options;
  // What a URL's file is called is known when it is asked for: redirects and headers may name another.
  const mediaFile = isUrl(source) ? "later.mp4" : basename(source);
  wrong.collect("mediaType", () => applyFields({ mediaType }, mediaFile, undefined, 0));
  const coverFile = typeof cover !== "string" ? undefined : { fileName: isUrl(cover) ? "later.jpg" : basename(cover) };
  wrong.collect("coverType", () => applyFields({ coverType }, "some.mp4", coverFile, 0));
}

/** @returns an absolute path or a URL */
function locate(field: string, text: string, folder: string): string {
  if (!/^[a-z][a-z0-9+.-]+:\/\//i.test(text)) return resolve(folder, text);
  if (/^https?:/i.test(text) && URL.canParse(text)) return new URL(text).href;
  if (/^file:/i.test(text) && URL.canParse(text)) return localPath(field, text);
  // Of an address nothing is repeated: it may hold a key.
  throw invalidArgument(field, "must be a path or an http, https or file URL");
}

function localPath(field: string, text: string): string {
  try {
    return fileURLToPath(text);
  } catch {
    throw invalidArgument(field, "must be a file URL of this machine, such as file:///videos/film.mp4");
  }
}

function keyOf(source: string, options: EntryOptions, folder: string): string {
  const media = fieldNames.flatMap((name) => {
    const value = options[name];
    if (value === undefined || transferOptions.has(name)) return [];
    return [[name, name === "cover" ? portable(String(value), folder) : String(value)]];
  });
  const text = JSON.stringify([portable(source, folder), media]);
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}

/** A manifest may be moved together with its files; what lies beside it is known by where it lies from there. */
function portable(source: string, folder: string): string {
  if (isUrl(source)) return source;
  const path = relative(folder, source);
  const isOutside = path === ".." || path.startsWith(`..${sep}`) || isAbsolute(path);
  return isOutside ? source : path.split(sep).join("/");
}

function isUrl(source: string): boolean {
  return /^https?:\/\//i.test(source);
}
