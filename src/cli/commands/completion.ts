import type { Command, CommandEntry } from "../command.ts";
import type { Completable } from "../completion/completable.ts";
import { UsageError } from "../args.ts";

/** `vodup completion`: a script that makes a shell complete commands, flags and their values. */
export const completionCommand = (commands: readonly CommandEntry[]): Command<never> => ({
  spec: {
    name: "completion",
    operands: "bash|zsh|fish",
    summary: "print a completion script for a shell",
    count: { least: 1, most: 1 },
    flags: {},
    notes: ["The script is made from this version's commands and flags; make it again after an update."],
  },
  run: async ({ operands }, terminal) => {
    const [shell = ""] = operands;
    const write = await writerOf(shell);
    const { completable } = await import("../completion/completable.ts");
    const all = await Promise.all(commands.map(async ({ load, summary }) => completable((await load()).spec, summary)));
    await terminal.print(write(all));
    return 0;
  },
});

async function writerOf(shell: string): Promise<(commands: readonly Completable[]) => string> {
  if (shell === "bash") return (await import("../completion/bash.ts")).bashCompletion;
  if (shell === "zsh") return (await import("../completion/zsh.ts")).zshCompletion;
  if (shell === "fish") return (await import("../completion/fish.ts")).fishCompletion;
  throw new UsageError("completion is for bash, zsh or fish: vodup completion bash");
}
