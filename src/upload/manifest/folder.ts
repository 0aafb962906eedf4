import type { BigIntStats } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import type { SourceIdentity } from "../source/source.ts";
import { constants } from "node:fs";
import { access, open, readlink, realpath, stat } from "node:fs/promises";
import { basename, dirname, join, resolve, sep } from "node:path";
import { SourceError } from "../../errors.ts";
import { fileIdentity } from "../source/file.ts";
import { mayPass } from "../source/may-pass.ts";
import { openError } from "../source/open.ts";

/** A file of a tree, as it was found. */
export interface LocatedFile {
  /** POSIX, relative to the tree's folder. */
  readonly path: string;
  /** How messages and progress call it. */
  readonly label: string;
  /** Without symbolic links: what is opened later. */
  readonly real: string;
  readonly identity: SourceIdentity & { readonly size: number };
}

/** A file that cannot be uploaded. */
export interface NotLocated {
  readonly flaw: "absent" | "outside" | "unreadable";
  /** In words that follow its name. */
  readonly why: string;
}

/** Nothing that is swapped for a symbolic link or a pipe after it was looked at is followed or waited for. */
const openFlags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * The folder of a manifest: files below it can be opened, and nothing else. A symbolic link is followed as long as it
 * stays inside.
 */
export class ManifestFolder {
  readonly #root: string;
  readonly #shown: string;

  /** @param root without symbolic links @param shown the folder as the caller wrote it */
  private constructor(root: string, shown: string) {
    this.#root = root;
    this.#shown = shown;
  }

  /**
   * The folder that a path lies in, and the path's name in it.
   * @throws SourceError `SOURCE_NOT_FOUND`, `SOURCE_UNREADABLE`
   */
  static async around(path: string): Promise<{ readonly folder: ManifestFolder; readonly name: string }> {
    const full = resolve(path);
    try {
      return { folder: new ManifestFolder(await realpath(dirname(full)), dirname(path)), name: basename(full) };
    } catch (cause) {
      throw openError(path, cause as NodeJS.ErrnoException);
    }
  }

  /**
   * Looks for a file without opening it.
   * @throws SourceError `SOURCE_UNREADABLE` where looking again may help: that is no flaw of the tree
   */
  async locate(path: string): Promise<LocatedFile | NotLocated> {
    try {
      const real = await realpath(join(this.#root, path));
      if (!this.#holds(real)) {
        return { flaw: "outside", why: "is a symbolic link that leads out of the manifest's folder" };
      }
      const stats = await stat(real, { bigint: true });
      if (!stats.isFile()) {
        return { flaw: "unreadable", why: stats.isDirectory() ? "is a folder" : "is not a regular file" };
      }
      await access(real, constants.R_OK);
      return { path, label: join(this.#shown, path), real, identity: fileIdentity(stats) };
    } catch (error) {
      if (mayPass(error)) throw openError(join(this.#shown, path), error as NodeJS.ErrnoException);
      return notLocated(error as NodeJS.ErrnoException);
    }
  }

  /**
   * Opens a file that was located, and makes sure that what was opened is inside and unchanged: others who can write to
   * the tree may have put something else there since.
   * @throws SourceError `SOURCE_CHANGED`, `SOURCE_NOT_FOUND`, `SOURCE_UNREADABLE`
   */
  async open(file: LocatedFile): Promise<{ readonly handle: FileHandle; readonly stats: BigIntStats }> {
    const handle = await open(file.real, openFlags).catch((cause: NodeJS.ErrnoException) => {
      // O_NOFOLLOW says ELOOP (on some systems EMLINK): a symbolic link was put in the file's place.
      throw cause.code === "ELOOP" || cause.code === "EMLINK" ? changedTree(file.label) : openError(file.label, cause);
    });
    try {
      const stats = await handle.stat({ bigint: true });
      if (!stats.isFile() || !(await this.#isInside(handle, stats, file.real))) throw changedTree(file.label);
      const now = fileIdentity(stats);
      if (now.size !== file.identity.size || now.modified !== file.identity.modified) throw changedTree(file.label);
      return { handle, stats };
    } catch (error) {
      await handle.close();
      throw error instanceof SourceError ? error : openError(file.label, error as NodeJS.ErrnoException);
    }
  }

  /** Where an open file lies, as the kernel knows it; elsewhere than on Linux, whether its path still leads to it. */
  async #isInside(handle: FileHandle, stats: BigIntStats, real: string): Promise<boolean> {
    const known = await readlink(`/proc/self/fd/${handle.fd}`).catch(() => undefined);
    if (known !== undefined) return this.#holds(known);
    const path = await realpath(real);
    const there = await stat(path, { bigint: true });
    return this.#holds(path) && there.dev === stats.dev && there.ino === stats.ino;
  }

  #holds(real: string): boolean {
    return real.startsWith(this.#root.endsWith(sep) ? this.#root : this.#root + sep);
  }
}

export function changedTree(label: string): SourceError {
  return new SourceError(
    "SOURCE_CHANGED",
    `${label} changed while its manifest was being uploaded; upload it again once the tree is complete`,
  );
}

function notLocated(error: NodeJS.ErrnoException): NotLocated {
  switch (error.code) {
    case "ENOENT":
    case "ENOTDIR":
      return { flaw: "absent", why: "does not exist" };
    case "EACCES":
    case "EPERM":
      return { flaw: "unreadable", why: "may not be read: permission denied" };
    case "ELOOP":
      return { flaw: "unreadable", why: "is a symbolic link that leads to itself" };
    case "ENAMETOOLONG":
      return { flaw: "unreadable", why: "has a longer name than the file system takes" };
    default:
      return { flaw: "unreadable", why: `cannot be read: ${error.code ?? error.message}` };
  }
}
