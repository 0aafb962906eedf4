import type { CommandSpec } from "../args.ts";

/** What a shell can complete of a command. */
export interface Completable {
  /** One or two words. */
  readonly words: readonly string[];
  readonly summary: string;
  readonly flags: readonly CompletableFlag[];
  /** Words that may stand as an operand, such as `bash`. */
  readonly operands: readonly string[];
}

export interface CompletableFlag {
  /** With its dashes. */
  readonly name: string;
  readonly summary: string;
  readonly takesValue: boolean;
  /** What the value may be, where only a few are possible. */
  readonly values: readonly string[];
}

export function completable(spec: CommandSpec, summary: string): Completable {
  const flags = Object.entries(spec.flags).map(([name, flag]) => ({
    name: `--${name}`,
    summary: flag.summary,
    takesValue: flag.value !== undefined,
    values: choices(flag.value ?? ""),
  }));
  const help = { name: "--help", summary: "help about this command", takesValue: false, values: [] };
  return { words: spec.name.split(" "), summary, flags: [...flags, help], operands: choices(spec.operands) };
}

/** `intl|cn` names all there is, and `FILE|URL` does not. */
function choices(value: string): readonly string[] {
  return /^[a-z][a-z0-9-]*(?:\|[a-z][a-z0-9-]*)*$/.test(value) ? value.split("|") : [];
}

/** The commands with one word, and the first words of those with two, each once. */
export function firstWords(commands: readonly Completable[]): readonly string[] {
  return [...new Set(commands.map(({ words }) => words[0] ?? ""))];
}

/** The second words of the commands that begin with a word. */
export function secondWords(commands: readonly Completable[], first: string): readonly string[] {
  return commands.flatMap(({ words: [one, two] }) => (one === first && two !== undefined ? [two] : []));
}
