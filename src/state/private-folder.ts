import { constants } from "node:fs";
import { lstat, mkdir, open, realpath } from "node:fs/promises";
import { dirname } from "node:path";
import { systemCode } from "../reason-of.ts";

/**
 * Opens a folder for its owner only: checkpoints hold the keys of unfinished uploads. Its owner and mode are looked at
 * before anything is made of what is in there, as sshd does with its keys: what others can write to, others have
 * written.
 *
 * @param mayBeLink whether a symbolic link of the user's own is followed: the user's own directory may be on another
 * disk, but beside a file in a folder that others share, a link was put there by somebody
 * @throws Error saying what is wrong, and what to do
 */
export async function openPrivateFolder(path: string, mayBeLink: boolean): Promise<void> {
  await makeFolder(path);
  const link = await lstat(path);
  if (link.isSymbolicLink() && !(mayBeLink && isOwn(link.uid))) {
    throw new Error(`${path} is a symbolic link, which is not followed; remove it`);
  }
  if (!link.isSymbolicLink() && !link.isDirectory()) throw new Error(`${path} is not a directory; remove it`);
  const handle = await open(await realpath(path), constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    const { uid, mode } = await handle.stat();
    if (!isOwn(uid))
      throw new Error(`${path} belongs to another user (uid ${uid}); it cannot hold the state of uploads`);
    if ((mode & 0o022) !== 0 && process.platform !== "win32") {
      const octal = (mode & 0o777).toString(8);
      throw new Error(`${path} can be written to by others (mode ${octal}); look at what is in there, then: chmod 700`);
    }
    if ((mode & 0o077) !== 0) await handle.chmod(0o700);
  } finally {
    await handle.close();
  }
}

function isOwn(uid: number): boolean {
  const own = process.geteuid?.();
  return own === undefined || uid === own;
}

/** Not by `recursive`: below a folder that can hold nothing, such as /proc, Node's never returns. */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if (systemCode(error) === "EEXIST") return;
    const parent = dirname(path);
    if (systemCode(error) !== "ENOENT" || parent === path) throw error;
    await makeFolder(parent);
    await mkdir(path, { mode: 0o700 }).catch((second: unknown) => {
      if (systemCode(second) !== "EEXIST") throw second;
    });
  }
}
