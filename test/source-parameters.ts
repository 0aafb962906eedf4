/** A function or method, and the types of its parameters as written. */
export interface Declared {
  readonly name: string;
  readonly types: readonly string[];
}

const head = /(?:\bfunction\*? (\w+)|^ {2}(?:static |async |private )*(constructor|#?\w+))(?:<[^>(]*>)?\(/gm;
const statements = new Set(["if", "for", "while", "switch", "catch", "return"]);

/** As source-imports.ts: for sources formatted by prettier, since TypeScript 7 has no parser to call. */
export function parametersOf(source: string): Declared[] {
  const text = source.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
  return [...text.matchAll(head)].flatMap((match) => {
    const [whole, functionName, methodName] = match;
    const name = functionName ?? methodName ?? "";
    const { parts, end } = splitList(text, match.index + whole.length);
    // A call, and a heading of a statement, go on otherwise.
    const isDeclared = /^\s*[:{]/.test(text.slice(end));
    return statements.has(name) || !isDeclared ? [] : [{ name, types: parts.map(typeOf) }];
  });
}

/** Splits a list at its own commas, up to the bracket that ends it. */
function splitList(text: string, start: number): { readonly parts: string[]; readonly end: number } {
  const parts: string[] = [];
  let depth = 0;
  let from = start;
  for (let at = start; at < text.length; at += 1) {
    const character = text[at] ?? "";
    if ("([{<".includes(character)) depth += 1;
    if (character === "," && depth === 0) {
      parts.push(text.slice(from, at));
      from = at + 1;
    }
    if (")]}".includes(character) || (character === ">" && text[at - 1] !== "=")) depth -= 1;
    if (depth < 0) return { parts: [...parts, text.slice(from, at)].filter((part) => part.trim() !== ""), end: at + 1 };
  }
  return { parts: [], end: text.length };
}

function typeOf(parameter: string): string {
  const text = parameter.trim().replace(/\s+/g, " ");
  const [, type, preset = ""] = /^(?:\w+|\{.*?\})\??(?:: (.*?))?(?: = ([^>]*))?$/.exec(text) ?? [];
  if (type !== undefined) return type;
  return /^-?\d/.test(preset)
    ? "number"
    : /^(?:true|false)$/.test(preset)
      ? "boolean"
      : preset === ""
        ? text
        : "string";
}
