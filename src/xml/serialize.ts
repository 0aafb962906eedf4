import { escapeText } from "./text.ts";

export type Content = string | number | boolean | readonly Line[];
/** An element; `undefined` content leaves it out. */
export type Line = readonly [name: string, content: Content | undefined];

function element([name, content]: Line, indent: string, attributes: string): string {
  if (content === undefined) return "";
  if (content === "") return `${indent}<${name}/>\n`;
  if (typeof content !== "object") return `${indent}<${name}>${escapeText(String(content))}</${name}>\n`;
  const inner = content.map((line) => element(line, `${indent}\t`, "")).join("");
  return `${indent}<${name}${attributes}>\n${inner}${indent}</${name}>\n`;
}

/**
 * Writes an element as COS prints its documents: one tab a level, `\n` between elements, none at the end (with that,
 * the Content-Lengths published for the sample documents come out).
 */
export function serialize(root: Line, rootAttributes = ""): string {
  return element(root, "", rootAttributes && ` ${rootAttributes}`).slice(0, -1);
}
