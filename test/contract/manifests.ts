/** Manifests with one reference of each kind, by the name of their type. */
export const manifests: Readonly<Record<string, string>> = {
  m3u8: [
    "#EXTM3U",
    "#EXT-X-TARGETDURATION:10",
    '#EXT-X-KEY:METHOD=AES-128,URI="key.bin"',
    '#EXT-X-MAP:URI="init.mp4"',
    "#EXTINF:10,",
    "a%20b.ts",
    "#EXT-X-ENDLIST",
    "",
  ].join("\n"),
  mpd: '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period><AdaptationSet mimeType="video/mp4"><Representation id="1"><BaseURL>v/a%20b.mp4</BaseURL></Representation></AdaptationSet></Period></MPD>',
};
