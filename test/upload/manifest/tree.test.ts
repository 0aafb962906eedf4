import { mkdir, rename, symlink, truncate, unlink, writeFile } from "node:fs/promises";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { ManifestError, SourceError, planManifest } from "../../../src/index.ts";
import { ManifestFolder } from "../../../src/upload/manifest/folder.ts";
import { media, newFolder, playlist, tree } from "../support/trees.ts";

const paths = async (source: string): Promise<string[]> => (await planManifest(source)).files.map(({ path }) => path);

async function problems(source: string): Promise<readonly string[]> {
  const error: unknown = await planManifest(source).catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(ManifestError);
  expect(error).toMatchObject({ code: "MANIFEST_INVALID", retryable: false });
  return (error as ManifestError).problems;
}

describe("the files of a tree", () => {
  test("segments first, then nested manifests, the manifest last; each once", async () => {
    const root = await tree({
      "master.m3u8": playlist(
        '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="a",URI="audio/a.m3u8"',
        "#EXT-X-STREAM-INF:BANDWIDTH=1",
        "v/low.m3u8",
        "#EXT-X-STREAM-INF:BANDWIDTH=2",
        "v/low.m3u8?again",
        '#EXT-X-SESSION-KEY:METHOD=AES-128,URI="https://keys.example/1"',
      ),
      "audio/a.m3u8": media("a.aac"),
      "v/low.m3u8": playlist(
        '#EXT-X-MAP:URI="init.mp4"',
        '#EXT-X-KEY:METHOD=AES-128,URI="1.key"',
        "#EXT-X-BYTERANGE:10@0",
        "all.m4s",
        "#EXT-X-BYTERANGE:10@10",
        "./all.m4s",
      ),
      "audio/a.aac": "aac",
      "v/init.mp4": "init",
      "v/1.key": "key",
      "v/all.m4s": "segments",
      "v/not-named.ts": "",
    });
    const plan = await planManifest(join(root, "master.m3u8"));
    expect(plan.files.map(({ path, manifest }) => (manifest ? `${path} (manifest)` : path))).toEqual([
      "audio/a.aac",
      "v/init.mp4",
      "v/1.key",
      "v/all.m4s",
      "audio/a.m3u8 (manifest)",
      "v/low.m3u8 (manifest)",
      "master.m3u8 (manifest)",
    ]);
    expect(plan.bytes).toBe(plan.files.reduce((sum, { size }) => sum + size, 0));
    expect(plan.files.find(({ path }) => path === "v/init.mp4")).toEqual({
      path: "v/init.mp4",
      size: 4,
      contentType: "video/mp4",
      manifest: false,
    });
    expect(plan.warnings).toEqual([]);
  });

  test("byte-order mark, CRLF, capital extensions, names in any script, encoded and not", async () => {
    const names = ["영상 1.ts", "视频.ts", "a b.ts", "100%.ts", "#1.ts", "q?.ts"];
    const root = await tree({
      "TOP.M3U8": `\u{feff}${playlist("SUB/LOW.M3U8").replaceAll("\n", "\r\n")}`,
      "SUB/LOW.M3U8": media("영상%201.ts", "%E8%A7%86%E9%A2%91.ts", "a b.ts", "100%25.ts", "%231.ts", "q%3F.ts"),
      ...Object.fromEntries(names.map((name) => [`SUB/${name}`, name])),
    });
    expect(await paths(join(root, "TOP.M3U8"))).toEqual([
      ...names.map((name) => `SUB/${name}`),
      "SUB/LOW.M3U8",
      "TOP.M3U8",
    ]);
  });

  test("a playlist is one by its tag too, unless its content says otherwise", async () => {
    const root = await tree({
      "a.m3u8": playlist("#EXT-X-STREAM-INF:BANDWIDTH=1", "low", '#EXT-X-MEDIA:TYPE=SUBTITLES,URI="en.vtt"'),
      low: media("1.ts"),
      "en.vtt": "WEBVTT",
      "1.ts": "",
    });
    expect(await paths(join(root, "a.m3u8"))).toEqual(["en.vtt", "1.ts", "low", "a.m3u8"]);
  });

  test("manifests of both kinds, one within the other", async () => {
    const root = await tree({
      "a.mpd":
        "<MPD><Period><AdaptationSet><Representation><BaseURL>b/b.m3u8</BaseURL></Representation></AdaptationSet></Period></MPD>",
      "b/b.m3u8": media("c.ts"),
      "b/c.ts": "",
    });
    expect(await paths(join(root, "a.mpd"))).toEqual(["b/c.ts", "b/b.m3u8", "a.mpd"]);
  });

  test("circles end, each file is there once, and a warning tells", async () => {
    const root = await tree({
      "a.m3u8": playlist("b.m3u8", "d.m3u8", "s.ts"),
      "b.m3u8": playlist("c.m3u8", "s.ts"),
      "c.m3u8": playlist("b.m3u8", "s.ts"),
      "d.m3u8": media("s.ts"),
      "s.ts": "",
    });
    const plan = await planManifest(join(root, "a.m3u8"));
    expect(plan.files.map(({ path }) => path)).toEqual(["s.ts", "b.m3u8", "d.m3u8", "c.m3u8", "a.m3u8"]);
    expect(plan.warnings).toEqual([
      { code: "MANIFEST_LOOP", message: expect.stringMatching(/a circle: b\.m3u8, c\.m3u8$/) as unknown },
    ]);
  });

  test("a manifest that names itself is not among its own files", async () => {
    const root = await tree({ "a.m3u8": media("a.m3u8", "s.ts"), "s.ts": "" });
    const plan = await planManifest(join(root, "a.m3u8"));
    expect(plan.files.map(({ path }) => path)).toEqual(["s.ts", "a.m3u8"]);
    expect(plan.warnings).toMatchObject([{ code: "MANIFEST_LOOP" }]);
  });

  test("gaps and hints may be absent, and are uploaded when they are there", async () => {
    const text = media("a.ts") + '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="hint.mp4"\n#EXT-X-GAP\ngap.ts\n';
    const root = await tree({ "a.m3u8": text, "a.ts": "" });
    expect(await paths(join(root, "a.m3u8"))).toEqual(["a.ts", "a.m3u8"]);
    await writeFile(join(root, "hint.mp4"), "");
    expect(await paths(join(root, "a.m3u8"))).toEqual(["a.ts", "hint.mp4", "a.m3u8"]);
  });

  test("a file that one place can do without and another cannot is needed", async () => {
    const text = "#EXTM3U\n#EXT-X-GAP\ngone.ts\nb.m3u8\n";
    const root = await tree({ "a.m3u8": text, "b.m3u8": media("gone.ts") });
    expect(await problems(join(root, "a.m3u8"))).toEqual(['b.m3u8, line 4: "gone.ts" does not exist']);
  });

  test("symbolic links are followed inside of the folder, and the folder may be reached by one", async () => {
    const root = await tree({ "real/a.m3u8": media("l/1.ts", "2.ts"), "real/d/1.ts": "1" });
    await symlink("d", join(root, "real/l"));
    await symlink("d/1.ts", join(root, "real/2.ts"));
    await symlink("real", join(root, "way"));
    expect(await paths(join(root, "way/a.m3u8"))).toEqual(["l/1.ts", "2.ts", "a.m3u8"]);
  });
});

