import { readdir, readFile } from "node:fs/promises";
import { join, sep } from "node:path";

export const root: string = join(import.meta.dirname, "../..");

/** A fenced code block. */
export interface Block {
  /** Path of the page below the project's root, with slashes. */
  readonly page: string;
  /** Of the first line of code, counted from 1. */
  readonly line: number;
  /** The first word behind the fence; empty when there is none. */
  readonly language: string;
  readonly code: string;
  /** The nearest heading above. */
  readonly heading: string;
}

export interface Page {
  readonly path: string;
  readonly text: string;
  readonly blocks: readonly Block[];
  /** The text with its code blocks and code spans blanked, line breaks kept: what is prose. */
  readonly prose: string;
  /** Code spans, with their line. */
  readonly spans: readonly { readonly line: number; readonly code: string }[];
  readonly headings: readonly string[];
}

const notOurs = new Set(["node_modules", "dist", "coverage", ".git"]);

/** Every Markdown page of the project, by path. */
export async function readPages(): Promise<Page[]> {
  const paths = await markdownBelow("");
  return Promise.all(paths.sort().map(async (path) => readPage(path)));
}

export async function readPage(path: string): Promise<Page> {
  return parsePage(path, await readFile(join(root, path), "utf8"));
}

async function markdownBelow(folder: string): Promise<string[]> {
  const entries = await readdir(join(root, folder), { withFileTypes: true });
  const found = entries.map(async (entry) => {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) return notOurs.has(entry.name) ? [] : markdownBelow(path);
    return entry.name.endsWith(".md") ? [path.split(sep).join("/")] : [];
  });
  return (await Promise.all(found)).flat();
}

export function parsePage(path: string, text: string): Page {
  const blocks: Block[] = [];
  const headings: string[] = [];
  const outside: string[] = [];
  let open: { fence: string; indent: number; language: string; line: number; code: string[] } | undefined;
  for (const [index, line] of text.split("\n").entries()) {
    const fence = /^( *)(`{3,}|~{3,})\s*(\S*)/.exec(line);
    if (open === undefined && fence !== null) {
      const [, indent = "", mark = "", language = ""] = fence;
      open = { fence: mark, indent: indent.length, language, line: index + 2, code: [] };
    } else if (open !== undefined && fence !== null && fence[2]?.startsWith(open.fence) && fence[3] === "") {
      const { language, code } = open;
      const heading = headings.at(-1) ?? "";
      blocks.push({ page: path, line: open.line, language, code: `${code.join("\n")}\n`, heading });
      open = undefined;
    } else if (open !== undefined) {
      open.code.push(line.slice(Math.min(open.indent, line.length - line.trimStart().length)));
    } else {
      const heading = /^#{1,6}\s+(.+?)\s*#*$/.exec(line)?.[1];
      if (heading !== undefined) headings.push(heading);
      outside.push(line);
      continue;
    }
    outside.push("");
  }
  if (open !== undefined) throw new Error(`${path}:${open.line - 1}: a code block is not closed`);
  const whole = outside.join("\n");
  const spans = [...whole.matchAll(/(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)/gs)].map((match) => ({
    line: whole.slice(0, match.index).split("\n").length,
    code: (match[2] ?? "").replaceAll("\n", " ").trim(),
  }));
  const prose = whole.replace(/(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)/gs, (span) => span.replace(/[^\n]/g, " "));
  return { path, text, blocks, prose, spans, headings };
}

/** The anchor that a rendered heading gets. */
export function anchorOf(heading: string): string {
  const text = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").replace(/[`*]/g, "");
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}_\- ]/gu, "")
    .replaceAll(" ", "-");
}

/** The cells of each row of the table whose heading row begins with `first`; backticks are dropped. */
export function tableRows(page: Page, first: string): string[][] {
  const start = page.text.indexOf(`\n| ${first} |`) + 1;
  if (start === 0) throw new Error(`${page.path} has no table that begins with "${first}"`);
  const lines = page.text.slice(start).split("\n");
  const end = lines.findIndex((line) => !line.startsWith("|"));
  return lines.slice(2, end === -1 ? undefined : end).map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll("`", "").replaceAll("\\|", "|")),
  );
}
