import { open, readFile, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** Reads a file; undefined when there is none. @throws what the file system says */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/**
 * Replaces a file's content at once: whoever reads it, after a crash too, finds the old text or the new one, whole.
 * Readable by its owner only. One writer at a time (see lock.ts).
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = beside(path);
  // What a crash left there may be somebody's link: it is removed, never written through.
  await rm(temporary, { force: true });
  const handle = await open(temporary, "wx", 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, path);
}

/** Removes a file, and what a crash while it was replaced may have left. */
export async function removeFile(path: string): Promise<void> {
  await rm(beside(path), { force: true });
  await rm(path, { force: true });
}

/** In the same folder, since a rename does not cross file systems. */
function beside(path: string): string {
  return join(dirname(path), `.${basename(path)}.new`);
}

export function isMissing(error: unknown): boolean {
  return codeOf(error) === "ENOENT";
}

export function codeOf(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
}