describe("what is wrong is listed at once", () => {
  test("in all manifests of the tree", async () => {
    const outside = await tree({ "secret.ts": "secret" });
    const root = await tree({
      "a.m3u8": playlist("b.m3u8", "missing.m3u8", "../x.ts", "ok.ts", "https://u:p@cdn.example/x.ts?sign=s"),
      "b.m3u8": media("gone%201.ts", "gone 1.ts", "link.ts", "/abs.ts", "d", "pipe.ts", "locked.ts", "l/secret.ts"),
      "ok.ts": "",
      "locked.ts": "",
      "d/x": "",
    });
    await symlink(join(outside, "secret.ts"), join(root, "link.ts"));
    await symlink(outside, join(root, "l"));
    execFileSync("mkfifo", [join(root, "pipe.ts")]);
    expect(await problems(join(root, "a.m3u8"))).toEqual(
      [
        'a.m3u8, line 5: "../x.ts" leads out of its folder by ".."',
        'a.m3u8, line 7: "https://…@cdn.example/x.ts?…" is a URL, not a relative path',
        'b.m3u8, line 10: "/abs.ts" is an absolute path',
        'a.m3u8, line 4: "missing.m3u8" does not exist',
        'b.m3u8, line 4: "gone%201.ts" does not exist',
        'b.m3u8, line 8: "link.ts" is a symbolic link that leads out of the manifest\'s folder',
        'b.m3u8, line 12: "d" is a folder',
        'b.m3u8, line 14: "pipe.ts" is not a regular file',
        'b.m3u8, line 18: "l/secret.ts" is a symbolic link that leads out of the manifest\'s folder',
      ].map((line) => expect.stringContaining(line) as unknown),
    );
  });

  test("the message stays short, the list is whole", async () => {
    const names = Array.from({ length: 1_000 }, (_none, index) => `${index}.ts`);
    const root = await tree({ "a.m3u8": media(...names) });
    const error = (await planManifest(join(root, "a.m3u8")).catch((cause: unknown) => cause)) as ManifestError;
    expect(error.problems).toHaveLength(1_000);
    expect(error.message.length).toBeLessThan(1_000);
    expect(error.message).toMatch(/^\S+a\.m3u8 cannot be uploaded: a\.m3u8, line 4: .*; and 990 more$/);
    expect(error.toJSON()).toMatchObject({ name: "ManifestError", code: "MANIFEST_INVALID" });
  });

  test.each([
    ["no playlist", "a.m3u8", "hello", "its first line is not #EXTM3U"],
    ["no UTF-8", "a.m3u8", Buffer.from([...Buffer.from("#EXTM3U\n"), 0xff]), "not UTF-8"],
    ["UTF-16", "a.m3u8", Buffer.from("#EXTM3U\n", "utf16le"), "its first line is not #EXTM3U"],
    ["no MPD", "a.mpd", "<a/>", "root is <a>"],
    ["a broken list of attributes", "a.m3u8", '#EXTM3U\n#EXT-X-MAP:URI="x', "line 2: the attributes of EXT-X-MAP"],
  ])("%s", async (_what, name, content, why) => {
    const root = await tree({ [name]: content });
    expect(await problems(join(root, name))).toEqual([expect.stringContaining(why)]);
  });

  test("a manifest larger than any is not read", async () => {
    const root = await tree({ "a.m3u8": "#EXTM3U\n" });
    await truncate(join(root, "a.m3u8"), 40 * 2 ** 20);
    expect(await problems(join(root, "a.m3u8"))).toEqual([expect.stringContaining("has more than")]);
  });
});

