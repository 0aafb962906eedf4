import { readdir, rmdir } from "node:fs/promises";
import type { BatchEntry } from "./entry.ts";
import type { Checkpoint } from "../upload/state/checkpoint.ts";
import type { StateEntry } from "../state/directory.ts";
import type { HeldLock } from "../state/lock.ts";
import type { Memory } from "../state/remembered-upload.ts";
import { RecordError } from "./records.ts";
import { CheckpointError } from "../errors.ts";
import { StoredFile } from "../state/checkpoint-store.ts";
import { entryFile, readEntry } from "../state/directory.ts";
import { openPrivateFolder } from "../state/private-folder.ts";
import { removeFile } from "../state/private-file.ts";

/**
 * The checkpoints of a batch's entries. They lie beside the journal and not in the state directory of `vodup upload`:
 * journal and checkpoints know only together what was committed, and `vodup uploads resume` would not tell the journal.
 * Who has the journal's lock has them all.
 */
export class BatchState {
  readonly #directory: string;
  /** Keys of the entries that a run before this one has left a checkpoint of. */
  readonly #left: ReadonlySet<string>;

  readonly #held: HeldLock;

  private constructor(directory: string, held: HeldLock, left: ReadonlySet<string>) {
    this.#directory = directory;
    this.#held = held;
    this.#left = left;
  }

  /**
   * Opens the folder, and removes what a run that was killed has left of entries that its journal has as done.
   * @param held the journal's lock
   * @throws RecordError: what cannot be remembered could be uploaded twice
   */
  static async open(directory: string, held: HeldLock, isDone: (key: string) => boolean): Promise<BatchState> {
    try {
      await openPrivateFolder(directory, false);
      const left = new Set<string>();
      for (const name of await readdir(directory)) {
        const key = /^([0-9a-f]{32})\.json$/.exec(name)?.[1];
        if (key === undefined) continue;
        if (isDone(key)) await removeFile(entryFile(directory, key));
        else left.add(key);
      }
      return new BatchState(directory, held, left);
    } catch (cause) {
      throw new RecordError(directory, cause);
    }
  }

  /** @throws RecordError */
  async memoryOf({ key, source }: BatchEntry): Promise<Memory> {
    const path = entryFile(this.#directory, key);
    try {
      // A file that is no entry is no checkpoint either; the library says so of whatever is not one.
      const found = this.#left.has(key) ? ((await readEntry(this.#directory, key))?.checkpoint ?? null) : undefined;
      return {
        kind: "batch",
        id: undefined,
        place: this.#directory,
        store: new EntryFile(path, found, source, this.#held),
      };
    } catch (cause) {
      throw new RecordError(path, cause);
    }
  }

  /** Removes the folder, unless there is something in it to resume, or another process that took over uses it. */
  async close(): Promise<void> {
    try {
      await this.#held.check();
      await rmdir(this.#directory);
    } catch {
      // It stays.
    }
  }
}

/**
 * A checkpoint of a batch. `transferred` and `committed` are not written: `committing` follows the one at once, and the
 * other is in the journal as soon as it could be here.
 */
class EntryFile extends StoredFile {
  readonly #file: string;

  constructor(path: string, found: unknown, source: string, held: HeldLock) {
    const wrap = (checkpoint: Checkpoint): StateEntry => ({ version: 1, source, flags: [], checkpoint });
    // The lock is the batch's: no entry gives it back.
    super(path, found, wrap, { ...held, release: () => Promise.resolve() });
    this.#file = path;
  }

  /** @throws RecordError: a batch is run again without a look at what the last run did, and must not send twice */
  override async save(checkpoint: Checkpoint): Promise<void> {
    if (checkpoint.state !== "uploading" && checkpoint.state !== "committing") return;
    await super.save(checkpoint).catch((error: unknown) => {
      if (error instanceof CheckpointError && error.code === "CHECKPOINT_LOCKED") throw error;
      // What it says of --checkpoint helps nobody here.
      throw new RecordError(this.#file, error instanceof CheckpointError ? error.cause : error);
    });
  }
}
