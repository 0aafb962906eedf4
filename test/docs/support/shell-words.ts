/** One simple command of a shell script. */
export interface ShellCommand {
  /** Line of the script, counted from 1. */
  readonly line: number;
  /** Words with quotes resolved; a variable or substitution stays as it is written. Assignments in front are left out. */
  readonly words: readonly string[];
}

/** The tokens that end a command. */
const separators = /^(?:\n|&&|\|\|?|;|&|\(|\)|[{}](?=\s|$))/;
const keywords = /^(?:if|then|else|elif|fi|while|until|do|done|for|in|case|esac|!|time)$/;

/**
 * Splits what a page shows as shell into simple commands: quotes, comments, continued lines, redirections, assignments,
 * pipes and substitutions are understood, here-documents and arithmetic are not.
 */
export function shellCommands(script: string): ShellCommand[] {
  const commands: ShellCommand[] = [];
  let words: string[] = [];
  let [word, at, start] = ["", 0, 0];
  let [inWord, skipNext] = [false, false];
  const endWord = (): void => {
    if (!inWord) return;
    const isAssignment = words.length === 0 && /^\w+=/.test(word);
    if (!isAssignment && !skipNext && !(words.length === 0 && keywords.test(word))) words.push(word);
    [word, inWord, skipNext] = ["", false, false];
  };
  const endCommand = (): void => {
    endWord();
    if (words.length > 0) commands.push({ line: script.slice(0, start).split("\n").length, words });
    words = [];
  };
  while (at < script.length) {
    const rest = script.slice(at);
    const first = rest[0] ?? "";
    if (words.length === 0 && !inWord) start = at;
    const redirection = inWord && !/^\d$/.test(word) ? null : /^(?:[<>]{1,2}&?|&>)/.exec(rest);
    const separator = separators.exec(rest);
    const quoted = /^(?:'([^']*)'|"((?:[^"\\]|\\.)*)")/s.exec(rest);
    const substitution = rest.startsWith("$(") ? rest.slice(0, closing(rest) + 1) : undefined;
    if (rest.startsWith("\\\n")) at += 2;
    else if (substitution !== undefined) {
      commands.push(...shellCommands(substitution.slice(2, -1)));
      [word, inWord] = [word + substitution, true];
      at += substitution.length;
    } else if (quoted !== null) {
      const text = quoted[1] ?? (quoted[2] ?? "").replace(/\\(.)/gs, "$1");
      for (const inner of (quoted[2] ?? "").matchAll(/\$\(([^()]*)\)/g))
        commands.push(...shellCommands(inner[1] ?? ""));
      [word, inWord] = [word + text, true];
      at += quoted[0].length;
    } else if (first === "#" && !inWord) at += rest.indexOf("\n") === -1 ? rest.length : rest.indexOf("\n");
    else if (redirection !== null) {
      [word, inWord] = ["", false];
      endWord();
      at += redirection[0].length;
      skipNext = true;
    } else if (separator !== null) {
      endCommand();
      at += separator[0].length;
    } else if (/\s/.test(first)) {
      endWord();
      at += 1;
    } else {
      const escaped = first === "\\" ? (rest[1] ?? "") : first;
      [word, inWord] = [word + escaped, true];
      at += first === "\\" ? 2 : 1;
    }
  }
  endCommand();
  return commands;
}

function closing(text: string): number {
  let depth = 0;
  for (let index = 0; index < text.length; index++) {
    if (text[index] === "(") depth += 1;
    if (text[index] === ")" && (depth -= 1) === 0) return index;
  }
  throw new Error(`a substitution is not closed: ${text.slice(0, 40)}`);
}