describe("the manifest itself", () => {
  test.each([
    ["absent", "none.m3u8", "SOURCE_NOT_FOUND"],
    ["in no folder", "none/a.m3u8", "SOURCE_NOT_FOUND"],
    ["a folder", "folder.m3u8", "SOURCE_UNREADABLE"],
  ])("%s", async (_what, name, code) => {
    const root = await newFolder();
    await mkdir(join(root, "folder.m3u8"));
    const error: unknown = await planManifest(join(root, name)).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(SourceError);
    expect(error).toMatchObject({ code });
  });

  test("a link to it from elsewhere is refused, one beside it is not", async () => {
    const root = await tree({ "a/a.m3u8": media("1.ts"), "a/1.ts": "", "b/1.ts": "" });
    await symlink("../a/a.m3u8", join(root, "b/b.m3u8"));
    await symlink("a.m3u8", join(root, "a/b.m3u8"));
    expect(await problems(join(root, "b/b.m3u8"))).toEqual([expect.stringContaining("give the path that it leads to")]);
    expect(await paths(join(root, "a/b.m3u8"))).toEqual(["1.ts", "b.m3u8"]);
  });

  test.each([["a.mp4"], [new URL("http://127.0.0.1/a.m3u8")], [""], ["http://127.0.0.1/a.m3u8"]])(
    "%s is none",
    async (source) => {
      await expect(planManifest(source)).rejects.toMatchObject({ code: "ERR_INVALID_ARG_VALUE" });
    },
  );

  test("a file: URL", async () => {
    const root = await tree({ "a b.m3u8": media() });
    expect((await planManifest(pathToFileURL(join(root, "a b.m3u8")))).files).toHaveLength(1);
  });
});

describe("between looking and opening", () => {
  async function located(root: string, path: string) {
    const { folder } = await ManifestFolder.around(join(root, "a.m3u8"));
    const file = await folder.locate(path);
    if ("why" in file) throw new Error(file.why);
    return { open: () => folder.open(file) };
  }

  test("a file that was swapped for a link, a pipe, another file or nothing is not read", async () => {
    const outside = await tree({ "secret.ts": "0123456789" });
    for (const swap of [
      (path: string) => symlink(join(outside, "secret.ts"), path),
      async (path: string) => void execFileSync("mkfifo", [path]),
      (path: string) => writeFile(path, "other bytes"),
      (path: string) => mkdir(path),
    ]) {
      const root = await tree({ "s/1.ts": "0123456789" });
      const file = await located(root, "s/1.ts");
      await unlink(join(root, "s/1.ts"));
      await swap(join(root, "s/1.ts"));
      await expect(file.open()).rejects.toMatchObject({ code: "SOURCE_CHANGED" });
    }
    const root = await tree({ "s/1.ts": "" });
    const file = await located(root, "s/1.ts");
    await unlink(join(root, "s/1.ts"));
    await expect(file.open()).rejects.toMatchObject({ code: "SOURCE_NOT_FOUND" });
  });

  test("a folder on the way that was swapped for a link is not followed, even to the very same file", async () => {
    const root = await tree({ "s/1.ts": "0123456789" });
    const file = await located(root, "s/1.ts");
    const outside = await newFolder();
    await rename(join(root, "s"), join(outside, "s"));
    await symlink(join(outside, "s"), join(root, "s"));
    await expect(file.open()).rejects.toMatchObject({ code: "SOURCE_CHANGED" });
  });
});
