import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { crc64OfFile, fileIdentity } from "../upload/source/file.ts";
import type { SourceIdentity } from "../upload/source/source.ts";
import type { BatchEntry } from "./entry.ts";

/**
 * What the files of an entry were known by when they were uploaded, in 16 hexadecimal digits: eight of sizes and dates,
 * eight of what moves with a chmod or a link as well. Undefined where there is no file, but a URL.
 */
export function seenOf(identities: readonly (SourceIdentity | undefined)[]): string | undefined {
  const files = identities.filter((identity) => identity?.kind === "file");
  if (files.length === 0) return undefined;
  const content = files.map((identity) => [identity?.size, identity?.modified]);
  const stamps = files.map((identity) => identity?.stamp);
  return digest(content) + digest(stamps);
}

/** The same of the files as they are now; undefined when one of them is gone, too. */
export function lookAt({ source, options }: BatchEntry): string | undefined {
  const paths = [source, options.cover].filter((path) => path !== undefined && !/^https?:/i.test(path));
  // At once: a thousand looks through the thread pool take longer than a thousand looks, and nothing else waits here.
  const stats = paths.map((path) => statSync(path ?? "", { bigint: true, throwIfNoEntry: false }));
  return stats.includes(undefined) ? undefined : seenOf(stats.map((found) => found && fileIdentity(found)));
}

/** Whether a file was written to less than `leastMs` ago. A URL, an unreadable folder, and what is gone was not. */
export function isYoung({ source }: BatchEntry, leastMs: number): boolean {
  if (leastMs === 0 || /^https?:/i.test(source)) return false;
  const found = statSync(source, { throwIfNoEntry: false });
  if (found?.isFile() !== true) return false;
  // A time of writing that is still to come is its author's or a camera's; the file system's own then says more.
  const now = Date.now();
  return now - (found.mtimeMs > now ? found.ctimeMs : found.mtimeMs) < leastMs;
}

/** Whether the content of an entry's media is the one of its result. */
export async function isSameContent({ source }: BatchEntry, crc64: unknown): Promise<boolean> {
  return crc64OfFile(source).then(
    (now) => now === crc64,
    () => true,
  );
}

function digest(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 8);
}
