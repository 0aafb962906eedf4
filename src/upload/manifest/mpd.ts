import type { XmlNode } from "../../xml/parse.ts";
import type { ManifestContent, Reference } from "./content.ts";
import type { PeriodTime } from "./mpd-timing.ts";
import { XmlError, parseXml } from "../../xml/parse.ts";
import { ManifestExcess, TreeBudget, treeLimits } from "./limits.ts";
import { resolveReference, shownReference } from "./path.ts";
import { fillTemplate, isNumbered } from "./mpd-template.ts";
import { MpdFlaw, periodTimes, segmentTimes } from "./mpd-timing.ts";

/**
 * What tells where segments are; attributes and children are inherited from level to level (ISO/IEC 23009-1 §5.3.9.1).
 */
interface SegmentInfo {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlNode[];
}

/** What a level of the tree hands down. */
interface Scope {
  readonly bases: readonly string[];
  readonly info: SegmentInfo | undefined;
}

const segmentElements = ["SegmentTemplate", "SegmentList", "SegmentBase"];
/** Children of SegmentInfo that name one file by `sourceURL`. */
const singleFiles = ["Initialization", "RepresentationIndex", "BitstreamSwitching"];
/** Most alternative bases: templates multiply what is written once. */
const maxBases = 64;
const longestBase = 4096;
/** An xlink with this address means: nothing (ISO/IEC 23009-1 §5.5). */
const resolvesToNothing = "urn:mpeg:dash:resolve-to-zero:2013";

/**
 * Reads the references of a DASH manifest as encoders write them for files on disk: BaseURL on every level,
 * SegmentList, SegmentTemplate by number, time or timeline, SegmentBase, and whole files. Live manifests without an end
 * and manifests that refer to other documents are not understood.
 *
 * @see ISO/IEC 23009-1 §5.3.9 (segments), §5.6 (base URLs)
 */
export function readMpd(bytes: Uint8Array, budget: TreeBudget = new TreeBudget()): ManifestContent {
  const reader = new MpdReader(budget);
  try {
    const root = parseXml(bytes);
    if (root.name !== "MPD") throw new MpdFlaw(`its root is <${root.name.slice(0, 60)}> and not <MPD>`);
    reader.read(root);
    return { references: reader.references, problems: reader.problems };
  } catch (error) {
    const isExcess = error instanceof ManifestExcess;
    if (!isExcess && !(error instanceof MpdFlaw) && !(error instanceof XmlError)) throw error;
    // No encoder writes a DOCTYPE, and a program that resolves its entities may read other files. What has no end
    // cannot be uploaded, by any reader of it.
    const isForbidden = error instanceof XmlError && error.reason === "forbidden";
    if (isForbidden || isExcess) reader.problems.push(error.message);
    return {
      references: reader.references,
      problems: reader.problems,
      unreadable: `is not a DASH manifest that can be read here: ${error.message}`,
    };
  }
}

class MpdReader {
  readonly references: Reference[] = [];
  readonly problems: string[] = [];
  readonly #budget: TreeBudget;
  /** What was referred to already: byte ranges are of one file. */
  readonly #isRequired = new Map<string, boolean>();

  constructor(budget: TreeBudget) {
    this.#budget = budget;
  }

  read(root: XmlNode): void {
    const scope = this.#enter(root, { bases: [""], info: undefined }, "MPD");
    const periods = children(root, "Period");
    for (const [index, time] of periodTimes(root, periods).entries()) {
      const period = periods[index];
      if (period !== undefined) this.#period(period, scope, time, `Period ${index + 1}`);
    }
  }

