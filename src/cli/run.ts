import type { CommandEntry } from "./command.ts";
import type { ExitCode } from "./exit-codes.ts";
import { UsageError, parseArguments, type Arguments, type CommandSpec } from "./args.ts";
import { commands } from "./commands.ts";
import { commandHelp, overview } from "./help.ts";
import { closest } from "../suggest.ts";
import { OutputError } from "./standard-output.ts";
import { Terminal } from "./terminal.ts";

/**
 * Runs one command line.
 * @param argv without node and script
 * @returns the process's exit code; every failure has been told on stderr
 */
export async function runCommandLine(argv: readonly string[]): Promise<ExitCode> {
  const terminal = new Terminal(process.stdout, process.stderr);
  // A second Ctrl-C ends the process at once; the shell's prompt does not belong behind a progress line.
  process.once("exit", () => terminal.transient(""));
  try {
    return terminal.exitCode(await dispatch(argv, terminal));
  } catch (error) {
    // Told when it happened.
    if (error instanceof OutputError) return terminal.exitCode(0);
    if (error instanceof UsageError) {
      terminal.note(`vodup: ${error.message}`, "error");
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
  const [first] = argv;
  if (first === undefined) {
    terminal.notes(overview(commands, terminal.columns));
    return 2;
  }
  if (first === "help" || asksForHelp(first)) return help(argv.slice(1), terminal);
  const entry = find(argv);
  if (entry === undefined) return group(argv, terminal);
  refuseUnknownMember(argv, entry);
  const command = await entry.load();
  const args = parseArguments(command.spec, argv.slice(wordsOf(entry)));
  if (args === "help") {
    await terminal.print(
      command.explain?.(argv.slice(wordsOf(entry))) ?? (await commandHelp(command.spec, terminal.width)),
    );
    return 0;
  }
  let settled = args;
  try {
    const { settle } = await import("./settings/settle.ts");
    settled = await settle(args, command.spec, process.env);
    return await command.run(settled, terminal);
  } catch (thrown) {
    const error = await withOrigin(thrown, settled);
    if (isSwitch(command.spec, "json") && args.has("json")) await printError(terminal, error);
    throw error;
  }
}

/** Who has set `VODUP_SITE` has typed no `--site`. */
async function withOrigin(error: unknown, args: Arguments): Promise<unknown> {
  const { describeError } = await import("./report-error.ts");
  const { code, message } = describeError(error);
  const [, flag = ""] = /^--([a-z-]+)/.exec(message) ?? [];
  const from = code === "ERR_INVALID_ARG_VALUE" ? args.from(flag) : undefined;
  return from === undefined ? error : new UsageError(`${message}; it is set by ${from}`, { cause: error });
}

function isSwitch({ flags }: CommandSpec, name: string): boolean {
  return Object.hasOwn(flags, name) && flags[name]?.value === undefined;
}

/** Who reads JSON is told there, too, why it ended early. */
async function printError(terminal: Terminal, error: unknown): Promise<void> {
  const { errorFields } = await import("./report-error.ts");
  await terminal.print(JSON.stringify({ type: "error", ...errorFields(error) })).catch(() => undefined);
}

/** `vodup events confg`: a command with commands below it. @throws UsageError */
function refuseUnknownMember([first = "", second = ""]: readonly string[], { name }: CommandEntry): void {
  const members = commands.flatMap((entry) =>
    entry.name.startsWith(`${first} `) ? (entry.name.split(" ")[1] ?? "") : [],
  );
  const likely = name === first && !second.startsWith("-") ? closest(second, members) : undefined;
  if (likely !== undefined) throw new UsageError(`did you mean "vodup ${first} ${likely}"?`);
}

/** `vodup help`, `vodup --help upload`, `vodup help events config`. */
async function help(argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const words = argv.filter((word) => !asksForHelp(word));
  const entry = find(words);
  if (words.length > (entry === undefined ? 1 : wordsOf(entry))) {
    throw new UsageError('help is about one command: vodup help COMMAND; see "vodup --help"');
  }
  if (words.length > 0 && entry === undefined) return group([...words, "--help"], terminal);
  const { width } = terminal;
  const text = entry === undefined ? overview(commands, width) : await commandHelp((await entry.load()).spec, width);
  await terminal.print(text);
  return 0;
}

function asksForHelp(word: string): boolean {
  return word === "--help" || word === "-h";
}

function wordsOf({ name }: CommandEntry): number {
  return name.split(" ").length;
}

function find(words: readonly string[]): CommandEntry | undefined {
  const named = (name: string): CommandEntry | undefined => commands.find((entry) => entry.name === name);
  return named(words.slice(0, 2).join(" ")) ?? named(words[0] ?? "");
}

/** `vodup uploads`, `vodup uploads --help`, `vodup uplaod`. */
async function group(words: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const [first = "", second, ...more] = words;
  const members = commands.filter(({ name }) => name.startsWith(`${first} `));
  if (members.length > 0 && asksForHelp(second ?? "") && more.length === 0) {
    await terminal.print(overview(members, terminal.width));
    return 0;
  }
  if (["--version", "-v", "-V", "version"].includes(first))
    throw new UsageError(`${first} stands alone: vodup ${first}`);
  if (first.startsWith("-"))
    throw new UsageError('the command comes first: vodup COMMAND [ARGUMENTS]; see "vodup --help"');
  const verbs = members.map(({ name }) => name.slice(first.length + 1));
  if (verbs.length > 0) {
    const likely = second === undefined ? undefined : closest(second, verbs);
    const remedy = likely === undefined ? "" : `; did you mean "vodup ${first} ${likely}"?`;
    throw new UsageError(`"vodup ${first}" needs a subcommand: ${verbs.join(", ")}${remedy}`);
  }
  const likely = closest(first, [...new Set(commands.map(({ name }) => name.split(" ")[0] ?? ""))]);
  const remedy = likely === undefined ? 'see "vodup --help"' : `did you mean "vodup ${likely}"?`;
  throw new UsageError(`unknown command ${JSON.stringify(first)}; ${remedy}`);
}
