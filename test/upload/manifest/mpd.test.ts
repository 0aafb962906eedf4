import { describe, expect, test } from "vitest";
import { readMpd } from "../../../src/upload/manifest/mpd.ts";
import { timing } from "../../support/timing.ts";

const read = (text: string) => readMpd(Buffer.from(text));
const files = (text: string): string[] => {
  const { references, problems, unreadable } = read(text);
  expect({ problems, unreadable }).toEqual({ problems: [], unreadable: undefined });
  return references.filter(({ optional }) => !optional).map(({ uri }) => uri);
};
const mpd = (body: string, attributes = ""): string =>
  `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" ${attributes}>${body}</MPD>`;
/** One representation with id "v" and bandwidth 64 and this inside. */
const one = (inside: string, attributes = 'mediaPresentationDuration="PT10S"'): string =>
  mpd(
    `<Period><AdaptationSet><Representation id="v" bandwidth="64">${inside}</Representation></AdaptationSet></Period>`,
    attributes,
  );

describe("segment templates", () => {
  test.each([
    ["by number", 'timescale="1000" duration="2500" media="$Number$.m4s"', ["1.m4s", "2.m4s", "3.m4s", "4.m4s"]],
    ["from a start number", 'startNumber="0" duration="5" media="$Number$"', ["0", "1"]],
    ["to an end number", 'startNumber="3" endNumber="4" duration="1" media="$Number$"', ["3", "4"]],
    ["with width", 'duration="5" media="$Number%05d$-$Bandwidth%04d$"', ["00001-0064", "00002-0064"]],
    ["with time of constant segments", 'duration="5" presentationTimeOffset="7" media="$Time$"', ["7", "12"]],
    [
      "of id and bandwidth",
      'duration="10" initialization="$RepresentationID$-$Bandwidth$-i" media="$RepresentationID$/$Number$"',
      ["v-64-i", "v/1"],
    ],
    ["with a dollar sign", 'duration="10" media="$$$Number$$$"', ["$1$"]],
    ["without a number", 'media="all.m4s" initialization="i.m4s"', ["i.m4s", "all.m4s"]],
    ["with an index of each segment", 'duration="10" media="$Number$.m4s" index="$Number$.sidx"', ["1.m4s", "1.sidx"]],
    ["with an index of all", 'duration="10" media="$Number$.m4s" index="all.sidx"', ["all.sidx", "1.m4s"]],
    ["with a bit stream switching file", 'duration="10" media="$Number$" bitstreamSwitching="s"', ["s", "1"]],
  ])("%s", (_how, attributes, expected) => {
    expect(files(one(`<SegmentTemplate ${attributes}/>`))).toEqual(expected);
  });

  const timeline = (entries: string, attributes = ""): string =>
    `<SegmentTemplate media="$Number$-$Time$" ${attributes}><SegmentTimeline>${entries}</SegmentTimeline></SegmentTemplate>`;

  test.each([
    ["durations in a row", '<S t="5" d="2"/><S d="3"/><S d="1"/>', "", ["1-5", "2-7", "3-10"]],
    ["repetitions", '<S d="2" r="2"/><S t="100" d="1"/>', "", ["1-0", "2-2", "3-4", "4-100"]],
    ["repetition up to the next time", '<S t="0" d="3" r="-1"/><S t="9" d="1"/>', "", ["1-0", "2-3", "3-6", "4-9"]],
    ["repetition up to the end", '<S t="0" d="5" r="-1"/>', "", ["1-0", "2-5"]],
    [
      "repetition up to the end, with offset",
      '<S t="100" d="5" r="-1"/>',
      'presentationTimeOffset="100"',
      ["1-100", "2-105"],
    ],
    ["times beyond 2^53", '<S t="9007199254740993" d="1" r="1"/>', "", ["1-9007199254740993", "2-9007199254740994"]],
  ])("%s", (_how, entries, attributes, expected) => {
    expect(files(one(timeline(entries, attributes)))).toEqual(expected);
  });

  test("the last segment that only a rounded duration promises need not exist", () => {
    const optional = (text: string): boolean[] => read(text).references.map((reference) => reference.optional);
    const byDuration = '<SegmentTemplate duration="4" media="$Number$"/>';
    expect(optional(one(byDuration))).toEqual([false, false, true, true]);
    expect(optional(one(byDuration, 'mediaPresentationDuration="PT8S"'))).toEqual([false, false, true]);
    expect(optional(one(byDuration.replace("duration", 'endNumber="2" duration')))).toEqual([false, false]);
    expect(optional(one(timeline('<S d="4" r="-1"/>')))).toEqual([false, false, true]);
    expect(optional(one(timeline('<S d="4" r="1"/>')))).toEqual([false, false]);
  });

  test("a duration that is a hair too long promises no further segment", () => {
    expect(
      files(
        one(
          '<SegmentTemplate timescale="90000" duration="180000" media="$Number$"/>',
          'mediaPresentationDuration="PT4.0000001S"',
        ),
      ),
    ).toEqual(["1", "2"]);
  });
});

