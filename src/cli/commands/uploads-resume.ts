import type { Command } from "../command.ts";
import type { ExitCode } from "../exit-codes.ts";
import { parseArguments } from "../args.ts";
import { exitCodeOfAll } from "../exit-codes.ts";
import { reportError } from "../report-error.ts";
import { chosenIds } from "../state/chosen.ts";
import { readEntry, stateDirectory } from "../../state/directory.ts";
import { uploadFlags } from "../upload/flags.ts";
import { runUploads, uploadCommand } from "./upload.ts";

/**
 * `vodup uploads resume`: the command that began the upload once more, wherever and in whatever environment it began.
 */
export const uploadsResumeCommand: Command<"all" | "json" | "quiet" | "no-progress" | "debug"> = {
  spec: {
    name: "uploads resume",
    operands: "ID...|--all",
    summary: "resume unfinished uploads and print their FileIds",
    count: { least: 0, most: Infinity },
    flags: {
      all: { summary: "every unfinished upload, one after the other" },
      json: { summary: "as of upload" },
      quiet: uploadFlags.quiet,
      "no-progress": uploadFlags["no-progress"],
      debug: uploadFlags.debug,
    },
    notes: ["An id may be cut short. Credentials come from where upload takes them."],
  },
  run: async (args, terminal) => {
    const directory = stateDirectory(process.env);
    const codes: ExitCode[] = [];
    for (const id of await chosenIds(args, directory)) {
      const entry = await readEntry(directory, id).catch((error: unknown) => {
        reportError(terminal, error, { debug: false });
        return undefined;
      });
      if (entry === undefined) {
        terminal.note(`vodup: the state ${id} cannot be read; remove it with: vodup uploads abort ${id}`);
        codes.push(1);
        continue;
      }
      const typed = args.typed.filter((flag) => flag !== "--all");
      const upload = parseArguments(uploadCommand.spec, [...entry.flags, ...typed, "--", entry.source]);
      const code = upload === "help" ? 1 : await runUploads(upload, terminal, process.env);
      if (code === 130 || code === 143) return code;
      codes.push(code);
    }
    return exitCodeOfAll(codes, undefined);
  },
};
