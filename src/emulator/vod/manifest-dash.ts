import { childNode, childText, parseXml, XmlError, type XmlNode } from "../../xml/parse.ts";
import { VodFailure } from "./envelope.ts";

/*
 * The part of MPEG-DASH (ISO/IEC 23009-1) that encoders write for files on disk: BaseURL on every level, SegmentList,
 * and SegmentTemplate by number or by timeline.
 */

const mostSegments = 100_000;
const levels = new Set(["Period", "AdaptationSet", "Representation"]);

/** `PT1H2M3.5S` → seconds. */
function seconds(duration: string | undefined): number {
  const match = /^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?T?(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?$/.exec(duration ?? "");
  const [, years = 0, months = 0, days = 0, hours = 0, minutes = 0, rest = 0] = match ?? [];
  const allDays = Number(years) * 365 + Number(months) * 30 + Number(days);
  return allDays * 86_400 + Number(hours) * 3600 + Number(minutes) * 60 + Number(rest);
}

/** Fills `$RepresentationID$`, `$Number%05d$` and their like. */
function fill(template: string, values: Readonly<Record<string, string | number>>): string {
  return template.replace(/\$(\w*)(?:%0(\d+)d)?\$/g, (_all, name: string, width: string | undefined) =>
    name === "" ? "$" : String(values[name] ?? "").padStart(Number(width ?? 0), "0"),
  );
}

/** Numbers and start times of a template's segments. */
function segments(
  attributes: ReadonlyMap<string, string>,
  timeline: XmlNode | undefined,
  total: number,
): { number: number; time: number }[] {
  const first = Number(attributes.get("startNumber") ?? 1);
  if (timeline === undefined) {
    const length = Number(attributes.get("duration") ?? 0) / Number(attributes.get("timescale") ?? 1);
    const count = length > 0 ? Math.min(mostSegments, Math.ceil(total / length - 1e-6)) : 0;
    return Array.from({ length: count }, (_none, index) => ({ number: first + index, time: 0 }));
  }
  const found: { number: number; time: number }[] = [];
  let time = 0;
  for (const { attributes: entry } of timeline.children.filter(({ name }) => name === "S")) {
    time = Number(entry.get("t") ?? time);
    for (let repeat = 0; repeat <= Number(entry.get("r") ?? 0); repeat++) {
      if (found.length >= mostSegments) {
        throw new VodFailure("InvalidParameterValue.MediaManifestContent", "The manifest names too many segments.");
      }
      found.push({ number: first + found.length, time });
      time += Number(entry.get("d") ?? 0);
    }
  }
  return found;
}

/** The last child of this name on the way from the root to a representation. */
function nearest(way: readonly XmlNode[], name: string): XmlNode | undefined {
  return way.map((node) => childNode(node, name)).findLast((node) => node !== undefined);
}

function ofTemplate(way: readonly XmlNode[], values: Readonly<Record<string, string>>, total: number): string[] {
  const templates = way.flatMap((node) => childNode(node, "SegmentTemplate") ?? []);
  const attributes = new Map(templates.flatMap((template) => [...template.attributes]));
  const files: string[] = [];
  const initialization = attributes.get("initialization");
  if (initialization !== undefined) files.push(fill(initialization, values));
  const media = attributes.get("media");
  if (media === undefined) return files;
  for (const { number, time } of segments(attributes, nearest(templates, "SegmentTimeline"), total))
    files.push(fill(media, { ...values, Number: number, Time: time }));
  return files;
}

function ofRepresentation(way: readonly XmlNode[], total: number): string[] {
  const { attributes } = way.at(-1) ?? { attributes: new Map<string, string>() };
  const values = { RepresentationID: attributes.get("id") ?? "", Bandwidth: attributes.get("bandwidth") ?? "" };
  const list = nearest(way, "SegmentList");
  const files = ofTemplate(way, values, total);
  for (const { name, attributes: of } of [
    ...(list?.children ?? []),
    ...(nearest(way, "SegmentBase")?.children ?? []),
  ]) {
    if (name === "Initialization" && of.has("sourceURL")) files.push(of.get("sourceURL") ?? "");
    if (name === "SegmentURL") files.push(of.get("media") ?? "");
  }
  const bases = way.map((node) => (childText(node, "BaseURL") ?? "").trim());
  return (files.length === 0 ? [""] : files).map((file) => [...bases, file].reduce(join, ""));
}

/** A reference below a base; what leads elsewhere stays as it is, to be refused. */
function join(base: string, reference: string): string {
  if (reference === "") return base;
  return /^(?:[a-z][a-z0-9+.-]*:|[/\\])/i.test(reference)
    ? reference
    : base.slice(0, base.lastIndexOf("/") + 1) + reference;
}

function walk(way: readonly XmlNode[], total: number): string[] {
  const node = way.at(-1);
  if (node === undefined) return [];
  if (node.name === "Representation") return ofRepresentation(way, total);
  const length = node.attributes.get("duration") ?? node.attributes.get("mediaPresentationDuration");
  const inside = length === undefined ? total : seconds(length);
  return node.children.filter(({ name }) => levels.has(name)).flatMap((child) => walk([...way, child], inside));
}

/** The files an MPD names, each once; undefined when the text is none. */
export function dashSegments(xml: string): string[] | undefined {
  try {
    const root = parseXml(Buffer.from(xml));
    if (root.name !== "MPD") return undefined;
    return [...new Set(walk([root], 0).filter((file) => file !== ""))];
  } catch (error) {
    if (error instanceof XmlError) return undefined;
    throw error;
  }
}
