import { firstWords, secondWords, type Completable } from "./completable.ts";

/** Words of commands, then flags with what they do, and files. */
export function zshCompletion(commands: readonly Completable[]): string {
  const groups = firstWords(commands).filter((first) => secondWords(commands, first).length > 0);
  return [
    "#compdef vodup",
    "# zsh completion for vodup; from: vodup completion zsh",
    "_vodup() {",
    "  local context state line",
    "  local -a commands",
    "  if (( CURRENT == 2 )); then",
    "    commands=(",
    ...firstWords(commands).map((first) => `      ${described(first, summaryOf(commands, first))}`),
    "    )",
    "    _describe command commands",
    "    return",
    "  fi",
    '  case "$words[2]" in',
    ...groups.flatMap((first) => [
      `    ${first}) (( CURRENT == 3 )) && compadd -- ${secondWords(commands, first).join(" ")} ;;`,
    ]),
    "  esac",
    '  case "$words[2] $words[3]" in',
    ...[...commands].sort((a, b) => b.words.length - a.words.length).flatMap(caseOf),
    "  esac",
    "}",
    // Sourced by hand it registers itself; from fpath, compinit calls it.
    'if [[ "$funcstack[1]" == _vodup ]]; then _vodup "$@"; else compdef _vodup vodup; fi',
  ].join("\n");
}

function caseOf({ words, flags, operands }: Completable): string[] {
  const options = flags.map(({ name, summary, takesValue, values }) => {
    const value = values.length > 0 ? `:value:(${values.join(" ")})` : takesValue ? ":value:_files" : "";
    return quoted(`*${name}${takesValue ? "=" : ""}[${summary.replace(/[[\]\\:]/g, "\\$&")}]${value}`);
  });
  const rest = operands.length > 0 ? `:operand:(${operands.join(" ")})` : ":file:_files";
  return [
    `    ${words.length === 1 ? `"${words[0]} "*` : `"${words.join(" ")}"`})`,
    // The words of the command itself are no operands.
    `      shift ${words.length} words; (( CURRENT -= ${words.length} ))`,
    `      _arguments ${[...options, quoted(`*${rest}`)].join(" ")} ;;`,
  ];
}

function summaryOf(commands: readonly Completable[], first: string): string {
  const found = commands.find(({ words }) => words.length === 1 && words[0] === first);
  return found?.summary ?? secondWords(commands, first).join(", ");
}

function described(name: string, summary: string): string {
  return quoted(`${name}:${summary.replaceAll(":", "\\:")}`);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
