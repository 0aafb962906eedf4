import type { Arguments } from "../args.ts";
import type { Command } from "../command.ts";
import type { ExitCode } from "../exit-codes.ts";
import type { Terminal } from "../terminal.ts";
import type { UploadFlag } from "../upload/flags.ts";
import type { UploadOutcome } from "../upload/one.ts";
import type { UploadOutput } from "../upload/output.ts";
import { UsageError } from "../args.ts";
import { checkSources } from "../upload/check-sources.ts";
import { connect } from "../connection.ts";
import { outageNotes } from "../with-connection.ts";
import { isDebugging, reportDiagnostics } from "../debug.ts";
import { exitCodeOf, exitCodeOfAll } from "../exit-codes.ts";
import { parseDeadline } from "../numbers.ts";
import { shellQuote } from "../shell-quote.ts";
import { shownSource } from "../../shown-source.ts";
import { parseSize } from "../sizes.ts";
import { stopping } from "../stopping.ts";
import { readUploadOptions, uploadFlags } from "../upload/flags.ts";
import { uploadOne } from "../upload/one.ts";
import { outputOf } from "../upload/output.ts";

/** `vodup upload`: one client for all sources, which go one after the other, each with all its connections. */
export const uploadCommand: Command<UploadFlag> = {
  spec: {
    name: "upload",
    operands: "FILE|URL|- ...",
    summary: "upload files; prints the FileId, or FileId TAB source for several",
    count: { least: 1, most: Infinity },
    flags: uploadFlags,
    notes: [
      "Sizes are bytes, or end in KiB, MiB or GiB. A URL is http, https or file; what an http one gives passes through\n" +
        'this machine, while "vodup pull" has the service fetch it. "-" reads standard input and needs --media-type. A\n' +
        "manifest (m3u8, mpd) in a folder is uploaded with all files of its tree.",
      "--checkpoint, --media-name, --cover and - need exactly one source.",
      "Run again, the same command resumes: unfinished uploads are kept in $XDG_STATE_HOME/vodup\n" +
        "(~/.local/state/vodup) after exit codes 5, 130 and 143, and removed after 1, 3, 4 and 6. A file that has changed\n" +
        "since is uploaded from the beginning, with a note; with --checkpoint that is an error. What comes from standard\n" +
        'input or a pipe cannot be resumed. "vodup uploads list" shows what is kept.',
      '--json: the last line of a source is {"type":"result","source","fileId","mediaUrl","coverUrl","bytes","parts",\n' +
        '"retries","crc64","verified","resumedParts"} or {"type":"error","source","code","message","requestId","retryable"}.',
    ],
  },
  run: (args, terminal) => runUploads(args, terminal, process.env),
};

/** Uploads the sources of a command line that was typed now, or, to go on with an upload, in another environment. */
export async function runUploads(
  args: Arguments<UploadFlag>,
  terminal: Terminal,
  env: NodeJS.ProcessEnv,
): Promise<ExitCode> {
  const debug = isDebugging(args.has("debug"), env);
  const outputs = args.operands.map((source) => ({ source, output: outputOf(terminal, source, { args, debug }) }));
  const silence = debug ? reportDiagnostics((line) => terminal.note(line)) : undefined;
  try {
    checkTogether(args);
    await checkSources(args);
    const timeout = args.text("timeout");
    const timeoutMs = timeout === undefined ? undefined : parseDeadline("timeout", timeout);
    return await uploadAll(args, terminal, env, outputs, timeoutMs);
  } catch (error) {
    // Who reads JSON is promised a last line for every source, also when none of them came to its turn.
    if (!args.has("json")) throw error;
    for (const { output } of outputs) output.error(error);
    return exitCodeOf(error);
  } finally {
    silence?.();
  }
}

