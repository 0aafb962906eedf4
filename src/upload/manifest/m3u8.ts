import type { ManifestContent, Reference } from "./content.ts";
import { trimBlanks } from "./path.ts";

/** How the URI of a tag is meant. */
interface TagRule {
  /** The URI is a playlist of its own. */
  readonly playlist?: true;
  /** A key server, or data that no player needs from the tree: a URL is no mistake there. */
  readonly mayBeElsewhere?: true;
  /** The file need not exist yet. */
  readonly optional?: true;
}

/** Tags with a URI attribute: RFC 8216 §4.3, and of its successor (draft-pantos-hls-rfc8216bis) those with files. */
const tagsWithUri: Readonly<Record<string, TagRule>> = {
  "EXT-X-KEY": { mayBeElsewhere: true },
  "EXT-X-SESSION-KEY": { mayBeElsewhere: true },
  "EXT-X-SESSION-DATA": { mayBeElsewhere: true },
  "EXT-X-MAP": {},
  "EXT-X-MEDIA": { playlist: true },
  "EXT-X-I-FRAME-STREAM-INF": { playlist: true },
  "EXT-X-IMAGE-STREAM-INF": { playlist: true },
  "EXT-X-PART": {},
  "EXT-X-PRELOAD-HINT": { optional: true },
};

/** Name and value; commas and equals signs inside quotes belong to the value. Quotes are not escaped in HLS. */
const attribute = /[ \t]*([^=,"\s]+)=(?:"([^"]*)"[ \t]*|([^",]*))(?:,|$)/y;

/**
 * Reads the references of an HLS playlist, in their order. A file that several byte ranges are of is named as often as
 * it is referred to; the caller counts it once.
 *
 * @param text without byte-order mark
 * @see RFC 8216 §4.1 (lines), §4.2 (attribute lists)
 */
export function readM3u8(text: string): ManifestContent {
  const lines = text.split(/\r\n|\n|\r/);
  if (lines[0]?.trimEnd() !== "#EXTM3U") {
    return { references: [], problems: [], unreadable: "is not an HLS playlist: its first line is not #EXTM3U" };
  }
  const references: Reference[] = [];
  const problems: string[] = [];
  let playlist = false;
  let gap = false;
  for (const [index, raw] of lines.entries()) {
    const line = trimBlanks(raw);
    const where = `line ${index + 1}`;
    if (line === "") continue;
    if (!line.startsWith("#")) {
      references.push({ uri: line, where, playlist, mayBeElsewhere: false, optional: gap });
      playlist = gap = false;
      continue;
    }
    const [tag, list] = splitTag(line);
    if (tag === "EXT-X-STREAM-INF") playlist = true;
    else if (tag === "EXT-X-GAP") gap = true;
    else if (Object.hasOwn(tagsWithUri, tag)) readTag({ tag, list, where }, references, problems);
  }
  return { references, problems };
}

/** `#EXT-X-MAP:URI="a"` → `["EXT-X-MAP", 'URI="a"']`. */
function splitTag(line: string): [string, string] {
  const colon = line.indexOf(":");
  return colon < 0 ? [line.slice(1), ""] : [line.slice(1, colon), line.slice(colon + 1)];
}

function readTag(
  { tag, list, where }: { readonly tag: string; readonly list: string; readonly where: string },
  references: Reference[],
  problems: string[],
): void {
  const attributes = readAttributes(list);
  if (attributes === undefined) {
    problems.push(`${where}: the attributes of ${tag} cannot be read`);
    return;
  }
  const { playlist = false, mayBeElsewhere = false, optional = false } = tagsWithUri[tag] ?? {};
  const missing = attributes.some(([name, value]) => name === "GAP" && value === "YES");
  for (const [name, value] of attributes) {
    if (name !== "URI" || value === "") continue;
    references.push({ uri: value, where, playlist, mayBeElsewhere, optional: optional || missing });
  }
}

/** All names and values, quotes removed; undefined when the list is broken: a URI may be hidden in what is left. */
function readAttributes(list: string): [string, string][] | undefined {
  const attributes: [string, string][] = [];
  attribute.lastIndex = 0;
  for (let at = 0; at < list.length; at = attribute.lastIndex) {
    const match = attribute.exec(list);
    if (match === null) return undefined;
    const [, name = "", quoted, bare = ""] = match;
    attributes.push([name, quoted ?? bare]);
  }
  return attributes;
}
