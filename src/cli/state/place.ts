import { resolve } from "node:path";
import type { Arguments, FlagSpec } from "../args.ts";
import { lockOf, stateOf } from "../../batch/journal.ts";
import { lockFile, stateDirectory } from "./directory.ts";

/** Where unfinished uploads are kept, and what is locked by who works at one. */
export interface StatePlace {
  readonly directory: string;
  readonly lockOf: (id: string) => string;
}

/** Of `vodup uploads`. */
export const journalFlag: Readonly<Record<"journal", FlagSpec>> = {
  journal: { value: "FILE", summary: "those of a batch, by its journal, in place of those of vodup upload" },
};

/** Checkpoints of a batch lie beside its journal, whose lock is theirs. */
export function batchPlace(journal: string): StatePlace {
  return { directory: stateOf(journal), lockOf: () => lockOf(journal) };
}

/** The state directory, or with `--journal` that of a batch. */
export function chosenPlace(args: Arguments<"journal">): StatePlace {
  const journal = args.text("journal");
  if (journal !== undefined) return batchPlace(resolve(journal));
  const directory = stateDirectory(process.env);
  return { directory, lockOf: (id) => lockFile(directory, id) };
}
