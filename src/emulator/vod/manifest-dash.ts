import { decodeReferences } from "../../xml/text.ts";

/*
 * The part of MPEG-DASH (ISO/IEC 23009-1) that encoders write for files on disk: BaseURL of whole files, SegmentList,
 * and SegmentTemplate by number or by timeline, of one period. Read with patterns, as attributes are all that counts.
 */

/** Attributes of an opening tag. */
function attributes(tag: string): Map<string, string> {
  const found = [...tag.matchAll(/([\w:]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)];
  return new Map(found.map(([, name = "", double, single]) => [name, decodeReferences(double ?? single ?? "")]));
}

/** Opening tags of a name within a text, with what follows up to the end tag. */
function elements(xml: string, name: string): { tag: Map<string, string>; content: string }[] {
  const pattern = new RegExp(`<${name}\\b([^>]*?)(?:/>|>([\\s\\S]*?)</${name}>)`, "g");
  return [...xml.matchAll(pattern)].map(([, tag = "", content = ""]) => ({ tag: attributes(tag), content }));
}

/** `PT1H2M3.5S` → seconds. */
function seconds(duration: string | undefined): number {
  const match = /^P(?:(\d+)D)?T?(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?$/.exec(duration ?? "");
  const [, days = 0, hours = 0, minutes = 0, rest = 0] = match ?? [];
  return Number(days) * 86_400 + Number(hours) * 3600 + Number(minutes) * 60 + Number(rest);
}

/** Fills `$RepresentationID$`, `$Number%05d$` and their like. */
function fill(template: string, values: Readonly<Record<string, string | number>>): string {
  return template.replace(/\$(\w*)(?:%0(\d+)d)?\$/g, (_all, name: string, width: string | undefined) =>
    name === "" ? "$" : String(values[name] ?? "").padStart(Number(width ?? 0), "0"),
  );
}

/** Numbers and start times of a template's segments. */
function timeline(
  template: { tag: Map<string, string>; content: string },
  total: number,
): { number: number; time: number }[] {
  const first = Number(template.tag.get("startNumber") ?? 1);
  const entries = elements(template.content, "S");
  if (entries.length === 0) {
    const length = Number(template.tag.get("duration") ?? 0) / Number(template.tag.get("timescale") ?? 1);
    const count = length > 0 ? Math.ceil(total / length - 1e-6) : 0;
    return Array.from({ length: count }, (_none, index) => ({ number: first + index, time: 0 }));
  }
  const segments: { number: number; time: number }[] = [];
  let time = 0;
  for (const { tag } of entries) {
    time = Number(tag.get("t") ?? time);
    for (let repeat = 0; repeat <= Number(tag.get("r") ?? 0); repeat++) {
      segments.push({ number: first + segments.length, time });
      time += Number(tag.get("d") ?? 0);
    }
  }
  return segments;
}

function ofRepresentation(set: string, tag: Map<string, string>, content: string, total: number): string[] {
  const files: string[] = [];
  const template = elements(content, "SegmentTemplate")[0] ?? elements(set, "SegmentTemplate")[0];
  const base = { RepresentationID: tag.get("id") ?? "", Bandwidth: tag.get("bandwidth") ?? "" };
  const initialization = template?.tag.get("initialization");
  if (initialization !== undefined) files.push(fill(initialization, base));
  const media = template?.tag.get("media");
  if (template !== undefined && media !== undefined) {
    for (const { number, time } of timeline(template, total))
      files.push(fill(media, { ...base, Number: number, Time: time }));
  }
  for (const one of elements(content, "Initialization")) files.push(one.tag.get("sourceURL") ?? "");
  for (const one of elements(content, "SegmentURL")) files.push(one.tag.get("media") ?? "");
  if (files.length === 0) {
    for (const one of elements(content, "BaseURL")) files.push(decodeReferences(one.content.trim()));
  }
  return files;
}

/** The files an MPD names, each once; undefined when the text is none. */
export function dashSegments(xml: string): string[] | undefined {
  if (!/<MPD\b/.test(xml)) return undefined;
  const total = seconds(elements(xml, "MPD")[0]?.tag.get("mediaPresentationDuration"));
  const files = elements(xml, "AdaptationSet").flatMap(({ content: set }) =>
    elements(set, "Representation").flatMap(({ tag, content }) => ofRepresentation(set, tag, content, total)),
  );
  return [...new Set(files.filter((file) => file !== ""))];
}
