import type { Command } from "../command.ts";
import type { UploadSummary } from "../state/summary.ts";
import { reportError } from "../report-error.ts";
import { formatDuration } from "../render.ts";
import { formatSize } from "../sizes.ts";
import { entryIds, readEntry } from "../../state/directory.ts";
import { isLocked } from "../../state/lock.ts";
import { chosenPlace, journalFlag } from "../state/place.ts";
import { summarize } from "../state/summary.ts";

type Listed = UploadSummary & { readonly running: boolean };

/** `vodup uploads list`. */
export const uploadsListCommand: Command<"json" | "journal"> = {
  spec: {
    name: "uploads list",
    operands: "",
    summary: "list the unfinished uploads of this machine",
    count: { least: 0, most: 0 },
    flags: { ...journalFlag, json: { summary: "one JSON object a line" } },
    notes: [
      "Without --journal those of vodup upload, in $XDG_STATE_HOME/vodup (~/.local/state/vodup).",
      '--json: {"id","source","state","running","bytes","sentBytes","savedAt","certificateExpires","fileId"}; null is\n' +
        "unknown. An upload of the state committed is done, and only its FileId was not printed: resume prints it.",
      "Those of a batch are resumed by running the batch again.",
    ],
  },
  run: async (args, terminal) => {
    const { directory, lockOf } = chosenPlace(args);
    const listed: Listed[] = [];
    for (const id of await entryIds(directory)) {
      const entry = await readEntry(directory, id).catch((error: unknown) => {
        // One that somebody has put there hides none of the others.
        reportError(terminal, error, { debug: false });
        return undefined;
      });
      const summary = summarize(id, entry);
      listed.push({ ...summary, running: await isLocked(lockOf(id)) });
    }
    if (args.has("json")) {
      for (const one of listed) await terminal.print(JSON.stringify(fields(one)));
    } else if (listed.length > 0) {
      await terminal.print(table(listed, Date.now()));
    } else {
      terminal.note(`vodup: no unfinished uploads in ${directory}`);
    }
    return 0;
  },
};

function fields(one: Listed): Readonly<Record<string, unknown>> {
  const { id, source, state, running, bytes, sentBytes, savedAt, certificateExpires, fileId } = one;
  return {
    id,
    source: source ?? null,
    state,
    running,
    bytes: bytes ?? null,
    sentBytes,
    savedAt: savedAt ?? null,
    certificateExpires: certificateExpires ?? null,
    fileId: fileId ?? null,
  };
}

function table(listed: readonly Listed[], now: number): string {
  const rows = listed.map((one) => [
    one.id,
    one.bytes === undefined ? "?" : formatSize(one.bytes),
    one.bytes === undefined
      ? formatSize(one.sentBytes)
      : `${one.bytes === 0 ? 100 : Math.floor((100 * one.sentBytes) / one.bytes)}%`,
    one.running ? "running" : one.state,
    one.savedAt === undefined ? "?" : formatDuration(now - one.savedAt.getTime()),
    certificate(one.certificateExpires, now),
    // A name may hold anything; in a table a line is a line.
    JSON.stringify(one.source ?? "?").slice(1, -1),
  ]);
  const all = [["ID", "SIZE", "SENT", "STATE", "AGE", "CERTIFICATE", "SOURCE"], ...rows];
  const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? [];
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function certificate(expires: Date | undefined, now: number): string {
  if (expires === undefined) return "none";
  const left = expires.getTime() - now;
  return left > 0 ? `${formatDuration(left)} left` : "expired";
}
