import { resolve } from "node:path";
import type { Arguments, FlagSpec } from "../args.ts";
import { lockOf, stateOf } from "../../batch/journal.ts";
import { lockFile, stateDirectory } from "../../state/directory.ts";

/** Where unfinished uploads are kept, and what is locked by who works at one. */
export interface StatePlace {
  readonly directory: string;
  readonly lockOf: (id: string) => string;
}

/** Of `vodup uploads`. */
export const journalFlag: Readonly<Record<"journal", FlagSpec>> = {
  journal: { value: "FILE", summary: "those of a batch, by its journal, in place of those of vodup upload" },
};

/** The state directory, or with `--journal` that of a batch. */
export function chosenPlace(args: Arguments<"journal">): StatePlace {
  const journal = args.text("journal");
  if (journal !== undefined) {
    const path = resolve(journal);
    // Who has the lock of a journal has the checkpoints of its batch.
    return { directory: stateOf(path), lockOf: () => lockOf(path) };
  }
  const directory = stateDirectory(process.env);
  return { directory, lockOf: (id) => lockFile(directory, id) };
}
