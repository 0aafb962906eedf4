import { cp, mkdir, symlink, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "../support/markdown.ts";
import { listing, temporary } from "./support.ts";

async function tree(files: readonly string[]): Promise<string> {
  const folder = await temporary();
  for (const file of files) {
    await mkdir(join(folder, file, ".."), { recursive: true });
    await writeFile(join(folder, file), "x");
  }
  return folder;
}

const names = async (folder: string): Promise<string[]> =>
  (await listing(folder)).entries.map(({ name }) => relative(folder, name));

describe("of a folder", () => {
  test("what ends in the extension of a media is taken, below it too, in the order of the names", async () => {
    const files = [
      "b.mp4",
      "a/z.MKV",
      "a/y.mp3",
      "c.txt",
      "cover.jpg",
      "a.mp4.part",
      "mp4",
      "비디오.mov",
      "B.ts",
      "c/d/e.webm",
    ];
    expect(await names(await tree(files))).toEqual(["B.ts", "a/y.mp3", "a/z.MKV", "b.mp4", "c/d/e.webm", "비디오.mov"]);
  });

  test("nothing hidden is taken, no link to a folder, and of links to files those that lead to one", async () => {
    const folder = await tree(["a.mp4", ".b.mp4", ".trash/c.mp4", "real/d.mp4"]);
    await symlink(folder, join(folder, "round"));
    await symlink("real", join(folder, "also.mp4"));
    await symlink("a.mp4", join(folder, "link.mp4"));
    await symlink("gone.mp4", join(folder, "broken.mp4"));
    expect(await names(folder)).toEqual(["a.mp4", "link.mp4", "real/d.mp4"]);
  });

  test("names and keys are the same wherever it lies", async () => {
    const [one, other] = await Promise.all([tree(["a/b.mp4"]), tree(["a/b.mp4"])]);
    const [first, second] = [(await listing(one)).entries, (await listing(other)).entries];
    expect(first.map(({ key }) => key)).toEqual(second.map(({ key }) => key));
    expect(first[0]?.name).toBe(join(one, "a/b.mp4"));
  });

  test("HLS is one media: its playlists' files are no entries of their own, but what lies beside them is", async () => {
    const folder = await temporary();
    await cp(join(root, "fixtures/media/hls"), join(folder, "show"), { recursive: true });
    await writeFile(join(folder, "show/film.mp4"), "x");
    await writeFile(join(folder, "other.ts"), "x");
    const { entries, problems } = await listing(folder);
    expect(problems).toEqual([]);
    const found = entries.map(({ name }) => relative(folder, name));
    expect(found.filter((name) => name.endsWith(".m3u8"))).toHaveLength(1);
    expect(found.filter((name) => !name.endsWith(".m3u8"))).toEqual(["other.ts", "show/film.mp4"]);
  });

  test("a playlist that misses a file is told, and nothing else of its folder is taken for a media", async () => {
    const folder = await tree(["hls/0.ts", "hls/more/1.ts", "film.mp4"]);
    await writeFile(
      join(folder, "hls/list.m3u8"),
      "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n0.ts\n#EXTINF:4,\ngone.ts\n#EXT-X-ENDLIST\n",
    );
    const { entries, problems } = await listing(folder);
    expect(entries.map(({ name }) => relative(folder, name))).toEqual(["film.mp4", "hls/list.m3u8"]);
    expect(problems).toEqual([expect.stringContaining("hls/list.m3u8 cannot be read as a whole")]);
  });
});
