import { rmdir } from "node:fs/promises";
import type { Checkpoint, VodClient } from "../../index.ts";
import type { Command } from "../command.ts";
import type { ExitCode } from "../exit-codes.ts";
import type { StateEntry } from "../../state/directory.ts";
import type { StatePlace } from "../state/place.ts";
import type { Terminal } from "../terminal.ts";
import { exitCodeOf, exitCodeOfAll } from "../exit-codes.ts";
import { reportError } from "../report-error.ts";
import { lock } from "../../state/checkpoint-store.ts";
import { chosenIds } from "../state/chosen.ts";
import { entryFile, readEntry } from "../../state/directory.ts";
import { chosenPlace, journalFlag } from "../state/place.ts";
import { removeFile } from "../../state/private-file.ts";
import { summarize } from "../state/summary.ts";

/** `vodup uploads abort`. */
export const uploadsAbortCommand: Command<"all" | "journal" | "force"> = {
  spec: {
    name: "uploads abort",
    operands: "ID...|--all",
    summary: "give up unfinished uploads: remove what was sent of them, and print their ids",
    count: { least: 0, most: Infinity },
    flags: {
      all: { summary: "every unfinished upload" },
      force: { summary: "forget an upload also when what was sent of it could not be removed" },
      ...journalFlag,
    },
    notes: [
      "An id may be cut short. No account is needed: an upload is aborted with its own certificate, as long as that is valid.",
      "What cannot be removed now, since the storage cannot be reached or refuses, keeps its state (exit code 5 when trying\n" +
        "again may help); an upload whose certificate has expired, or that is gone, is forgotten.",
      "A batch that is run again uploads from the beginning what was aborted.",
    ],
  },
  run: async (args, terminal) => {
    const place = chosenPlace(args);
    const codes: ExitCode[] = [];
    const ids = await chosenIds(args, place.directory);
    if (ids.length === 0) terminal.note(`vodup: no unfinished uploads in ${place.directory}`);
    for (const id of ids) {
      try {
        const isGone = await abort(place, id, terminal, args.has("force"));
        if (isGone) await terminal.print(id);
        codes.push(isGone ? 0 : 5);
      } catch (error) {
        reportError(terminal, error, { source: id, debug: false });
        codes.push(exitCodeOf(error));
      }
    }
    // An emptied folder beside a journal is nothing to be left lying about.
    if (args.has("journal")) await rmdir(place.directory).catch(() => undefined);
    return exitCodeOfAll(codes, undefined);
  },
};

/** Refusals of a certificate that will never be taken again: nothing can be removed with it. */
const isDead = /^40[03] (?:ExpiredToken|InvalidAccessKeyId)$/;

/**
 * Removes parts, and the state with them: only the state knows of parts that are still stored, and billed.
 * @returns false when they could not be removed, so that the state is kept
 */
async function abort(
  { directory, lockOf }: StatePlace,
  id: string,
  terminal: Terminal,
  force: boolean,
): Promise<boolean> {
  const entry = await readEntry(directory, id).catch((error: unknown) => {
    // A link, or a file of another user's: its name can be removed, whatever it is.
    reportError(terminal, error, { debug: false });
    return undefined;
  });
  const { fileId, certificateExpires } = summarize(id, entry);
  const held = await lock(lockOf(id), entry?.source ?? id);
  try {
    if (fileId !== undefined)
      terminal.note(`vodup: ${id} is uploaded already, FileId ${fileId}; only its state is removed`);
    const failed = entry === undefined ? "its state cannot be read" : await discard(entry);
    if (failed !== undefined) {
      const still = `what was sent of ${id} may still be stored, since it could not be removed: ${failed}`;
      const expired = isDead.test(failed) || (certificateExpires?.getTime() ?? Infinity) <= Date.now();
      if (entry !== undefined && !force && !expired) {
        const remedy = 'try again later, or forget it with "vodup uploads abort --force"';
        terminal.note(`vodup: ${still}; its state is kept: ${remedy}`);
        return false;
      }
      terminal.note(`vodup: ${still}`);
    }
    await removeFile(entryFile(directory, id));
    return true;
  } finally {
    await held.release();
  }
}

/** @returns why parts may be left; undefined when they are gone */
async function discard({ checkpoint }: StateEntry): Promise<string | undefined> {
  const { VodClient, proxyFromEnvironment } = await import("../../index.ts");
  const dispatcher = await proxyFromEnvironment();
  // Its own certificate is what aborts an upload; an entry without one has no account's key either.
  const credentials = async () => Promise.reject(new Error("its certificate is missing"));
  const client: VodClient = new VodClient({ credentials, dispatcher });
  try {
    const { removed, reason } = await client.discard(checkpoint as Checkpoint);
    return removed ? undefined : (reason ?? "unknown");
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await client.close();
    await dispatcher?.close();
  }
}
