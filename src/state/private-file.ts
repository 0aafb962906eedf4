import { constants, type Stats } from "node:fs";
import { open, rename, stat, unlink, type FileHandle } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { systemCode } from "../reason-of.ts";

/** Bytes of a checkpoint or lock: that of a tree of 200,000 files has less than half of it. */
const mostBytes = 128 * 2 ** 20;

/** Not blocking: a pipe that somebody put there would wait for its writer. */
const reading = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/**
 * Reads a file; undefined when there is none.
 * @throws Error when it is no file, or larger than any of ours; what the file system says
 */
export async function readIfThere(path: string): Promise<string | undefined> {
  return readWith(path, reading, () => undefined);
}

/**
 * As {@link readIfThere}, of a file that only its owner may have written: what it holds decides where keys are sent.
 * @throws Error as well when it is a link, no file, or another user's
 */
export async function readOwn(path: string): Promise<string | undefined> {
  return readWith(path, reading | (constants.O_NOFOLLOW ?? 0), ({ uid, mode, nlink }) => {
    const own = process.geteuid?.();
    if (own !== undefined && uid !== own) throw new Error(`${path} belongs to another user (uid ${uid})`);
    if (process.platform === "win32") return;
    if ((mode & 0o022) !== 0) throw new Error(`${path} can be written to by others; look at it, then: chmod 600`);
    // Another file of this user's, which somebody has given this name.
    if (nlink > 1) throw new Error(`${path} has another name as well (a hard link); look at it and remove it`);
  });
}

async function readWith(path: string, flags: number, check: (found: Stats) => void): Promise<string | undefined> {
  const handle = await open(path, flags).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw systemCode(error) === "ELOOP" ? new Error(`${path} is a symbolic link, which is not followed`) : error;
  });
  try {
    if (handle === undefined) return undefined;
    const found = await handle.stat();
    if (!found.isFile()) throw new Error(`${path} is not a regular file`);
    if (found.size > mostBytes) throw new Error(`${path} has more than ${mostBytes / 2 ** 20} MiB: it is not vodup's`);
    check(found);
    return await handle.readFile("utf8");
  } finally {
    await handle?.close();
  }
}

/**
 * Replaces a file's content at once: a reader, after a crash too, finds the old text or the new one, whole.
 * Readable by its owner only. One writer at a time (see lock.ts).
 * @param check asked last, when only the file's place is still to be taken: what it throws leaves the old text
 */
export async function replaceFile(path: string, text: string, check?: () => Promise<void>): Promise<void> {
  const temporary = beside(path);
  const handle = await createFresh(temporary);
  try {
    await handle.writeFile(text);
    await handle.sync();
    await check?.();
  } catch (error) {
    // Another process may have begun one of the same name meanwhile.
    if (await isStill(temporary, handle)) await unlinkIfThere(temporary);
    throw error;
  } finally {
    await handle.close();
  }
  await rename(temporary, path);
}

/** Whether a path still leads to an open file. */
async function isStill(path: string, handle: FileHandle): Promise<boolean> {
  const [own, there] = await Promise.all([handle.stat(), stat(path).catch(() => undefined)]);
  return own.dev === there?.dev && own.ino === there.ino;
}

/** Removes a file, and what a crash while it was replaced may have left. */
export async function removeFile(path: string): Promise<void> {
  await unlinkIfThere(beside(path));
  await unlinkIfThere(path);
}

/** As `rm` with `force`, at a fraction of its cost: that one looks first whether it is to walk a folder. */
export async function unlinkIfThere(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

/** What a crash left there may be somebody's link: it is removed, never written through. */
async function createFresh(path: string): Promise<FileHandle> {
  try {
    return await open(path, "wx", 0o600);
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error;
    await unlink(path);
    return open(path, "wx", 0o600);
  }
}

/** In the same folder, since a rename does not cross file systems. */
function beside(path: string): string {
  return join(dirname(path), `.${basename(path)}.new`);
}

export function isMissing(error: unknown): boolean {
  return systemCode(error) === "ENOENT";
}
