import { parseArgs } from "node:util";
import { closest } from "../suggest.ts";

/** One flag of a command: the table that parsing and `--help` are both made from. */
export interface FlagSpec {
  /** How help calls the value, such as `FILE`; a flag without one is a switch. */
  readonly value?: string | undefined;
  /** One line for help: what, unit, default. */
  readonly summary: string;
}

/** One command. `Flag` is the set of its flags' names, without dashes. */
export interface CommandSpec<Flag extends string = string> {
  /** As typed, such as `uploads list`. */
  readonly name: string;
  /** What follows the name in the usage line, such as `FILE...`. */
  readonly operands: string;
  readonly summary: string;
  readonly flags: Readonly<Record<Flag, FlagSpec>>;
  /** How many operands there may be. */
  readonly count: { readonly least: number; readonly most: number };
  /** Everything after a lone `--` belongs to somebody else. */
  readonly passesRest?: boolean | undefined;
  /** Paragraphs below the flags in help; one that begins with two blanks keeps its lines. */
  readonly notes?: readonly string[] | undefined;
}

/** What was typed, checked against a {@link CommandSpec}. */
export interface Arguments<Flag extends string = string> {
  readonly operands: readonly string[];
  /** What follows `--`, for a command that passes it on. */
  readonly rest: readonly string[];
  has(flag: Flag): boolean;
  /** The value; of a repeated flag the last one. */
  text(flag: Flag): string | undefined;
  /** All values of a flag that adds up, in the order typed. */
  texts(flag: Flag): readonly string[];
  /** The flags as typed, `--name=value`, without the operands: for repeating the command. */
  readonly typed: readonly string[];
  /** Flags that were not typed but set elsewhere, in the same form: variables, the config file. */
  readonly set: readonly string[];
  /** Where a flag of `set` was set: the variable, or the file and profile. */
  from(flag: string): string | undefined;
}

/** The command line itself is wrong: exit code 2, and nothing was sent. */
export class UsageError extends Error {
  readonly code = "ERR_INVALID_ARG_VALUE";
}

/** A key in an argument is in the shell's history and in everyone's process list. */
const secretFlag = /^(?:secret|secret-?(?:id|key)|(?:session-?|security-?)?token|ak|sk|access-?key.*|password)$/i;

const helpFlag: FlagSpec = { summary: "this help" };

/**
 * Reads a command's arguments.
 * @returns `"help"` when it was asked for
 * @throws UsageError for an unknown flag (with the likely one), a value that is missing or too much, too many operands;
 * values of arguments are never repeated, since one of them may be a secret
 */
export function parseArguments<Flag extends string>(
  spec: CommandSpec<Flag>,
  argv: readonly string[],
): Arguments<Flag> | "help" {
  const flags: Readonly<Record<string, FlagSpec>> = { ...spec.flags, help: helpFlag };
  const cut = spec.passesRest === true ? argv.indexOf("--") : -1;
  const own = cut === -1 ? argv : argv.slice(0, cut);
  const { tokens } = parseArgs({
    args: own.map((arg) => (arg === "-h" ? "--help" : arg)),
    options: Object.fromEntries(
      Object.entries(flags).map(([name, { value }]) => [name, { type: value === undefined ? "boolean" : "string" }]),
    ),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const given = new Map<string, string[]>();
  const operands: string[] = [];
  const typed: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") operands.push(token.value);
    if (token.kind !== "option") continue;
    if (token.name === "help") return "help";
    const value = checkFlag(spec.name, flags, token);
    given.set(token.name, [...(given.get(token.name) ?? []), value]);
    typed.push(value === "" ? `--${token.name}` : `--${token.name}=${value}`);
  }
  checkCount(spec, operands);
  return {
    operands,
    rest: cut === -1 ? [] : argv.slice(cut + 1),
    has: (flag) => given.has(flag),
    text: (flag) => given.get(flag)?.at(-1),
    texts: (flag) => given.get(flag) ?? [],
    typed,
    set: [],
    from: () => undefined,
  };
}

function checkFlag(
  command: string,
  flags: Readonly<Record<string, FlagSpec>>,
  token: { name: string; rawName: string; value?: string | undefined; inlineValue?: boolean | undefined },
): string {
  const { name, rawName, value } = token;
  const spec = Object.hasOwn(flags, name) ? flags[name] : undefined;
  if (spec === undefined) throw unknownFlag(command, rawName, Object.keys(flags));
  if (spec.value === undefined) {
    if (value !== undefined) throw new UsageError(`--${name} takes no value`);
    return "";
  }
  if (value === undefined || value === "") throw new UsageError(`--${name} needs a value: --${name} ${spec.value}`);
  if (token.inlineValue !== true && value.startsWith("-") && value !== "-") {
    throw new UsageError(`--${name} needs a value; one that begins with a dash is written --${name}=${spec.value}`);
  }
  return value;
}

function unknownFlag(command: string, rawName: string, known: readonly string[]): UsageError {
  const name = rawName.replace(/^-+/, "");
  if (secretFlag.test(name)) {
    return new UsageError(
      `${rawName} is not accepted: other users can read a command's arguments; ` +
        "set TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY in the environment, or use ~/.tencentcloud/credentials",
    );
  }
  const likely = closest(name, known);
  const remedy = likely === undefined ? `see "vodup ${command} --help"` : `did you mean --${likely}?`;
  return new UsageError(`unknown flag ${rawName} of "vodup ${command}"; ${remedy}`);
}

function checkCount(spec: CommandSpec, operands: readonly string[]): void {
  const { least, most } = spec.count;
  if (operands.length >= least && operands.length <= most) return;
  const usage = `vodup ${spec.name} ${spec.operands}`.trim();
  const what = operands.length < least ? "too few arguments" : "too many arguments";
  throw new UsageError(`${what} for "vodup ${spec.name}"; usage: ${usage}; see "vodup ${spec.name} --help"`);
}
