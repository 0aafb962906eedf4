import { describe, expect, test } from "vitest";
import { start } from "./support/running.ts";
import { call, codeOf } from "./support/wire.ts";

async function segments(MediaManifestContent: string, ManifestType?: string): Promise<unknown> {
  const emulator = await start();
  const params = { MediaManifestContent, ...(ManifestType === undefined ? {} : { ManifestType }) };
  return (await call(emulator, "ParseStreamingManifest", params))["MediaSegmentSet"];
}

describe("HLS", () => {
  test("segments and the files of tags are named once each, in order", async () => {
    const playlist = [
      "#EXTM3U",
      '#EXT-X-MAP:URI="init.mp4"',
      '#EXT-X-KEY:METHOD=AES-128,URI="keys/1.key",IV=0x1',
      "#EXTINF:9.009,",
      "#EXT-X-BYTERANGE:100@0",
      "media/all.ts",
      "#EXTINF:9.009,",
      "#EXT-X-BYTERANGE:100@100",
      "media/all.ts",
      "",
      "영상 2.ts",
      "#EXT-X-ENDLIST",
    ];
    expect(await segments(playlist.join("\n"))).toEqual(["init.mp4", "keys/1.key", "media/all.ts", "영상 2.ts"]);
  });

  test("a master playlist names its playlists; BOM and CRLF do not disturb", async () => {
    const master = [
      "\u{feff}#EXTM3U",
      '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",URI="audio/a.m3u8"',
      "#EXT-X-STREAM-INF:BANDWIDTH=1",
      "low/index.m3u8",
      '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI="low/iframe.m3u8"',
    ];
    expect(await segments(master.join("\r\n"), "m3u8")).toEqual(["audio/a.m3u8", "low/index.m3u8", "low/iframe.m3u8"]);
  });

  test("the address of a key server is no file", async () => {
    expect(await segments('#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="https://keys.example/1"\na.ts')).toEqual(["a.ts"]);
  });

  test.each([
    "a.ts",
    "#EXTM3U\n../a.ts",
    "#EXTM3U\na/%2e%2E/b.ts",
    "#EXTM3U\n/a.ts",
    "#EXTM3U\nhttp://h/a.ts",
    '#EXTM3U\n#EXT-X-MAP:URI="data:x"',
    "",
  ])("%j is refused", async (MediaManifestContent) => {
    const emulator = await start();
    expect(await codeOf(emulator, "ParseStreamingManifest", { MediaManifestContent })).toBe(
      "InvalidParameterValue.MediaManifestContent",
    );
  });
});

describe("DASH", () => {
  test("templates by number, by timeline and by duration", async () => {
    const mpd = `<?xml version="1.0"?><MPD mediaPresentationDuration="PT10.0S"><Period>
      <AdaptationSet><SegmentTemplate timescale="1000" duration="4000" startNumber="1" initialization="v$RepresentationID$/init.m4s" media="v$RepresentationID$/seg-$Number%03d$.m4s"/>
        <Representation id="0"/><Representation id="1"></Representation></AdaptationSet>
      <AdaptationSet><Representation id="a&amp;b" bandwidth="64"><SegmentTemplate initialization="$Bandwidth$.m4s" media="$RepresentationID$-$Time$.m4s">
        <SegmentTimeline><S t="0" d="5" r="1"/><S d="3"/></SegmentTimeline></SegmentTemplate></Representation></AdaptationSet>
    </Period></MPD>`;
    expect(await segments(mpd, "mpd")).toEqual([
      "v0/init.m4s",
      "v0/seg-001.m4s",
      "v0/seg-002.m4s",
      "v0/seg-003.m4s",
      "v1/init.m4s",
      "v1/seg-001.m4s",
      "v1/seg-002.m4s",
      "v1/seg-003.m4s",
      "64.m4s",
      "a&b-0.m4s",
      "a&b-5.m4s",
      "a&b-10.m4s",
    ]);
  });

  test("lists and whole files", async () => {
    const mpd = `<MPD><Period>
      <AdaptationSet><Representation id="1"><SegmentList><Initialization sourceURL="i.mp4"/><SegmentURL media="1.m4s"/><SegmentURL media='2.m4s'/></SegmentList></Representation></AdaptationSet>
      <AdaptationSet><Representation id="2"><BaseURL>audio/whole.mp4</BaseURL><SegmentBase indexRange="0-1"/></Representation></AdaptationSet>
    </Period></MPD>`;
    expect(await segments(mpd, "mpd")).toEqual(["i.mp4", "1.m4s", "2.m4s", "audio/whole.mp4"]);
  });

  test("base URLs on every level, and what is inherited", async () => {
    const mpd = `<MPD mediaPresentationDuration="PT4S"><BaseURL>a/</BaseURL><Period>
      <AdaptationSet><BaseURL>v/</BaseURL><SegmentTemplate duration="2" initialization="i"/>
        <Representation id="1"><SegmentTemplate media="$Number$"/></Representation>
        <Representation id="2"><BaseURL>low/</BaseURL><SegmentTemplate media="$Number$" startNumber="7"/></Representation></AdaptationSet>
      <AdaptationSet><Representation><BaseURL>all.mp4</BaseURL><SegmentList><Initialization range="0-9"/><SegmentURL mediaRange="10-19"/></SegmentList></Representation></AdaptationSet>
    </Period></MPD>`;
    expect(await segments(mpd, "mpd")).toEqual("a/v/i a/v/1 a/v/2 a/v/low/i a/v/low/7 a/v/low/8 a/all.mp4".split(" "));
  });

  test.each([
    ["#EXTM3U\na.ts", "mpd", "InvalidParameterValue.MediaManifestContent"],
    [
      "<MPD><AdaptationSet><Representation><BaseURL>../a.mp4</BaseURL></Representation></AdaptationSet></MPD>",
      "mpd",
      "InvalidParameterValue.MediaManifestContent",
    ],
    ["#EXTM3U", "smooth", "InvalidParameterValue"],
  ])("%j as %s is refused", async (MediaManifestContent, ManifestType, code) => {
    const emulator = await start();
    expect(await codeOf(emulator, "ParseStreamingManifest", { MediaManifestContent, ManifestType })).toBe(code);
  });
});
