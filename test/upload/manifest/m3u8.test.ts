import fc from "fast-check";
import { parse, setOptions, type types } from "hls-parser";
import { describe, expect, test } from "vitest";
import { readM3u8 } from "../../../src/upload/manifest/m3u8.ts";
import { timing } from "../../support/timing.ts";

const uris = (text: string): string[] => readM3u8(text).references.map(({ uri }) => uri);
const playlist = (...lines: string[]): string => ["#EXTM3U", ...lines].join("\n");

describe("what a playlist refers to", () => {
  test.each([
    ["a segment", "#EXTINF:2,\na.ts", ["a.ts"]],
    ["a key", '#EXT-X-KEY:METHOD=AES-128,URI="k/1.key",IV=0x1', ["k/1.key"]],
    ["a session key", '#EXT-X-SESSION-KEY:METHOD=AES-128,URI="1.key"', ["1.key"]],
    ["an initialization section", '#EXT-X-MAP:URI="init.mp4",BYTERANGE="100@0"', ["init.mp4"]],
    ["a rendition", '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="b",URI="a.m3u8"', ["a.m3u8"]],
    ["an I-frame playlist", '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI="i.m3u8"', ["i.m3u8"]],
    ["session data", '#EXT-X-SESSION-DATA:DATA-ID="a",URI="d.json"', ["d.json"]],
    ["a partial segment", '#EXT-X-PART:DURATION=1,URI="p.mp4"', ["p.mp4"]],
    ["a hint", '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="p2.mp4"', ["p2.mp4"]],
    ["a variant", "#EXT-X-STREAM-INF:BANDWIDTH=1\nlow/v.m3u8", ["low/v.m3u8"]],
    ["no attribute", "#EXT-X-KEY:METHOD=NONE", []],
    ["an empty attribute", '#EXT-X-MEDIA:TYPE=AUDIO,URI=""', []],
    ["a comment", '# URI="a.ts"\n#EXTINF:2,URI="b.ts"\n#EXT-X-UNKNOWN:URI="c"', []],
  ])("%s", (_what, text, expected) => {
    expect(uris(playlist(text))).toEqual(expected);
  });

  test("an attribute's name is found outside of quotes only, and a quoted comma ends nothing", () => {
    const line = '#EXT-X-MEDIA:NAME="x,URI=wrong.m3u8,",DEFAULT=YES,URI="a,b=c.m3u8"';
    expect(uris(playlist(line))).toEqual(["a,b=c.m3u8"]);
    expect(uris(playlist('#EXT-X-MAP:X-URI="wrong",URI="right"'))).toEqual(["right"]);
  });

  test("names without quotes and every one of several are read: what is named is looked at", () => {
    expect(uris(playlist('#EXT-X-MAP:URI=a.mp4,URI="b.mp4"'))).toEqual(["a.mp4", "b.mp4"]);
  });

  test.each(['#EXT-X-MAP:URI="a.mp4', '#EXT-X-MAP:URI="a"b', "#EXT-X-MAP:URI", '#EXT-X-MAP:"a"'])(
    "%s is a problem and not skipped",
    (line) => {
      expect(readM3u8(playlist(line)).problems).toEqual(["line 2: the attributes of EXT-X-MAP cannot be read"]);
    },
  );

  test("line ends of all systems, and white space around a line", () => {
    expect(uris("#EXTM3U\r\n#EXTINF:2,\r\na.ts\r\n\r\nb.ts\rc.ts\n \td.ts \t")).toEqual([
      "a.ts",
      "b.ts",
      "c.ts",
      "d.ts",
    ]);
  });

  test("an ideographic space belongs to the name", () => {
    expect(uris(playlist("a.ts\u3000"))).toEqual(["a.ts\u3000"]);
  });

  test("says which line it was, and what follows EXT-X-STREAM-INF is a playlist whatever its name", () => {
    const { references } = readM3u8(playlist("#EXT-X-STREAM-INF:BANDWIDTH=1", "# comment", "v", "s.ts"));
    expect(references).toMatchObject([
      { uri: "v", where: "line 4", playlist: true },
      { uri: "s.ts", where: "line 5", playlist: false },
    ]);
  });

  test("what a gap or a hint names need not exist", () => {
    const text = playlist(
      "#EXT-X-GAP",
      "a.ts",
      "b.ts",
      '#EXT-X-PART:DURATION=1,URI="c",GAP=YES',
      '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="d"',
    );
    expect(readM3u8(text).references.map(({ uri, optional }) => `${uri} ${String(optional)}`)).toEqual([
      "a.ts true",
      "b.ts false",
      "c true",
      "d true",
    ]);
  });

  test.each(["", "a.ts", "\n#EXTM3U", "#EXTM3U8\na.ts", "<MPD/>"])("%j is no playlist", (text) => {
    expect(readM3u8(text)).toMatchObject({ references: [], unreadable: expect.stringContaining("#EXTM3U") });
  });

  test("a long line of blanks is read in no time", timing, () => {
    const started = performance.now();
    readM3u8(playlist(`#EXT-X-MAP:URI=${" ".repeat(2_000_000)}"`, `#EXT-X-MAP:${"A".repeat(2_000_000)}`));
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});

/** All URIs of what hls-parser made of a playlist, in no order. */
function uriSet(read: types.MasterPlaylist | types.MediaPlaylist): Set<string> {
  const found = new Set<string>();
  const take = (...items: readonly ({ uri?: string | undefined } | null | undefined)[]): void => {
    for (const item of items) if (item?.uri !== undefined && item.uri !== "") found.add(item.uri);
  };
  if (read.isMasterPlaylist) {
    take(...read.sessionDataList, ...read.sessionKeyList);
    for (const variant of read.variants) {
      take(variant, ...variant.audio, ...variant.video, ...variant.subtitles, ...variant.closedCaptions);
    }
  } else {
    for (const segment of read.segments) take(segment, segment.key, segment.map, ...segment.parts);
  }
  return found;
}

setOptions({ strictMode: true });

describe("finds the same as hls-parser", () => {
  const name = fc
    .string({
      unit: fc.constantFrom(..."abzAZ019-_.~ ,=영상ü%25é/".split("")),
      minLength: 1,
      maxLength: 12,
    })
    .map((text) => text.trim().replace(/^#/, ""))
    .filter((text) => text !== "");
  const end = fc.constantFrom("\n", "\r\n");
  const noise = fc.constantFrom("", "# a comment", '#EXT-X-VENDOR:URI="not-a-file"');

  const segment = fc
    .record({
      uri: name,
      key: fc.option(name),
      map: fc.option(name),
      range: fc.option(fc.nat(1000)),
      part: fc.option(name),
      noise,
    })
    .map(({ uri, key, map, range, part, noise: line }) => [
      ...(key === null ? [] : [`#EXT-X-KEY:METHOD=AES-128,URI="${key}",IV=0x${"0".repeat(32)}`]),
      ...(map === null ? [] : [`#EXT-X-MAP:URI="${map}",BYTERANGE="10@0"`]),
      ...(part === null ? [] : [`#EXT-X-PART:DURATION=1,INDEPENDENT=YES,URI="${part}"`]),
      ...(line === "" ? [] : [line]),
      "#EXTINF:2.0,a title, with a comma",
      ...(range === null ? [] : [`#EXT-X-BYTERANGE:100@${range}`]),
      uri,
    ]);

  const media = fc.tuple(fc.array(segment, { minLength: 1, maxLength: 8 }), end).map(([segments, newline]) => {
    const head = ["#EXTM3U", "#EXT-X-VERSION:6", "#EXT-X-TARGETDURATION:2", "#EXT-X-PART-INF:PART-TARGET=1"];
    return [...head, ...segments.flat(), "#EXT-X-ENDLIST", ""].join(newline);
  });

  const rendition = fc.tuple(name, fc.constantFrom("AUDIO", "SUBTITLES", "VIDEO"), fc.nat(1e6));
  const master = fc
    .record({
      variants: fc.array(name, { minLength: 1, maxLength: 4 }),
      renditions: fc.array(rendition, { maxLength: 4 }),
      frames: fc.option(name),
      data: fc.option(name),
      key: fc.option(name),
      newline: end,
    })
    .map(({ variants, renditions, frames, data, key, newline }) =>
      [
        "#EXTM3U",
        "#EXT-X-VERSION:6",
        ...renditions.map(
          ([uri, type, id]) => `#EXT-X-MEDIA:TYPE=${type},GROUP-ID="${type}",NAME="n, ${id}",URI="${uri}"`,
        ),
        ...variants.flatMap((uri) => {
          const groups = [...new Set(renditions.map(([, type]) => `,${type}="${type}"`))].join("");
          return [`#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="avc1,mp4a"${groups}`, uri];
        }),
        ...(frames === null ? [] : [`#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI="${frames}"`]),
        ...(data === null ? [] : [`#EXT-X-SESSION-DATA:DATA-ID="com.example",URI="${data}"`]),
        ...(key === null ? [] : [`#EXT-X-SESSION-KEY:METHOD=AES-128,URI="${key}"`]),
        "",
      ].join(newline),
    );

  test.each([
    ["media playlists", media],
    ["master playlists", master],
  ])("%s", (_kind, texts) => {
    fc.assert(
      fc.property(texts, (text) => {
        // hls-parser refuses two renditions of one name in a group.
        const names = text.match(/GROUP-ID="[^"]*",NAME="[^"]*"/g) ?? [];
        fc.pre(new Set(names).size === names.length);
        const read = parse(text);
        const { references, problems } = readM3u8(text);
        expect(problems).toEqual([]);
        expect(new Set(references.map(({ uri }) => uri))).toEqual(uriSet(read));
      }),
      { numRuns: 300 },
    );
  });
});
