import { firstWords, secondWords, type Completable } from "./completable.ts";

/** One line for each command and each of its flags. */
export function fishCompletion(commands: readonly Completable[]): string {
  const lines = commands.flatMap((command) => linesOf(command, commands));
  return ["# fish completion for vodup; from: vodup completion fish", ...lines].join("\n");
}

function linesOf({ words, summary, flags, operands }: Completable, commands: readonly Completable[]): string[] {
  const [first = "", second] = words;
  const others = secondWords(commands, first);
  const seen = `__fish_seen_subcommand_from ${first}`;
  const isGroup =
    firstWords(commands).includes(first) &&
    !commands.some(({ words: [one, two] }) => one === first && two === undefined);
  const named =
    second === undefined
      ? [line("__fish_use_subcommand", `-f -a ${first}`, summary)]
      : [
          ...(isGroup && others[0] === second
            ? [line("__fish_use_subcommand", `-f -a ${first}`, others.join(", "))]
            : []),
          line(`${seen}; and not __fish_seen_subcommand_from ${others.join(" ")}`, `-f -a ${second}`, summary),
        ];
  const when =
    second !== undefined
      ? `${seen}; and __fish_seen_subcommand_from ${second}`
      : others.length > 0
        ? `${seen}; and not __fish_seen_subcommand_from ${others.join(" ")}`
        : seen;
  return [
    ...named,
    ...operands.map((operand) => line(when, `-f -a ${operand}`, "")),
    ...flags.map(({ name, summary: what, takesValue, values }) => {
      const value = values.length > 0 ? ` -x -a '${values.join(" ")}'` : takesValue ? " -r" : "";
      return line(when, `-l ${name.slice(2)}${value}`, what);
    }),
  ];
}

function line(when: string, what: string, description: string): string {
  const text = description === "" ? "" : ` -d '${description.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  return `complete -c vodup -n '${when}' ${what}${text}`;
}
