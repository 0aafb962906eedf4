import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ManifestError, planManifest } from "../../../src/index.ts";
import { readM3u8 } from "../../../src/upload/manifest/m3u8.ts";
import { expected, playlist, service, stored, tree } from "../support/trees.ts";

const define = (name: string, value: string): string => `#EXT-X-DEFINE:NAME="${name}",VALUE="${value}"`;
const uris = (...lines: string[]): string[] => readM3u8(playlist(...lines)).references.map(({ uri }) => uri);
const problemsOf = (...lines: string[]): readonly string[] => readM3u8(playlist(...lines)).problems;

const paths = async (source: string): Promise<string[]> => (await planManifest(source)).files.map(({ path }) => path);
async function problems(source: string): Promise<readonly string[]> {
  const error: unknown = await planManifest(source).catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(ManifestError);
  return (error as ManifestError).problems;
}

describe("EXT-X-DEFINE is put in the place of its name", () => {
  test.each([
    ["a segment", "{$d}/{$n}.ts", "v/1.ts"],
    ["a segment, twice the same", "{$n}{$n}.ts", "11.ts"],
    ["a key", '#EXT-X-KEY:METHOD=AES-128,URI="{$d}/k.key"', "v/k.key"],
    ["a session key", '#EXT-X-SESSION-KEY:METHOD=AES-128,URI="{$d}/k.key"', "v/k.key"],
    ["session data", '#EXT-X-SESSION-DATA:DATA-ID="a",URI="{$d}/d.json"', "v/d.json"],
    ["an initialization section", '#EXT-X-MAP:URI="{$d}/i.mp4"', "v/i.mp4"],
    ["a rendition", '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="{$n}",URI="{$d}/a.m3u8"', "v/a.m3u8"],
    ["I-frames", '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI="{$d}/i.m3u8"', "v/i.m3u8"],
    ["pictures", '#EXT-X-IMAGE-STREAM-INF:BANDWIDTH=1,URI="{$d}/j.m3u8"', "v/j.m3u8"],
    ["a part", '#EXT-X-PART:DURATION=1,URI="{$d}/p.mp4"', "v/p.mp4"],
    ["a hint", '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="{$d}/h.mp4"', "v/h.mp4"],
    ["a value with a blank, Korean and an encoded slash", "{$odd}.ts", "가 나%2f.ts"],
    ["a value that looks like a variable", "{$literal}.ts", "{$n}.ts"],
    ["a name next to a bracket of its own", "{{$n}}.ts", "{1}.ts"],
    ["what only looks like one", "{$}{$a b}{n}$n.ts", "{$}{$a b}{n}$n.ts"],
  ])("%s", (_what, line, uri) => {
    const head = [define("d", "v"), define("n", "1"), define("odd", "가 나%2f")];
    const literal = ['#EXT-X-DEFINE:NAME="open",VALUE="{"', '#EXT-X-DEFINE:NAME="literal",VALUE="{$open}$n}"'];
    expect(uris(...head, ...literal, line)).toEqual([uri]);
    expect(problemsOf(...head, ...literal, line)).toEqual([]);
  });

  test("a variant's line, and a value made of values", () => {
    const lines = [define("a", "x"), define("b", "{$a}/y"), "#EXT-X-STREAM-INF:BANDWIDTH=1", "{$b}/v.m3u8"];
    expect(readM3u8(playlist(...lines)).references).toMatchObject([{ uri: "x/y/v.m3u8", playlist: true }]);
  });

  test.each(["1.ts", '#EXT-X-MAP:URI="{$d}"'])(
    "below version 8, and without a definition, a name is a name",
    (line) => {
      expect(uris("#EXT-X-VERSION:7", line, "{$n}.ts").at(-1)).toBe("{$n}.ts");
      expect(problemsOf("#EXT-X-VERSION:7", line, "{$n}.ts")).toEqual([]);
    },
  );
});