describe("lists and whole files", () => {
  test("a list, with an index and a range of a file that is named elsewhere", () => {
    const inside = `<BaseURL>v/all.mp4</BaseURL><SegmentList><Initialization sourceURL="i.mp4"/><RepresentationIndex sourceURL="x"/>
      <SegmentURL media="1.m4s" index="1.sidx"/><SegmentURL mediaRange="0-9"/></SegmentList>`;
    expect(files(one(inside))).toEqual(["v/i.mp4", "v/x", "v/1.m4s", "v/1.sidx", "v/all.mp4"]);
  });

  test("a file with its index inside", () => {
    const inside = '<BaseURL>a.mp4</BaseURL><SegmentBase indexRange="0-9"><Initialization range="0-5"/></SegmentBase>';
    expect(files(one(inside))).toEqual(["a.mp4"]);
  });

  test("a file and nothing else", () => {
    expect(files(one("<BaseURL> subs/en.vtt </BaseURL>"))).toEqual(["subs/en.vtt"]);
  });
});

describe("what is inherited", () => {
  test("base URLs from level to level, with a file's name replaced", () => {
    const text = mpd(
      `<BaseURL>a/</BaseURL><Period><BaseURL>b/</BaseURL><AdaptationSet><BaseURL>c/file</BaseURL>
       <Representation id="1"><BaseURL>d/</BaseURL><SegmentTemplate media="$RepresentationID$.m4s"/></Representation>
       <Representation id="2"><SegmentTemplate media="$RepresentationID$.m4s"/></Representation></AdaptationSet></Period>`,
    );
    expect(files(text)).toEqual(["a/b/c/d/1.m4s", "a/b/c/2.m4s"]);
  });

  test("every one of several base URLs: a player may take any", () => {
    expect(
      files(one("<BaseURL>x/</BaseURL><BaseURL>y/</BaseURL><SegmentList><SegmentURL media='1'/></SegmentList>")),
    ).toEqual(["x/1", "y/1"]);
  });

  test("template attributes and timelines, the nearest first", () => {
    const text = mpd(
      `<Period duration="PT4S"><SegmentTemplate timescale="10" initialization="i$RepresentationID$"/>
       <AdaptationSet><SegmentTemplate duration="20" media="$RepresentationID$-$Number$"/>
       <Representation id="a"/><Representation id="b"><SegmentTemplate startNumber="5"><SegmentTimeline><S d="1"/></SegmentTimeline></SegmentTemplate></Representation>
       <Representation id="c"><BaseURL>c.mp4</BaseURL><SegmentBase/></Representation></AdaptationSet></Period>`,
    );
    expect(files(text)).toEqual(["ia", "a-1", "a-2", "ib", "b-5", "c.mp4"]);
  });
});

describe("periods", () => {
  const period = (attributes: string, name: string): string =>
    `<Period ${attributes}><AdaptationSet><SegmentTemplate duration="1" media="${name}$Number$"/><Representation/></AdaptationSet></Period>`;

  test.each([
    ["their own duration", 'duration="PT2S"', 'duration="PT1S"', "", ["a1", "a2", "b1"]],
    ["the next one's start", 'start="PT0S"', 'start="PT1S"', 'mediaPresentationDuration="PT3S"', ["a1", "b1", "b2"]],
    ["all that is left", 'duration="PT2S"', "", 'mediaPresentationDuration="P0Y0M0DT0H0M3.000S"', ["a1", "a2", "b1"]],
  ])("end by %s", (_by, first, second, attributes, expected) => {
    expect(files(mpd(period(first, "a") + period(second, "b"), attributes))).toEqual(expected);
  });
});