  #period(period: XmlNode, outer: Scope, time: PeriodTime, where: string): void {
    const scope = this.#enter(period, outer, where);
    for (const set of children(period, "AdaptationSet")) {
      const inSet = this.#enter(set, scope, `${where}, AdaptationSet`);
      for (const representation of children(set, "Representation")) {
        const label = `${where}, Representation ${(representation.attributes.get("id") ?? "").slice(0, 60)}`;
        this.#representation(representation, this.#enter(representation, inSet, label), time, label);
      }
    }
  }

  #enter(node: XmlNode, outer: Scope, where: string): Scope {
    refuseLinked(node);
    const own = children(node, "BaseURL").map(({ text }) => text.trim());
    if (own.length * outer.bases.length > maxBases) throw new ManifestExcess(`it has more than ${maxBases} base URLs`);
    if (own.some((uri) => uri.length > longestBase)) {
      throw new ManifestExcess(`a BaseURL is longer than ${longestBase} characters`);
    }
    for (const base of outer.bases) this.#budget.steps(own.length * base.length);
    const bases =
      own.length === 0 ? outer.bases : outer.bases.flatMap((base) => own.map((uri) => joinReference(base, uri)));
    const usable = own.length === 0 ? bases : bases.filter((base) => this.#checkBase(base, where));
    const info = node.children.find(({ name }) => segmentElements.includes(name));
    if (info !== undefined) this.#budget.steps(sizeOf(info) + (outer.info === undefined ? 0 : sizeOf(outer.info)));
    return { bases: usable, info: info === undefined ? outer.info : inherit(outer.info, info) };
  }

  /** One problem for a base, instead of one for each of its files. */
  #checkBase(base: string, where: string): boolean {
    const path = base.replace(/[?#].*$/s, "");
    const target = resolveReference("", path === "" || path.endsWith("/") ? `${path}file` : path, false);
    if (target.kind !== "refused") return true;
    if (this.problems.length < treeLimits.problems) {
      this.problems.push(`${where}: the BaseURL ${shownReference(base)} ${target.why}`);
    }
    return false;
  }

  #representation(node: XmlNode, { bases, info }: Scope, time: PeriodTime, where: string): void {
    if (bases.length === 0) return;
    const values = { id: node.attributes.get("id") ?? "", bandwidth: node.attributes.get("bandwidth") ?? "" };
    const add = (uri: string, optional = false): void => {
      for (const base of bases) {
        this.#budget.steps(base.length + uri.length);
        this.#add(joinReference(base, uri), where, optional);
      }
    };
    if (info !== undefined) this.#budget.steps(sizeOf(info));
    for (const { name, attributes } of info?.children ?? []) {
      const uri = attributes.get("sourceURL");
      if (uri !== undefined && singleFiles.includes(name)) add(uri);
    }
    if (info?.name === "SegmentTemplate") {
      for (const name of ["initialization", "bitstreamSwitching"]) {
        const template = info.attributes.get(name);
        if (template !== undefined) add(fillTemplate(template, values));
      }
      const templates = ["media", "index"].flatMap((name) => info.attributes.get(name) ?? []);
      for (const template of templates.filter((text) => !isNumbered(text))) add(fillTemplate(template, values));
      const numbered = templates.filter(isNumbered);
      if (numbered.length === 0) return;
      for (const segment of segmentTimes(info, time)) {
        for (const template of numbered) add(fillTemplate(template, { ...values, ...segment }), segment.optional);
      }
    } else if (info?.name === "SegmentList") {
      for (const { attributes } of info.children.filter(({ name }) => name === "SegmentURL")) {
        add(attributes.get("media") ?? "");
        const index = attributes.get("index");
        if (index !== undefined) add(index);
      }
    } else {
      add("");
    }
  }

  #add(uri: string, where: string, optional: boolean): void {
    this.#budget.reference(uri);
    const known = this.#isRequired.get(uri);
    if (known === true || known === !optional) return;
    this.#isRequired.set(uri, !optional);
    this.references.push({ uri, written: uri, where, playlist: false, mayBeElsewhere: false, optional });
  }
}

function children(node: XmlNode, name: string): XmlNode[] {
  return node.children.filter((child) => child.name === name);
}

/** How much is looked at when a level inherits it, or a representation reads it. */
function sizeOf({ attributes, children: nodes }: Omit<SegmentInfo, "name">): number {
  const timeline = nodes.find(({ name }) => name === "SegmentTimeline");
  return 1 + attributes.size + nodes.length + (timeline?.children.length ?? 0);
}

function refuseLinked(node: XmlNode): void {
  for (const { name, attributes } of [node, ...node.children]) {
    const link = attributes.get("href");
    if (link !== undefined && link !== resolvesToNothing)
      throw new MpdFlaw(`<${name}> stands in another document (xlink:href)`);
  }
}

function inherit(outer: SegmentInfo | undefined, node: XmlNode): SegmentInfo {
  if (outer?.name !== node.name) return node;
  const own = new Set(node.children.map(({ name }) => name));
  return {
    name: node.name,
    attributes: new Map([...outer.attributes, ...node.attributes]),
    children: [...outer.children.filter(({ name }) => !own.has(name)), ...node.children],
  };
}

/**
 * A reference against a base that is relative itself (RFC 3986 §5.2, without its dot segments: those are refused
 * later).
 */
function joinReference(base: string, uri: string): string {
  const path = base.replace(/[?#].*$/s, "");
  if (/^[?#]/.test(uri) || uri === "") return path + uri;
  if (/^(?:[a-z][a-z0-9+.-]*:|[/\\])/i.test(uri)) return uri;
  return path.slice(0, path.lastIndexOf("/") + 1) + uri;
}
