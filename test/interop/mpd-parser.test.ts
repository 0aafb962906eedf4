import fc from "fast-check";
import { createRequire } from "node:module";
import { expect, test } from "vitest";
import { readMpd } from "../../src/upload/manifest/mpd.ts";

/** mpd-parser (of Video.js), to compare our own reader of DASH manifests with. */

const manifestUri = "http://host/folder/a.mpd";

interface Listed {
  readonly resolvedUri: string;
  readonly map?: { readonly resolvedUri: string };
}
interface Rendition {
  readonly resolvedUri?: string;
  readonly segments?: readonly Listed[];
  readonly sidx?: Listed;
}
interface Parsed {
  readonly playlists: readonly Rendition[];
  readonly mediaGroups: Readonly<
    Record<string, Readonly<Record<string, Readonly<Record<string, { readonly playlists: readonly Rendition[] }>>>>>
  >;
}

// It is installed with the vendors' clients only, and has no types.
const { parse } = createRequire(import.meta.url)("mpd-parser") as {
  parse(text: string, options: { manifestUri: string }): Parsed;
};

/** Files that mpd-parser sees, relative to the manifest. */
function theirs(text: string): Set<string> {
  const parsed = parse(text, { manifestUri });
  const groups = Object.values(parsed.mediaGroups).flatMap((group) => Object.values(group));
  const renditions = groups.flatMap((group) => Object.values(group)).flatMap(({ playlists }) => playlists);
  const found = new Set<string>();
  for (const { segments = [], sidx } of [...parsed.playlists, ...renditions]) {
    for (const { resolvedUri, map } of [...segments, ...(sidx === undefined ? [] : [sidx])]) {
      found.add(resolvedUri);
      if (map !== undefined) found.add(map.resolvedUri);
    }
  }
  return new Set([...found].map((uri) => decodeURIComponent(uri.replace("http://host/folder/", ""))));
}

function ours(text: string): Set<string> {
  const { references, problems, unreadable } = readMpd(Buffer.from(text));
  expect({ problems, unreadable }).toEqual({ problems: [], unreadable: undefined });
  return new Set(references.filter(({ optional }) => !optional).map(({ uri }) => decodeURIComponent(uri)));
}

const name = fc.stringMatching(/^[a-z0-9]{1,6}$/);
const folder = fc.option(name.map((text) => `<BaseURL>${text}/</BaseURL>`)).map((text) => text ?? "");
const count = fc.integer({ min: 1, max: 6 });

const timeline = fc
  .array(fc.record({ duration: fc.integer({ min: 1, max: 9 }), repeat: fc.nat(3) }), { minLength: 1, maxLength: 4 })
  .map((entries) => {
    const list = entries.map(({ duration, repeat }) => `<S d="${duration}" r="${repeat}"/>`).join("");
    const total = entries.reduce((sum, { duration, repeat }) => sum + duration * (repeat + 1), 0);
    return { list: `<SegmentTimeline>${list}</SegmentTimeline>`, total };
  });

/** What a representation's segments are told by. */
type Told =
  | { readonly kind: "number"; readonly start: number; readonly segments: number; readonly width: number }
  | {
      readonly kind: "time";
      readonly start: number;
      readonly timeline: { readonly list: string; readonly total: number };
    }
  | { readonly kind: "list"; readonly names: readonly string[] }
  | { readonly kind: "file"; readonly file: string };

const told: fc.Arbitrary<Told> = fc.oneof(
  fc.record({ kind: fc.constant("number" as const), start: fc.nat(20), segments: count, width: fc.nat(5) }),
  fc.record({ kind: fc.constant("time" as const), start: fc.nat(20), timeline }),
  fc.record({ kind: fc.constant("list" as const), names: fc.array(name, { minLength: 1, maxLength: 5 }) }),
  fc.record({ kind: fc.constant("file" as const), file: name }),
);

/** A representation, and how many seconds it has. */
function representation(how: Told, index: number): { xml: string; seconds: number } {
  const head = `<Representation id="r${index}" bandwidth="${1000 + index}" mimeType="video/mp4" codecs="avc1.4d4015" width="${100 + index}" height="100">`;
  const tail = "</Representation>";
  switch (how.kind) {
    case "number": {
      const width = how.width === 0 ? "" : `%0${how.width}d`;
      const media = `media="$RepresentationID$-$Bandwidth$-$Number${width}$.m4s" initialization="$RepresentationID$/i.mp4"`;
      const xml = `${head}<SegmentTemplate timescale="10" duration="20" startNumber="${how.start}" ${media}/>${tail}`;
      return { xml, seconds: 2 * how.segments };
    }
    case "time": {
      const media = `media="$RepresentationID$-$Time$-$Number$.m4s" initialization="i-$RepresentationID$.mp4"`;
      const template = `<SegmentTemplate timescale="1" startNumber="${how.start}" ${media}>${how.timeline.list}</SegmentTemplate>`;
      return { xml: `${head}${template}${tail}`, seconds: how.timeline.total };
    }
    case "list": {
      const list = how.names.map((text, number) => `<SegmentURL media="${text}-${index}-${number}.m4s"/>`).join("");
      const xml = `${head}<SegmentList duration="1"><Initialization sourceURL="i${index}.mp4"/>${list}</SegmentList>${tail}`;
      return { xml, seconds: how.names.length };
    }
    default: {
      const base = `<BaseURL>${how.file}-${index}.mp4</BaseURL>`;
      const xml = `${head}${base}<SegmentBase indexRange="100-200"><Initialization range="0-99"/></SegmentBase>${tail}`;
      return { xml, seconds: 1 };
    }
  }
}

test("finds the same files", () => {
  fc.assert(
    fc.property(told, folder, folder, folder, (how, atTop, inPeriod, inSet) => {
      const { xml, seconds } = representation(how, 1);
      const set = `<AdaptationSet mimeType="video/mp4" contentType="video">${inSet}${xml}</AdaptationSet>`;
      const text = `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT${seconds}S">${atTop}<Period>${inPeriod}${set}</Period></MPD>`;
      const files = theirs(text);
      expect(files.size).toBeGreaterThan(0);
      expect(ours(text)).toEqual(files);
    }),
    { numRuns: 500 },
  );
});