describe("what is not understood", () => {
  test.each([
    ["#EXTM3U\na.ts", "XML"],
    ["<SmoothStreamingMedia/>", "root is <SmoothStreamingMedia>"],
    [one('<SegmentTemplate duration="1" media="$Number$"/>', 'type="dynamic"'), "no end"],
    [one('<SegmentTemplate media="$Number$"/>'), "neither a duration"],
    [
      one('<SegmentTemplate media="$Time$"><SegmentTimeline><S d="1" r="-1"/></SegmentTimeline></SegmentTemplate>', ""),
      "no end",
    ],
    [
      one('<SegmentTemplate media="$Time$"><SegmentTimeline><S/></SegmentTimeline></SegmentTemplate>'),
      "without a duration",
    ],
    [one('<SegmentTemplate duration="1" media="$Numbr$"/>'), "unknown identifier"],
    [one('<SegmentTemplate duration="1" media="$Number$-$SubNumber$"/>'), "unknown identifier"],
    [one('<SegmentTemplate duration="1" initialization="$Number$" media="$Number$"/>'), "has no Number"],
    [one('<SegmentTemplate duration="1e3" media="$Number$"/>'), "not an integer"],
    [one('<SegmentTemplate duration="1" media="$Number$"/>', 'mediaPresentationDuration="10s"'), "not a duration"],
    [mpd('<Period xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="https://x/p.xml"/>'), "xlink"],
  ])("%s", (text, why) => {
    expect(read(text).unreadable).toContain(why);
  });

  test("a DOCTYPE is a problem for whoever reads it", () => {
    expect(read('<!DOCTYPE MPD [<!ENTITY x "y">]><MPD/>').problems).toEqual([expect.stringContaining("DOCTYPE")]);
  });

  test("a link that stands for nothing is none", () => {
    expect(files(mpd('<Period xlink:href="urn:mpeg:dash:resolve-to-zero:2013"/>'))).toEqual([]);
  });
});

describe("hostile manifests", () => {
  test.each(["https://cdn.example/v/", "//cdn.example/", "/v/", "../..", "v/%2e%2e/%2e%2e/", "file:///etc/", "..\\"])(
    "the base %s is one problem, not one for each segment",
    (base) => {
      const { references, problems } = read(
        one(`<BaseURL>${base}</BaseURL><SegmentTemplate duration="1" media="$Number$"/>`),
      );
      expect(references).toEqual([]);
      expect(problems).toEqual([expect.stringContaining("Period 1, Representation v: the BaseURL")]);
    },
  );

  test.each([
    ["a segment", '<SegmentList><SegmentURL media="/etc/passwd"/></SegmentList>', "/etc/passwd"],
    [
      "an initialization",
      '<BaseURL>v/</BaseURL><SegmentBase><Initialization sourceURL="file:///etc/passwd"/></SegmentBase>',
      "file:///etc/passwd",
    ],
    ["a template", '<SegmentTemplate media="../$RepresentationID$"/>', "../v"],
  ])("an address in %s stays what it is, to be refused", (_where, inside, uri) => {
    expect(read(one(inside)).references.map((reference) => reference.uri)).toContain(uri);
  });

  test.each([
    [
      "endless segments",
      one('<SegmentTemplate duration="1" media="$Number$"/>', 'mediaPresentationDuration="P999999999999Y"'),
    ],
    [
      "endless repetition",
      one(
        '<SegmentTemplate media="$Time$"><SegmentTimeline><S d="1" r="99999999999999999999"/></SegmentTimeline></SegmentTemplate>',
      ),
    ],
    [
      "endless segments without a usable base",
      one(
        '<BaseURL>/</BaseURL><SegmentTemplate media="$Time$"><SegmentTimeline><S d="1" r="99999999999999999999"/></SegmentTimeline></SegmentTemplate>',
      ),
    ],
    ["wide numbers", one('<SegmentTemplate duration="1" media="$Number%099999999d$"/>')],
    [
      "a long id in a long template",
      mpd(
        `<Period><AdaptationSet><Representation id="${"x".repeat(1e6)}"><SegmentTemplate media="${"$RepresentationID$".repeat(1e5)}"/></Representation></AdaptationSet></Period>`,
      ),
    ],
    [
      "long names of many segments",
      one(
        `<SegmentTemplate media="${"x".repeat(4_000)}$Time$"><SegmentTimeline><S d="1" r="999999"/></SegmentTimeline></SegmentTemplate>`,
      ),
    ],
    [
      "bases multiplied",
      mpd(
        `<Period>${"<BaseURL>a</BaseURL>".repeat(30)}<AdaptationSet>${"<BaseURL>b</BaseURL>".repeat(30)}<Representation/></AdaptationSet></Period>`,
      ),
    ],
  ])("%s come to an end", timing, (_what, text) => {
    const started = performance.now();
    expect(read(text).problems[0] ?? read(text).unreadable).toBeTypeOf("string");
    expect(performance.now() - started).toBeLessThan(14_000);
  });
});
