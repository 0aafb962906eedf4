import type { ManifestContent, Reference } from "./content.ts";
import type { Filled, PlaylistSetting } from "./m3u8-variables.ts";
import { TreeBudget, treeLimits } from "./limits.ts";
import { PlaylistVariables, topSetting } from "./m3u8-variables.ts";
import { shownReference, trimBlanks } from "./path.ts";

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

const lineEnd = /\r\n|\n|\r/g;

/** Name and value; commas and equals signs inside quotes belong to the value. Quotes are not escaped in HLS. */
const attribute = /[ \t]*([^=,"\s]+)=(?:"([^"]*)"[ \t]*|([^",]*))(?:,|$)/y;

/**
 * Reads the references of an HLS playlist, in their order, each once: several byte ranges are of one file.
 *
 * @param text without byte-order mark
 * @param setting what the place that refers to it gives to its variables
 * @throws ManifestExcess when it refers to more than a tree may hold
 * @see RFC 8216 §4.1 (lines), §4.2 (attribute lists); draft-pantos-hls-rfc8216bis §4.3 (variables)
 */
export function readM3u8(
  text: string,
  setting: PlaylistSetting = topSetting,
  budget: TreeBudget = new TreeBudget(),
): ManifestContent {
  const reader = new M3u8Reader(setting, budget);
  let number = 0;
  for (let at = 0; at <= text.length;) {
    lineEnd.lastIndex = at;
    const match = lineEnd.exec(text);
    const raw = text.slice(at, match?.index ?? text.length);
    number += 1;
    if (number === 1 && raw.trimEnd() !== "#EXTM3U") {
      return { references: [], problems: [], unreadable: "is not an HLS playlist: its first line is not #EXTM3U" };
    }
    const line = trimBlanks(raw);
    if (line !== "") reader.line(line, `line ${number}`);
    at = match === null ? text.length + 1 : lineEnd.lastIndex;
  }
  const { references, problems, variables } = reader;
  return { references, problems, variables: variables.values, taken: variables.taken };
}

class M3u8Reader {
  readonly references: Reference[] = [];
  readonly problems: string[] = [];
  readonly variables: PlaylistVariables;
  readonly #budget: TreeBudget;
  /** How each URI was referred to already: a bit for each way. */
  readonly #seen = new Map<string, number>();
  #playlist = false;
  #gap = false;

  constructor(setting: PlaylistSetting, budget: TreeBudget) {
    this.variables = new PlaylistVariables(setting);
    this.#budget = budget;
  }

  line(line: string, where: string): void {
    if (!line.startsWith("#")) {
      this.#refer(line, where, { playlist: this.#playlist, mayBeElsewhere: false, optional: this.#gap });
      this.#playlist = this.#gap = false;
      return;
    }
    const [tag, list] = splitTag(line);
    if (tag === "EXT-X-STREAM-INF") this.#playlist = true;
    if (tag === "EXT-X-GAP") this.#gap = true;
    else if (tag === "EXT-X-VERSION") this.variables.version(list);
    else if (tag === "EXT-X-DEFINE" || Object.hasOwn(tagsWithUri, tag)) this.#tag(tag, list, where);
    else if (tag.startsWith("EXT-X-")) this.#checkVariables(list, where);
  }

  #tag(tag: string, list: string, where: string): void {
    const attributes = readAttributes(list);
    if (attributes === undefined) {
      this.#problem(`${where}: the attributes of ${tag} cannot be read`);
      return;
    }
    if (tag === "EXT-X-DEFINE") {
      this.#define(attributes, where);
      return;
    }
    const { playlist = false, mayBeElsewhere = false, optional = false } = tagsWithUri[tag] ?? {};
    const missing = attributes.some(([name, value]) => name === "GAP" && value === "YES");
    for (const [name, value] of attributes) {
      if (name !== "URI") this.#fill(value, where);
      else if (value !== "") this.#refer(value, where, { playlist, mayBeElsewhere, optional: optional || missing });
    }
  }

  #define(attributes: readonly (readonly [string, string])[], where: string): void {
    const filled = new Map<string, Filled>();
    for (const [name, value] of attributes) {
      const text = this.#fill(value, where);
      if (text === undefined) return;
      filled.set(name, text);
    }
    const flaw = this.variables.define(filled);
    if (flaw !== undefined) this.#problem(`${where}: ${flaw}`);
  }

  /** Players fail at an unknown variable wherever one may stand. */
  #checkVariables(list: string, where: string): void {
    if (list.includes("{$")) for (const [, value = ""] of list.matchAll(/"([^"]*)"/g)) this.#fill(value, where);
  }

  #fill(written: string, where: string): Filled | undefined {
    const filled = this.variables.fill(written);
    if (typeof filled === "object") return filled;
    this.#problem(`${where}: ${shownReference(written)}: ${filled}`);
    return undefined;
  }

  #refer(written: string, where: string, way: Omit<Reference, "uri" | "written" | "where">): void {
    const bit = 2 ** (Number(way.playlist) + 2 * Number(way.mayBeElsewhere) + 4 * Number(way.optional));
    const seen = this.#seen.get(written) ?? 0;
    if ((seen & bit) !== 0) return;
    const filled = this.#fill(written, where);
    if (filled === undefined) return;
    const { text: uri, unknown } = filled;
    if (unknown?.isInPath === true) {
      if (this.variables.isMissing(unknown.name)) return;
      const why = `the variable ${unknown.name} is a query parameter of the playlist's URL, which a local file has not`;
      this.#problem(`${where}: ${shownReference(written)}: ${why}`);
      return;
    }
    this.#budget.reference(uri);
    this.#seen.set(written, seen | bit);
    this.references.push({ uri, written, where, ...way });
  }

  /** More than are listed of a whole tree are not kept. */
  #problem(problem: string): void {
    if (this.problems.length < treeLimits.problems) this.problems.push(problem);
  }
}

/** `#EXT-X-MAP:URI="a"` → `["EXT-X-MAP", 'URI="a"']`. */
function splitTag(line: string): [string, string] {
  const colon = line.indexOf(":");
  return colon < 0 ? [line.slice(1), ""] : [line.slice(1, colon), line.slice(colon + 1)];
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
