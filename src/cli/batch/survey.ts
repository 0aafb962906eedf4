import type { Batch, Survey } from "../../batch/batch.ts";
import type { BatchEntry } from "../../batch/entry.ts";
import type { ExitCode } from "../exit-codes.ts";
import type { BatchRun } from "./batch-run.ts";
import { isMediaFile } from "../../batch/folder.ts";
import { InHand } from "../../batch/in-hand.ts";
import { optionsOf } from "../../batch/upload-entry.ts";
import { shownSource, sourceOf } from "../../shown-source.ts";
import { exitCodeOf, exitCodeOfAll } from "../exit-codes.ts";
import { errorFields, reportError } from "../report-error.ts";
import { shellQuote } from "../shell-quote.ts";
import { planLine } from "../upload/dry-run.ts";

/** `--dry-run`: one after the other, so that the order is the manifest's. */
export async function planAll(
  { args, terminal, connection, stopping, defaults }: BatchRun,
  batch: Batch,
): Promise<ExitCode> {
  await connection.checkCredentials();
  const codes = new Set<ExitCode>([0]);
  let failed = 0;
  const plan = async (entry: BatchEntry): Promise<void> => {
    const shown = shownSource(entry.name);
    try {
      const planned = await connection.client.plan(sourceOf(entry.source), optionsOf(defaults, entry));
      await terminal.print(planLine(shown, planned, args.has("json")));
    } catch (error) {
      if (args.has("json"))
        await terminal.print(JSON.stringify({ type: "error", source: shown, ...errorFields(error) }));
      reportError(terminal, error, { source: shown, debug: false });
      codes.add(exitCodeOf(error));
      failed += 1;
    }
  };
  await batch.run(new InHand(1), stopping.signal, () => true, plan);
  if (failed > 0) terminal.note(`vodup: ${failed} of these uploads would fail`);
  return exitCodeOfAll([...codes], undefined);
}

/** Nothing was sent, and nothing is, until every line is right. */
export async function refuse(
  { args, terminal, list }: BatchRun,
  { problems, problemCount }: Pick<Survey, "problems" | "problemCount">,
): Promise<ExitCode> {
  for (const message of problems) {
    terminal.note(`vodup: ${message}`);
    if (!args.has("json")) continue;
    const line = {
      type: "error",
      source: args.operands[0],
      code: "ERR_INVALID_ARG_VALUE",
      message,
      requestId: null,
      retryable: false,
    };
    await terminal.print(JSON.stringify(line));
  }
  if (problemCount > problems.length) terminal.note(`vodup: and ${problemCount - problems.length} more`);
  const typed = args.operands[0] ?? "";
  const remedy = isMediaFile(typed)
    ? `a media is uploaded by: ${shellQuote(["vodup", "upload", typed])}`
    : `fix ${list.title} and run again`;
  terminal.note(`vodup: nothing was sent; ${remedy}`);
  return 2;
}

export function reportSurvey({ args, note, list }: BatchRun, survey: Survey): void {
  const { total, repeated, uncertain, changed, changedNames } = survey;
  if (changed > 0) {
    const more = changed > changedNames.length ? ", …" : "";
    const what = changed === 1 ? "1 file has changed since it was" : `${changed} files have changed since they were`;
    const then =
      args.text("changed") === "upload"
        ? "uploaded again, as new medias"
        : "not uploaded again: --changed upload makes new medias, --changed ignore leaves them";
    note(`${what} uploaded: ${changedNames.map(shownSource).join(", ")}${more}; ${then}`);
  }
  if (total === 0) note(`${list.title} lists nothing${list.kind === "folder" ? " with the extension of a media" : ""}`);
  if (repeated > 0) {
    note(
      `${repeated} ${repeated === 1 ? "entry says" : "entries say"} what another one says already; each is uploaded once`,
    );
  }
  if (uncertain > 0) {
    note(
      `${uncertain} ${uncertain === 1 ? "entry" : "entries"} may be committed already and are left alone: look for the ` +
        "media (COMMIT_UNCERTAIN in the journal); to upload one again, remove its line from the journal",
    );
  }
}
