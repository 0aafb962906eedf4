import { readdir, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import type { BatchEntry } from "../batch/entry.ts";
import type { Memory } from "./state/open-store.ts";
import { RecordError } from "../batch/records.ts";
import { openState } from "./state/checkpoint-store.ts";
import { entryFile, lockFile } from "./state/directory.ts";
import { isMissing, removeFile } from "./state/private-file.ts";

/**
 * Opens the checkpoint of an entry. It lies beside the journal and not in the state directory of `vodup upload`: journal
 * and checkpoints know only together what was committed, and `vodup uploads resume` would not tell the journal.
 *
 * @throws RecordError: what cannot be remembered could be uploaded twice
 */
export async function openEntryState(directory: string, { key, source }: BatchEntry): Promise<Memory> {
  try {
    return { kind: "batch", id: undefined, store: await openState(directory, key, { source, flags: [] }) };
  } catch (cause) {
    throw new RecordError(join(directory, key), cause);
  }
}

/** Removes what a run that was killed has left of entries that its journal has as done. */
export async function clearState(directory: string, isDone: (key: string) => boolean): Promise<void> {
  for (const name of await namesIn(directory)) {
    const key = /^([0-9a-f]{32})\.(?:json|lock)$/.exec(name)?.[1];
    if (key === undefined || !isDone(key)) continue;
    await removeFile(entryFile(directory, key));
    await rm(lockFile(directory, key), { force: true });
  }
}

/** Unless there is something in it to go on from. */
export async function removeEmptyState(directory: string): Promise<void> {
  if ((await namesIn(directory)).length === 0) await rmdir(directory).catch(() => undefined);
}

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