async function uploadAll(
  args: Arguments<UploadFlag>,
  terminal: Terminal,
  env: NodeJS.ProcessEnv,
  outputs: readonly { readonly source: string; readonly output: UploadOutput }[],
  timeoutMs: number | undefined,
): Promise<ExitCode> {
  const options = readUploadOptions(args);
  const run = stopping(timeoutMs);
  try {
    const rate = args.text("limit-rate");
    const limitRate = rate === undefined ? undefined : parseSize("limit-rate", rate);
    const note = (text: string): void => void (args.has("quiet") || terminal.note(text));
    const connection = await connect(args, env, note, { limitRate, onOutage: outageNotes(args, terminal) });
    try {
      if (args.has("dry-run"))
        return await (await import("../upload/dry-run.ts")).dryRun(args, options, connection, terminal, outputs);
      const outcomes: UploadOutcome[] = [];
      const forgetful = args.has("no-resume") || args.has("emulator") || outputs.length < 2;
      const finished = forgetful
        ? undefined
        : new (await import("../upload/finished.ts")).FinishedSources(args, connection.target);
      for (const [index, { source, output }] of outputs.entries()) {
        outcomes.push(await uploadOne({ args, options, connection, run, output, finished }, source, index));
      }
      if (outcomes.every(({ code }) => code === 0)) await finished?.forget();
      const command = resumeCommand(args, outcomes);
      if (command !== undefined) terminal.note(`vodup: what was sent is kept; to resume: ${command}`);
      const codes = outcomes.map(({ code }) => code);
      // A signal that came when all was done has stopped nothing.
      const stopped = run.reason === undefined ? undefined : exitCodeOf(run.reason);
      const whole = exitCodeOfAll(codes, connection.isUnreachable() ? 5 : codes.find((code) => code === stopped));
      // Safe to run again it is only if what is uploaded is remembered.
      return whole === 5 && finished?.isIncomplete === true ? 7 : whole;
    } finally {
      await connection.close();
    }
  } finally {
    run.done();
  }
}

/** The command that goes on with what is left of this one; undefined when nothing of it was kept. */
function resumeCommand(args: Arguments<UploadFlag>, outcomes: readonly UploadOutcome[]): string | undefined {
  const waiting = (code: ExitCode): boolean => code === 130 || code === 143 || code === 5;
  const left = args.operands.filter((_, index) => {
    const outcome = outcomes[index];
    return outcome !== undefined && (outcome.resumable || waiting(outcome.code));
  });
  const kept = outcomes.filter(({ resumable }) => resumable);
  if (kept.length === 0) return undefined;
  // A URL's keys belong into no log; its state has them.
  if ([...left, args.text("cover") ?? ""].some((source) => shownSource(source) !== source)) {
    const ids = kept.flatMap(({ id }) => id ?? []);
    return ids.length === 0 ? "the same command" : shellQuote(["vodup", "uploads", "resume", ...ids]);
  }
  const guard = left.some((source) => source.startsWith("-")) ? ["--"] : [];
  return shellQuote(["vodup", "upload", ...args.typed, ...guard, ...left]);
}

/** What one flag or source excludes in another. @throws UsageError */
function checkTogether(args: Arguments<UploadFlag>): void {
  const { operands } = args;
  const alone = (["checkpoint", "media-name", "cover"] as const).find((flag) => args.has(flag));
  if (operands.length > 1 && alone !== undefined) {
    throw new UsageError(`--${alone} belongs to one source, but ${operands.length} are given; upload them one by one`);
  }
  if (operands.includes("-")) {
    if (operands.length > 1) throw new UsageError("standard input (-) cannot be uploaded together with other sources");
    if (!args.has("media-type")) {
      throw new UsageError("--media-type must be given with standard input (-): it has no file name to take it from");
    }
  }
  if (args.has("checkpoint") && args.has("no-resume")) {
    throw new UsageError("--checkpoint and --no-resume exclude each other; leave one out");
  }
  if (args.has("json") && args.has("quiet")) {
    throw new UsageError("--json and --quiet exclude each other; leave one out");
  }
}
