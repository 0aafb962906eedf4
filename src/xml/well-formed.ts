import { XmlError } from "./error.ts";

/** Deepest nesting read; COS's documents have four levels. */
const maxDepth = 32;
/** Most elements read; a Complete request of 10,000 parts has 30,001. */
const maxElements = 100_000;

const nameForm = String.raw`[\p{L}_:][\p{L}\p{N}\p{M}_:.\u00B7-]*`;
const startTag = new RegExp(`<(${nameForm})`, "uy");
const attribute = new RegExp(String.raw`[ \t\r\n]+(${nameForm})[ \t\r\n]*=[ \t\r\n]*(?:"[^<"]*"|'[^<']*')`, "uy");
const tagEnd = /[ \t\r\n]*(\/?)>/y;
const endTag = new RegExp(String.raw`</(${nameForm})[ \t\r\n]*>`, "uy");
const declaration = /<\?xml[ \t\r\n][^<>?]*\?>/y;
const blankText = /^[ \t\r\n]*$/;

const malformed = (what: string, at: number): XmlError =>
  new XmlError("malformed", `XML is not well-formed at character ${at}: ${what}`);

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/** Position after `closer`, which must follow `from`. */
function after(text: string, closer: string, from: number, what: string): number {
  const found = text.indexOf(closer, from);
  if (found < 0) throw malformed(`unclosed ${what}`, from);
  return found + closer.length;
}

function endOfStartTag(text: string, from: number): { end: number; empty: boolean } {
  let at = from;
  const seen = new Set<string>();
  for (let match = matchAt(attribute, text, at); match !== null; match = matchAt(attribute, text, at)) {
    const name = match[1] ?? "";
    if (seen.has(name)) throw malformed("repeated attribute", at);
    seen.add(name);
    at = attribute.lastIndex;
  }
  const close = matchAt(tagEnd, text, at);
  if (close === null) throw malformed("bad or unclosed tag", at);
  return { end: tagEnd.lastIndex, empty: close[1] === "/" };
}

function afterComment(text: string, at: number): number {
  const end = after(text, "-->", at + 4, "comment");
  if (text.slice(at + 4, end - 3).includes("--")) throw malformed("-- inside a comment", at);
  return end;
}

function afterInstruction(text: string, at: number): number {
  if (/^<\?xml[ \t\r\n?]/i.test(text.slice(at, at + 6))) {
    if (at !== 0 || matchAt(declaration, text, at) === null) throw malformed("bad XML declaration", at);
    return declaration.lastIndex;
  }
  return after(text, "?>", at + 2, "processing instruction");
}

/**
 * Checks that `text` is one complete element with at most white space, comments and instructions around it.
 *
 * fast-xml-parser builds a tree from nearly anything, a cut-off document and an HTML page included, and its validator
 * passes unclosed comments and sections. Here "was the answer complete?" decides whether a video counts as uploaded,
 * so the structure is checked in full, in linear time and without recursion, before the tree is built.
 *
 * @throws {XmlError} `empty`, `malformed` or `too-large`.
 */
export function assertWellFormed(text: string): void {
  if (blankText.test(text)) throw new XmlError("empty", "XML document is empty");
  const open: string[] = [];
  let elements = 0;
  let at = 0;
  while (at < text.length) {
    if (text[at] !== "<") {
      const next = text.indexOf("<", at);
      const end = next < 0 ? text.length : next;
      const run = text.slice(at, end);
      if (open.length === 0 && !blankText.test(run)) throw malformed("text outside the root element", at);
      if (run.includes("]]>")) throw malformed("]]> in text", at);
      at = end;
    } else if (text.startsWith("</", at)) {
      const name = matchAt(endTag, text, at)?.[1];
      if (name === undefined || name !== open.pop()) throw malformed("closing tag matches no open one", at);
      at = endTag.lastIndex;
    } else if (text.startsWith("<!--", at)) {
      at = afterComment(text, at);
    } else if (text.startsWith("<![CDATA[", at)) {
      if (open.length === 0) throw malformed("text outside the root element", at);
      at = after(text, "]]>", at + 9, "CDATA section");
    } else if (text.startsWith("<?", at)) {
      at = afterInstruction(text, at);
    } else {
      const name = matchAt(startTag, text, at)?.[1];
      if (name === undefined) throw malformed("bad tag name", at);
      if (open.length === 0 && elements > 0) throw malformed("second root element", at);
      elements += 1;
      const tag = endOfStartTag(text, startTag.lastIndex);
      if (!tag.empty) open.push(name);
      if (open.length > maxDepth) throw new XmlError("too-large", `XML is nested deeper than ${maxDepth} levels`);
      if (elements > maxElements) throw new XmlError("too-large", `XML has more than ${maxElements} elements`);
      at = tag.end;
    }
  }
  if (open.length > 0) throw malformed("document ends inside an element", at);
  if (elements === 0) throw malformed("no root element", at);
}
