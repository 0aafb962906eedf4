import type { AllowRedirect } from "vodup";
import type { UploadJob } from "./upload-queue.ts";
import { realpath } from "node:fs/promises";
import { isAbsolute, relative, resolve, sep } from "node:path";
import { UnrecoverableError } from "bullmq";
import { SourceError } from "vodup";

/**
 * What a worker takes. Everybody who can write to Redis can add jobs, and a worker can read more than they may: it takes
 * only what is named here.
 */
export interface AdmissionOptions {
  /**
   * Folders, as full paths. A file is taken when it lies below one of them, symbolic links resolved.
   * @defaultValue none: no file is taken, unless `accept` stands alone
   */
  readonly roots?: readonly string[] | undefined;
  /**
   * Hosts of URLs, such as `media.example.com`, `*.example.com`, `127.0.0.1:8080`, or `*` for all. A port other than
   * the scheme's own must be named.
   * @defaultValue none: no URL is taken, unless `accept` stands alone
   */
  readonly hosts?: readonly string[] | undefined;
  /**
   * Asked for each source and cover that `roots` and `hosts` let pass; where neither is given, it decides alone. Answers
   * true to take it; false, or a text that says why, fails the job for good. What it throws is tried again as any failure
   * that passes.
   */
  readonly accept?: Accept | undefined;
}

/** @param source a full path, or an http(s) URL */
export type Accept = (source: string | URL, job: UploadJob) => boolean | string | Promise<boolean | string>;

/** Gives a source as `VodClient.upload` takes it. @throws UnrecoverableError `SOURCE_REFUSED`; SourceError */
export type Admit = (text: unknown, job: UploadJob) => Promise<string | URL>;

/** @throws TypeError when nothing at all would be taken, or a list is malformed */
export function admission({ roots, hosts, accept }: AdmissionOptions): Admit {
  if (roots === undefined && hosts === undefined && accept === undefined) {
    throw new TypeError("name what this worker may upload: roots (folders), hosts (of URLs), or accept (a function)");
  }
  const wrong = roots?.find((root) => !isAbsolute(root)) ?? hosts?.find((host) => !hostForm.test(host));
  if (wrong !== undefined)
    throw new TypeError(`neither the full path of a folder nor a host: ${JSON.stringify(wrong)}`);

  const hasLists = roots !== undefined || hosts !== undefined;
  return async (text, job) => {
    const source = sourceOf(text);
    const isUrl = source instanceof URL;
    if (hasLists) {
      const passes = isUrl ? isOneOf(source.host, hosts ?? []) : await isBelow(source, roots ?? []);
      const remedy = isUrl
        ? "its host is not one of this worker's hosts"
        : "it is not below one of this worker's roots";
      if (!passes) throw refused(source, remedy);
    }
    const verdict = (await accept?.(source, job)) ?? true;
    if (verdict !== true) throw refused(source, verdict === false ? "accept() answered false" : verdict);
    return source;
  };
}

/** A host with an optional port, a star in front of a dot for all below it, or a star alone. */
const hostForm = /^(?:\*|(?:\*\.)?[\w.-]+(?::\d+)?|\[[\da-f:]+\](?::\d+)?)$/i;

function sourceOf(text: unknown): string | URL {
  if (typeof text === "string" && /^https?:\/\//i.test(text)) {
    if (URL.canParse(text)) return new URL(text);
    throw new UnrecoverableError("SOURCE_REFUSED: the source begins like a URL and is not one");
  }
  if (typeof text === "string" && isAbsolute(text) && !text.includes("\0")) return resolve(text);
  throw new UnrecoverableError("SOURCE_REFUSED: a source must be a full path or an http(s) URL");
}

function isOneOf(host: string, hosts: readonly string[]): boolean {
  return hosts.some((each) => {
    const allowed = each.toLowerCase();
    return allowed === "*" || allowed === host || (allowed.startsWith("*.") && host.endsWith(allowed.slice(1)));
  });
}

/**
 * The same list for redirects, for the `allowRedirect` of a worker's `VodClient`: a URL then leads only to where a job
 * could name one itself.
 * @returns undefined, which is vodup's own rule (from a public host to no internal address), without hosts and for `*`
 */
export function redirectsWithin(hosts: readonly string[] | undefined): AllowRedirect | undefined {
  if (hosts === undefined || hosts.includes("*")) return undefined;
  return ({ to }) => isOneOf(to.host, hosts);
}

/** By its text first: what lies elsewhere is not even looked for. */
async function isBelow(path: string, roots: readonly string[]): Promise<boolean> {
  const found = await Promise.all(roots.map((root) => realpath(root).catch(() => undefined)));
  const real = found.filter((root) => root !== undefined);
  if (![...roots, ...real].some((root) => contains(root, path))) return false;
  const target = await realpath(path).catch((cause: unknown) => {
    throw notFound(path, cause as NodeJS.ErrnoException);
  });
  return real.some((root) => contains(root, target));
}

function contains(root: string, path: string): boolean {
  const way = relative(root, path);
  return way !== "" && way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/** Codes of a path that another try cannot find; any other, such as ESTALE, may pass. */
const final = new Set(["EACCES", "EPERM", "ELOOP", "ENAMETOOLONG"]);

function notFound(path: string, cause: NodeJS.ErrnoException): Error {
  if (cause.code === "ENOENT" || cause.code === "ENOTDIR")
    return new SourceError("SOURCE_NOT_FOUND", `${path} does not exist; check the path on this worker`, { cause });
  const retryable = !final.has(cause.code ?? "");
  return new SourceError("SOURCE_UNREADABLE", `${path} cannot be read: ${cause.message}`, { cause, retryable });
}

function refused(source: string | URL, why: string): UnrecoverableError {
  const shown = source instanceof URL ? source.origin + source.pathname : source;
  return new UnrecoverableError(`SOURCE_REFUSED: ${shown}: ${why}`);
}
