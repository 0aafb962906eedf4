import { givenText } from "../json.ts";
import { XmlError } from "./error.ts";
import { childText, parseXml, type XmlNode } from "./parse.ts";

/** @throws {XmlError} `unexpected-root` naming the root found, or parseXml's */
export function parseRoot(bytes: Uint8Array, name: string): XmlNode {
  const root = parseXml(bytes);
  if (root.name !== name) throw new XmlError("unexpected-root", `Expected <${name}>, found`, root.name);
  return root;
}

/** An element without text says no more than one that is left out. */
export function optionalText(node: XmlNode, name: string): string | undefined {
  return givenText(childText(node, name));
}

export function requiredText(node: XmlNode, name: string): string {
  const text = childText(node, name);
  if (text === undefined || text.trim() === "") throw new XmlError("missing-element", "XML document lacks", name);
  return text;
}

export function integer(node: XmlNode, name: string, min: number, max: number): number {
  const text = requiredText(node, name).trim();
  const value = /^[0-9]{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max)) throw new XmlError("malformed", "XML document has a bad number in", name);
  return value;
}

export function boolean(node: XmlNode, name: string): boolean {
  const text = requiredText(node, name).trim().toLowerCase();
  if (text !== "true" && text !== "false") throw new XmlError("malformed", "XML document has a bad boolean in", name);
  return text === "true";
}

/** Keys are percent-encoded when EncodingType says `url`; the element has been seen in three spellings. */
export function decodedKey(root: XmlNode, key: string): string {
  const encoding = root.children.find((child) => /^encoding-?type$/i.test(child.name))?.text.trim();
  if (encoding !== "url") return key;
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}
