import { XMLParser } from "fast-xml-parser";
import { XmlError } from "./error.ts";
import { decodeReferences } from "./text.ts";
import { assertWellFormed } from "./well-formed.ts";
import { isJsonObject } from "../json.ts";

export { XmlError, type XmlErrorReason } from "./error.ts";

/** One element. Names are local: a namespace prefix is stripped and `xmlns` declarations are dropped. */
export interface XmlNode {
  readonly name: string;
  /**
   * The element's own text and CDATA in order, decoded and never trimmed (`\r\n` and `\r` become `\n`, as XML asks).
   */
  readonly text: string;
  readonly children: readonly XmlNode[];
  readonly attributes: ReadonlyMap<string, string>;
}

/** Largest document read, in bytes. */
const maxBytes = 4 * 2 ** 20;

// preserveOrder is the one mode in which fast-xml-parser keeps a lone child a list and text untouched. Its entity
// decoder is off because it leaves numeric references alone and would touch CDATA's neighbours; text.ts decodes.
const parser: XMLParser = new XMLParser({
  preserveOrder: true,
  trimValues: false,
  parseTagValue: false,
  parseAttributeValue: false,
  processEntities: false,
  ignoreAttributes: false,
  attributeNamePrefix: "",
  cdataPropName: "#cdata",
  ignoreDeclaration: true,
  ignorePiTags: true,
  jPath: false,
  // The default renames elements called toString or valueOf.
  onDangerousProperty: (name) => name,
});

const localName = (name: string): string => name.slice(name.lastIndexOf(":") + 1);

const broken = (): XmlError => new XmlError("malformed", "XML could not be read");

function readAttributes(raw: unknown): ReadonlyMap<string, string> {
  const attributes = new Map<string, string>();
  if (!isJsonObject(raw)) return attributes;
  for (const [name, value] of Object.entries(raw)) {
    if (typeof value !== "string") throw broken();
    if (name === "xmlns" || name.startsWith("xmlns:")) continue;
    attributes.set(localName(name), decodeReferences(value));
  }
  return attributes;
}

/** Text of a `#cdata` entry: fast-xml-parser wraps it in one more list. */
function cdataText(value: unknown): string {
  const [only]: readonly unknown[] = Array.isArray(value) ? value : [];
  if (!isJsonObject(only) || typeof only["#text"] !== "string") throw broken();
  return only["#text"];
}

/** Turns fast-xml-parser's ordered entries (`{ name: entries, ":@": attributes }`) into one node. */
function readNode(name: string, entries: unknown, attributes: unknown): XmlNode {
  if (!Array.isArray(entries)) throw broken();
  let text = "";
  const children: XmlNode[] = [];
  for (const entry of entries as readonly unknown[]) {
    if (!isJsonObject(entry)) throw broken();
    for (const [key, value] of Object.entries(entry)) {
      if (key === ":@") continue;
      if (key === "#cdata") text += cdataText(value);
      else if (key !== "#text") children.push(readNode(key, value, entry[":@"]));
      else if (typeof value === "string") text += decodeReferences(value);
      else throw broken();
    }
  }
  return { name: localName(name), text, children, attributes: readAttributes(attributes) };
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    // ignoreBOM keeps the mark, so one that follows keep-alive white space is stripped like one that leads.
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new XmlError("malformed", "XML is not valid UTF-8", undefined, { cause });
  }
}

function buildTree(text: string): unknown {
  try {
    return parser.parse(text);
  } catch {
    // The parser refuses a few names (`constructor`, …) that are good XML. Its error is dropped: it may quote the
    // document.
    throw broken();
  }
}

/**
 * Reads a small XML document strictly: one complete, well-formed UTF-8 document of at most 4 MiB, 32 levels and
 * 100,000 elements, without DOCTYPE or entity declarations. Leading white space and byte-order marks are skipped (COS
 * sends white space while it completes a multipart upload). No value is interpreted: `00012` and `1e5` stay text.
 * wire §6.12.
 *
 * Control characters in text are let through, unlike XML 1.0, because keys may hold them; NUL is not.
 *
 * @throws {XmlError} `empty`, `too-large`, `forbidden` or `malformed`.
 */
export function parseXml(bytes: Uint8Array): XmlNode {
  if (bytes.byteLength > maxBytes) throw new XmlError("too-large", `XML is larger than ${maxBytes} bytes`);
  const text = decodeUtf8(bytes).replace(/^[ \t\r\n\uFEFF]+/, "");
  if (/<!(?:DOCTYPE|ENTITY)/i.test(text)) throw new XmlError("forbidden", "XML declares a DOCTYPE or an entity");
  if (text.includes("\0")) throw new XmlError("malformed", "XML holds a NUL character");
  assertWellFormed(text);
  // A nameless container whose only element is the root, which assertWellFormed has counted.
  const root = readNode("", buildTree(text), undefined).children[0];
  if (root === undefined) throw broken();
  return root;
}

/** First child called `name`, if there is one. */
export function childNode(node: XmlNode, name: string): XmlNode | undefined {
  return node.children.find((child) => child.name === name);
}

/** Text of the first child called `name`: undefined when there is none, `""` when it is empty. */
export function childText(node: XmlNode, name: string): string | undefined {
  return childNode(node, name)?.text;
}
