import { readFileSync, readdirSync } from "node:fs";

const folder = new URL("../../../src/vod-api/", import.meta.url);

/** `Interface.Member` → what is written above it, of every wire type. */
export function typeDocs(): ReadonlyMap<string, string> {
  const files = readdirSync(folder).filter((file) => file.startsWith("types-"));
  const text = files.map((file) => readFileSync(new URL(file, folder), "utf8")).join("\n");
  const docs = new Map<string, string>();
  for (const [, above = "", name = "", body = ""] of text.matchAll(
    /((?:\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n)?)export interface (\w+)[^{]*\{(?:\n([\s\S]*?)\n)?\}/g,
  )) {
    docs.set(name, plain(above));
    for (const [, own = "", member = ""] of body.matchAll(/((?: {2}\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n)?) {2}(\w+)\??:/g))
      docs.set(`${name}.${member}`, plain(own));
  }
  return docs;
}

const plain = (comment: string): string => comment.replaceAll(/\s*\n\s*\*\s*/g, " ");
