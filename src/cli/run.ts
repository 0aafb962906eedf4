import type { CommandEntry } from "./command.ts";
import type { ExitCode } from "./exit-codes.ts";
import { UsageError, parseArguments } from "./args.ts";
import { commands } from "./commands.ts";
import { commandHelp, overview } from "./help.ts";
import { closest } from "./suggest.ts";
import { Terminal } from "./terminal.ts";

/**
 * Runs one command line.
 * @param argv without node and script
 * @returns the process's exit code; every failure has been told on stderr
 */
export async function runCommandLine(argv: readonly string[]): Promise<ExitCode> {
  const terminal = new Terminal(process.stdout, process.stderr);
  try {
    return await dispatch(argv, terminal);
  } catch (error) {
    if (error instanceof UsageError) {
      terminal.note(`vodup: ${error.message}`);
      return 2;
    }
    const [{ exitCodeOf }, { reportError }, { isDebugging }] = await Promise.all([
      import("./exit-codes.ts"),
      import("./report-error.ts"),
      import("./debug.ts"),
    ]);
    reportError(terminal, error, { debug: isDebugging(argv.includes("--debug"), process.env) });
    return exitCodeOf(error);
  } finally {
    terminal.transient("");
  }
}

async function dispatch(argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const words = argv[0] === "help" ? [...argv.slice(1), "--help"] : argv;
  const first = words[0];
  if (first === "--help" || first === "-h") {
    await terminal.print(overview(commands));
    return 0;
  }
  if (first === undefined) {
    terminal.note(overview(commands));
    return 2;
  }
  const entry = find(words);
  if (entry === undefined) return groupHelp(words, terminal);
  const command = await entry.load();
  const args = parseArguments(command.spec, words.slice(entry.name.split(" ").length));
  if (args === "help") {
    await terminal.print(commandHelp(command.spec));
    return 0;
  }
  return command.run(args, terminal);
}

function find(words: readonly string[]): CommandEntry | undefined {
  const named = (name: string): CommandEntry | undefined => commands.find((entry) => entry.name === name);
  return named(words.slice(0, 2).join(" ")) ?? named(words[0] ?? "");
}

/** `vodup uploads`, `vodup uploads --help`, `vodup uplaod`. */
async function groupHelp(words: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const [first = "", second] = words;
  const group = commands.filter(({ name }) => name.startsWith(`${first} `));
  if (group.length > 0 && (second === "--help" || second === "-h")) {
    await terminal.print(overview(group));
    return 0;
  }
  if (first.startsWith("-"))
    throw new UsageError('the command comes first: vodup COMMAND [ARGUMENTS]; see "vodup --help"');
  const verbs = group.map(({ name }) => name.slice(first.length + 1));
  if (verbs.length > 0) {
    const likely = second === undefined ? undefined : closest(second, verbs);
    const remedy = likely === undefined ? `one of ${verbs.join(", ")}` : `did you mean "vodup ${first} ${likely}"?`;
    throw new UsageError(`"vodup ${first}" needs what to do; ${remedy}`);
  }
  const likely = closest(first, [...new Set(commands.map(({ name }) => name.split(" ")[0] ?? ""))]);
  const remedy = likely === undefined ? 'see "vodup --help"' : `did you mean "vodup ${likely}"?`;
  throw new UsageError(`unknown command ${JSON.stringify(first)}; ${remedy}`);
}
