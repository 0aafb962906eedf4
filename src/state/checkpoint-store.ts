import type { Checkpoint } from "../upload/state/checkpoint.ts";
import type { StateEntry } from "./directory.ts";
import { CheckpointError } from "../errors.ts";
import { entryFile, lockFile, readEntry } from "./directory.ts";
import { LockedError, LostLockError, takeLock, type HeldLock } from "./lock.ts";
import { openPrivateFolder } from "./private-folder.ts";
import { readIfThere, removeFile, replaceFile, unlinkIfThere } from "./private-file.ts";
import { reasonOf, systemCode } from "../reason-of.ts";

/** One upload's checkpoint on disk, locked until `close()`. */
export interface CheckpointStore {
  /** What was there at first; undefined when nothing was. Not checked: that is the library's business. */
  readonly found: unknown;
  /** Whether there is something on disk now to go on from. */
  readonly isKept: boolean;
  /** Whether no other process has taken it over; asked at once. */
  isOurs(): boolean;
  /** @throws CheckpointError `CHECKPOINT_LOCKED` when another process has taken it over */
  check(): Promise<void>;
  save(checkpoint: Checkpoint): Promise<void>;
  remove(): Promise<void>;
  /** Gives the lock back; the checkpoint stays. */
  close(): Promise<void>;
}

/**
 * The checkpoint of `--checkpoint FILE`: the library's JSON as it is.
 * @throws CheckpointError `CHECKPOINT_LOCKED`, or `CHECKPOINT_INVALID` when FILE cannot be read or is not JSON
 */
export async function openCheckpointFile(path: string): Promise<CheckpointStore> {
  const held = await lock(`${path}.lock`, path).catch((error: unknown) => {
    throw error instanceof CheckpointError ? error : unusable(path, "used", error);
  });
  try {
    const text = (await readIfThere(path)) ?? "";
    // An empty file is what `mktemp` makes: a place for a checkpoint, and none yet.
    const found: unknown = text.trim() === "" ? undefined : JSON.parse(text);
    return new StoredFile(path, found, (checkpoint) => checkpoint, held);
  } catch (error) {
    await held.release();
    throw unusable(path, "read", error);
  }
}

/**
 * The checkpoint of an upload in the state directory.
 * @param entry what the entry says beside the checkpoint
 * @throws CheckpointError `CHECKPOINT_LOCKED`; what the file system says when there can be no state
 */
export async function openState(
  directory: string,
  id: string,
  entry: Pick<StateEntry, "source" | "flags">,
): Promise<CheckpointStore> {
  await openPrivateFolder(directory, true);
  const held = await lock(lockFile(directory, id), entry.source);
  try {
    const path = entryFile(directory, id);
    const found = await readEntry(directory, id);
    const wrap = (checkpoint: Checkpoint): StateEntry => ({ version: 1, ...entry, checkpoint });
    const isThere = (await readIfThere(path)) !== undefined;
    // A file that is no entry is no checkpoint either; the library says so of whatever is not one.
    return new StoredFile(path, isThere ? (found?.checkpoint ?? null) : undefined, wrap, held);
  } catch (error) {
    await held.release();
    throw error;
  }
}

/** A checkpoint in a file that nobody else writes to meanwhile. */
export class StoredFile implements CheckpointStore {
  readonly found: unknown;
  isKept: boolean;
  readonly #path: string;
  readonly #wrap: (checkpoint: Checkpoint) => unknown;
  readonly #held: HeldLock;
  #isSaved = false;

  constructor(path: string, found: unknown, wrap: (checkpoint: Checkpoint) => unknown, held: HeldLock) {
    this.#path = path;
    this.found = found;
    this.isKept = found !== undefined;
    this.#wrap = wrap;
    this.#held = held;
  }

  async save(checkpoint: Checkpoint): Promise<void> {
    // A process that was frozen must not replace by an old session what its successor has written since.
    const check = (): Promise<void> => this.#held.check();
    await replaceFile(this.#path, `${JSON.stringify(this.#wrap(checkpoint))}\n`, check).catch((error: unknown) => {
      throw error instanceof CheckpointError ? error : unusable(this.#path, "written", error);
    });
    this.isKept = true;
    this.#isSaved = true;
    // CommitUpload comes next.
    if (checkpoint.state === "committing") await this.#held.check();
  }

  isOurs(): boolean {
    return this.#held.isOurs();
  }

  check(): Promise<void> {
    return this.#held.check();
  }

  async remove(): Promise<void> {
    await this.#held.check();
    // What a crash left beside it became the file itself with this run's first save.
    await (this.#isSaved ? unlinkIfThere(this.#path) : removeFile(this.#path));
    this.isKept = false;
  }

  close(): Promise<void> {
    return this.#held.release();
  }
}

/**
 * Locks an upload, or a batch.
 * @param path of the lock file
 * @param what how messages call it
 * @throws CheckpointError `CHECKPOINT_LOCKED`; `check()` as well
 */
export async function lock(path: string, what: string): Promise<HeldLock> {
  const held = await takeLock(path).catch((error: unknown) => {
    if (!(error instanceof LockedError)) throw error;
    throw inUse(
      `${what} is being uploaded by another vodup, process ${error.pid}; wait for it, or stop it first`,
      error,
    );
  });
  const check = (): Promise<void> =>
    held.check().catch((error: unknown) => {
      if (!(error instanceof LostLockError)) throw error;
      const why = "another vodup took it over while this one stood still";
      throw inUse(
        `${what}: stopped, since ${why}; nothing is lost: see how that one ends, or run again after it`,
        error,
      );
    });
  return { check, isOurs: () => held.isOurs(), release: () => held.release() };
}

function inUse(message: string, cause: Error): CheckpointError {
  return new CheckpointError("CHECKPOINT_LOCKED", message, {}, { cause });
}

function unusable(path: string, verb: "used" | "read" | "written", cause: unknown): CheckpointError {
  const why = cause instanceof SyntaxError ? "it is not JSON" : (systemCode(cause) ?? reasonOf(cause));
  return new CheckpointError(
    "CHECKPOINT_INVALID",
    `the checkpoint ${path} cannot be ${verb}: ${why}; choose another file, or leave --checkpoint out`,
    {},
    { cause },
  );
}
