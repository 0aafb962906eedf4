import type { CheckpointSummary } from "../../index.ts";
import type { StateEntry } from "../../state/directory.ts";
import { summarizeCheckpoint } from "../../index.ts";
import { shownSource } from "../../shown-source.ts";

/** What a person wants to know of an unfinished upload. */
export interface UploadSummary extends CheckpointSummary {
  readonly id: string;
  readonly source: string | undefined;
}

/** Entries of other versions and half-broken ones, too. */
export function summarize(id: string, entry: StateEntry | undefined): UploadSummary {
  const source = entry === undefined ? undefined : shownSource(entry.source);
  return { id, source, ...summarizeCheckpoint(entry?.checkpoint) };
}