describe("what players fail at is a problem with its line and its variable", () => {
  test.each([
    ["not defined", ["#EXT-X-VERSION:8", "{$gone}/1.ts"], 'line 4: "{$gone}/1.ts": the variable gone is not defined'],
    ["defined below", ["{$d}/1.ts", define("d", "v"), "{$d}/2.ts", "{$e}/3.ts"], "line 6: "],
    ["not defined, in a tag", [define("d", "v"), '#EXT-X-MAP:URI="{$e}/i.mp4"'], "the variable e is not defined"],
    ["not defined, in another attribute", [define("d", "v"), '#EXT-X-MEDIA:TYPE=AUDIO,NAME="{$e}"'], "line 4: "],
    [
      "not defined, in a tag without files",
      [define("d", "v"), '#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO="{$e}"', "a.m3u8"],
      "line 4: ",
    ],
    [
      "defined twice",
      [define("d", "v"), define("d", "w")],
      "line 4: EXT-X-DEFINE defines the variable d a second time",
    ],
    ["no value", ['#EXT-X-DEFINE:NAME="d"'], "line 3: EXT-X-DEFINE gives the variable d no VALUE"],
    ["no name", ['#EXT-X-DEFINE:VALUE="d"'], "line 3: EXT-X-DEFINE needs NAME, IMPORT or QUERYPARAM"],
    ["two kinds", ['#EXT-X-DEFINE:NAME="d",VALUE="v",IMPORT="d"'], "only one of them"],
    ["an impossible name", [define("a b", "v")], 'line 3: EXT-X-DEFINE: "a b" cannot name a variable'],
    ["an unreadable list", ['#EXT-X-DEFINE:NAME="d'], "line 3: the attributes of EXT-X-DEFINE cannot be read"],
    ["imported from nowhere", ['#EXT-X-DEFINE:IMPORT="d"', "{$d}.ts"], "line 3: EXT-X-DEFINE imports the variable d"],
    [
      "of the URL",
      ['#EXT-X-DEFINE:QUERYPARAM="d"', "{$d}.ts"],
      "the variable d is a query parameter of the playlist's URL, which a local file has not",
    ],
    ["of the URL, by way of another", ['#EXT-X-DEFINE:QUERYPARAM="d"', define("e", "x?{$d}"), "{$e}.ts"], "line 5: "],
  ])("%s", (_what, lines, problem) => {
    expect(problemsOf(...lines)).toEqual([expect.stringContaining(problem)]);
  });

  test("values that double line by line come to an end", () => {
    const doubled = Array.from({ length: 60 }, (_none, index) => define(`v${index + 1}`, `{$v${index}}{$v${index}}`));
    const [first, ...more] = problemsOf(define("v0", "lol"), ...doubled, "{$v60}.ts");
    expect(first).toMatch(/^line \d+: .*the variable v\d+ makes it longer than 8192 characters$/);
    expect(more.length).toBeLessThan(60);
  });
});

describe("a value leads nowhere that a name could not", () => {
  test.each([
    ["..", "{$v}/outside.ts", 'leads out of its folder by ".."'],
    [".", "{$v}./outside.ts", 'leads out of its folder by ".."'],
    ["%2e%2e", "{$v}/outside.ts", 'leads out of its folder by ".."'],
    ["/etc", "{$v}/passwd", "is an absolute path"],
    ["https:", "{$v}//example.com/a.ts", "is a URL"],
    ["//example.com", "{$v}/a.ts", "names another host"],
    ["a\\", "{$v}b.ts", "backslash"],
  ])("%s in %s", async (value, line, why) => {
    const root = await tree({ "d/a.m3u8": playlist(define("v", value), line), "outside.ts": "secret" });
    const [problem = "", ...more] = await problems(join(root, "d/a.m3u8"));
    expect(problem).toContain(`a.m3u8, line 4: ${JSON.stringify(line)}, here `);
    expect(problem).toContain(why);
    expect(more).toEqual([]);
  });

  test("a file that is not there is told with what it was written as", async () => {
    const root = await tree({ "a.m3u8": playlist(define("v", "seg"), "{$v}/1.ts") });
    expect(await problems(join(root, "a.m3u8"))).toEqual([
      'a.m3u8, line 4: "{$v}/1.ts", here "seg/1.ts", does not exist',
    ]);
  });
});

