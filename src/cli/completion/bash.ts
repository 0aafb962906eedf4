import { firstWords, secondWords, type Completable } from "./completable.ts";

/** Flags behind a dash, the values of a flag that has only some, words of commands, and else files. */
export function bashCompletion(commands: readonly Completable[]): string {
  const groups = firstWords(commands).filter((first) => secondWords(commands, first).length > 0);
  return [
    "# bash completion for vodup; from: vodup completion bash",
    "_vodup() {",
    '  local cur="${COMP_WORDS[COMP_CWORD]}" prev="${COMP_WORDS[COMP_CWORD-1]}" words=""',
    '  local first="${COMP_WORDS[1]}" second="${COMP_WORDS[2]}"',
    "  if (( COMP_CWORD == 1 )); then",
    `    COMPREPLY=( $(compgen -W "${[...firstWords(commands), "help", "version"].join(" ")}" -- "$cur") )`,
    "    return",
    "  fi",
    "  if (( COMP_CWORD == 2 )); then",
    '    case "$first" in',
    ...groups.map((first) => `      ${first}) words="${secondWords(commands, first).join(" ")}" ;;`),
    "    esac",
    "  fi",
    '  case "$first $second" in',
    // With two words first: "events config" is not "events".
    ...[...commands].sort((a, b) => b.words.length - a.words.length).flatMap(caseOf),
    "  esac",
    '  if [[ "$cur" == -* ]]; then COMPREPLY=( $(compgen -W "$flags" -- "$cur") ); return; fi',
    '  COMPREPLY=( $(compgen -W "$words" -- "$cur") )',
    '  [[ -n "$words" && ${#COMPREPLY[@]} -gt 0 ]] || COMPREPLY=( $(compgen -f -- "$cur") )',
    "}",
    "complete -o filenames -F _vodup vodup",
  ].join("\n");
}

function caseOf({ words, flags, operands }: Completable): string[] {
  const values = flags.filter((flag) => flag.values.length > 0);
  return [
    `    ${words.length === 1 ? `"${words[0]} "*` : `"${words.join(" ")}"`})`,
    `      local flags="${flags.map(({ name }) => name).join(" ")}"`,
    ...(operands.length === 0 ? [] : [`      words="${operands.join(" ")}"`]),
    ...(values.length === 0
      ? []
      : [
          '      case "$prev" in',
          ...values.map(
            (flag) =>
              `        ${flag.name}) COMPREPLY=( $(compgen -W "${flag.values.join(" ")}" -- "$cur") ); return ;;`,
          ),
          "      esac",
        ]),
    "      ;;",
  ];
}