describe("what a playlist takes from the one that refers to it", () => {
  const variant = (...lines: string[]): string[] => ["#EXT-X-STREAM-INF:BANDWIDTH=1", ...lines];

  test("IMPORT, also of what is defined below the reference, and by two with values of their own", async () => {
    const root = await tree({
      "top.m3u8": playlist(...variant("a.m3u8"), ...variant("b.m3u8"), "#EXT-X-STREAM-INF:BANDWIDTH=2", "c.m3u8"),
      "a.m3u8": playlist(...variant("media.m3u8"), define("d", "a")),
      "b.m3u8": playlist(define("d", "b"), ...variant("media.m3u8")),
      "c.m3u8": playlist(define("d", "a"), define("other", "1"), ...variant("media.m3u8")),
      "media.m3u8": playlist('#EXT-X-DEFINE:IMPORT="d"', "{$d}/1.ts"),
      "a/1.ts": "a",
      "b/1.ts": "b",
    });
    const found = await paths(join(root, "top.m3u8"));
    expect(found.filter((path) => path.endsWith(".ts"))).toEqual(["a/1.ts", "b/1.ts"]);
    expect(found.filter((path) => path === "media.m3u8")).toHaveLength(1);
  });

  test("IMPORT of what the other does not define", async () => {
    const root = await tree({
      "top.m3u8": playlist(define("e", "x"), ...variant("media.m3u8")),
      "media.m3u8": playlist('#EXT-X-DEFINE:IMPORT="d"', "{$d}/1.ts"),
    });
    const told = await problems(join(root, "top.m3u8"));
    expect(told[0]).toBe(
      "media.m3u8, line 3: EXT-X-DEFINE imports the variable d, which no playlist that refers to this one defines",
    );
  });

  test("QUERYPARAM, with the query of each reference", async () => {
    const root = await tree({
      "top.m3u8": playlist(
        ...variant("m.m3u8?d=x&t=1"),
        ...variant("m.m3u8?t=2&d=%EA%B0%80"),
        ...variant("m.m3u8?d=x#f"),
      ),
      "m.m3u8": playlist('#EXT-X-DEFINE:QUERYPARAM="d"', "{$d}/1.ts"),
      "x/1.ts": "",
      "가/1.ts": "",
    });
    expect(await paths(join(root, "top.m3u8"))).toEqual(["x/1.ts", "가/1.ts", "m.m3u8", "top.m3u8"]);
  });

  test.each(["m.m3u8", "m.m3u8?", "m.m3u8?d", "m.m3u8?d=", "m.m3u8?dd=1"])(
    "QUERYPARAM that %s has not",
    async (line) => {
      const root = await tree({
        "top.m3u8": playlist(...variant(line)),
        "m.m3u8": playlist('#EXT-X-DEFINE:QUERYPARAM="d"', "1.ts?{$d}"),
        "1.ts": "",
      });
      expect(await problems(join(root, "top.m3u8"))).toEqual([
        "m.m3u8, line 3: EXT-X-DEFINE: this playlist is referred to without the query parameter d",
      ]);
    },
  );

  test("a parameter of the player's URL may stand in a query: no file depends on it", async () => {
    const root = await tree({
      "top.m3u8": playlist('#EXT-X-DEFINE:QUERYPARAM="t"', ...variant("m.m3u8?t={$t}&d=x"), "1.ts?t={$t}"),
      "m.m3u8": playlist('#EXT-X-DEFINE:QUERYPARAM="d"', '#EXT-X-DEFINE:IMPORT="t"', "{$d}/1.ts#{$t}"),
      "1.ts": "",
      "x/1.ts": "",
    });
    expect(await paths(join(root, "top.m3u8"))).toEqual(["1.ts", "x/1.ts", "m.m3u8", "top.m3u8"]);
  });

  test("a playlist that refers to itself with an ever longer query comes to an end", async () => {
    const root = await tree({
      "a.m3u8": playlist('#EXT-X-DEFINE:QUERYPARAM="q"', ...variant("b.m3u8?q=1")),
      "b.m3u8": "",
    });
    await tree({ "b.m3u8": playlist('#EXT-X-DEFINE:QUERYPARAM="q"', ...variant("b.m3u8?q={$q}1")) }, root);
    expect(await problems(join(root, "a.m3u8"))).toEqual(["it refers to more than 1000 manifests"]);
  });
});

test("a tree with variables arrives whole, whatever form the service names its files in", async () => {
  const fault = (...names: string[]) => ({
    operation: "ParseStreamingManifest",
    fault: {
      kind: "answer" as const,
      status: 200,
      body: JSON.stringify({ Response: { MediaSegmentSet: names, RequestId: "r" } }),
    },
  });
  const root = await tree({
    "a.m3u8": playlist(define("d", "video"), "{$d}/1.ts", "{$d}/2.ts"),
    "video/1.ts": "1",
    "video/2.ts": "2",
  });
  for (const faults of [[], [fault("{$d}/1.ts", "video/2.ts")]]) {
    const { emulator, vod } = await service({ faults });
    const warnings: unknown[] = [];
    const options = { onWarning: (one: unknown) => warnings.push(one), offlineManifest: faults.length === 0 };
    const { fileId } = await vod.upload(join(root, "a.m3u8"), options);
    expect(await stored(emulator, fileId)).toEqual(await expected(root, "a.m3u8", ["video/1.ts", "video/2.ts"]));
    expect(warnings).toEqual([]);
  }
});
