import { mkdir, readdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { openBatch } from "../../src/batch/batch-list.ts";
import { readChoice } from "../../src/batch/choice.ts";
import { manifest, temporary } from "./support.ts";

const files = ["a.mp4", "b.mov", "Drafts/c.mp4", "course/1/d.mp4", "course/1/e.mkv", "course/drafts/f.mp4", "x,y.mp4"];

async function taken(include: readonly string[], exclude: readonly string[] = []): Promise<string[]> {
  const folder = await temporary();
  for (const name of files) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), "x");
  }
  const choice = await readChoice(include, exclude);
  const { signal } = new AbortController();
  const list = await openBatch({ path: folder, defaults: {}, choice, note: () => undefined, signal });
  const names: string[] = [];
  for await (const listed of list.entries()) if ("entry" in listed) names.push(listed.entry.name);
  return names.map((name) => name.slice(folder.length + 1)).sort();
}

describe("globs choose the files of a folder", () => {
  test.each<[string, string[], string[], string[]]>([
    ["none", [], [], files],
    ["by name, anywhere below", ["*.mov", "*.mkv"], [], ["b.mov", "course/1/e.mkv"]],
    ["by path", ["course/**"], [], ["course/1/d.mp4", "course/1/e.mkv", "course/drafts/f.mp4"]],
    ["only at the top", ["./*.mp4"], [], ["a.mp4", "x,y.mp4"]],
    ["in braces", ["*.{mov,mkv}"], [], ["b.mov", "course/1/e.mkv"]],
    ["but not a folder of that name", [], ["drafts"], files.filter((name) => !name.includes("drafts"))],
    ["but not one path", [], ["course/1/"], files.filter((name) => !name.includes("course/1"))],
    ["but not what is left out of them", ["course/**"], ["*.mkv"], ["course/1/d.mp4", "course/drafts/f.mp4"]],
    ["nothing", ["*.webm"], [], []],
  ])("%s", async (_, include, exclude, names) => {
    expect(await taken(include, exclude)).toEqual([...names].sort());
  });
});

test("globs choose the entries of a manifest by their sources; mistakes are told all the same", async () => {
  const folder = await temporary();
  const path = join(folder, "m.ndjson");
  await writeFile(path, '{"source":"a/b.mp4"}\n{"source":"c.mp4"}\n{"source":"https://example.com/d.mp4?k=1"}\nno\n');
  const choice = await readChoice([], ["a/**", "https://*/**"]);
  const { signal } = new AbortController();
  const list = await openBatch({ path, defaults: {}, choice, note: () => undefined, signal });
  const found: string[] = [];
  for await (const listed of list.entries()) found.push("entry" in listed ? listed.entry.name : listed.problem);
  expect(found).toEqual(["c.mp4", expect.stringContaining("line 4")]);
});

test("all mistakes of a line are told at once, the first of each field", async () => {
  const line = { source: "a.txt", mediaName: 5, classId: "x", cover: "b.txt", expireTime: "never", sourceContex: "" };
  const { problems } = await manifest("m.ndjson", JSON.stringify(line));
  expect(problems).toHaveLength(1);
  for (const field of ["mediaName: ", "classId: ", "expireTime: ", "sourceContex: ", "mediaType: ", "coverType: "])
    expect(problems[0]?.split(field)).toHaveLength(2);
  const csv = await manifest("m.csv", "source,nam,clas\na.mp4,1,2\n");
  expect(csv.problems[0]).toMatch(/nam: .*clas: /);
});

describe("a manifest that is piped in", () => {
  const kept = async (): Promise<string[]> =>
    (await readdir(tmpdir())).filter((name) => name.startsWith("vodup-manifest-"));

  test("can be read twice, its paths begin in the working directory, and nothing of it stays", async () => {
    const before = await kept();
    const input = Readable.from(["source\n", "films/a.mp4\n"]);
    const { signal } = new AbortController();
    const list = await openBatch({ path: "-", input, defaults: {}, note: () => undefined, signal });
    for (let time = 0; time < 2; time += 1) {
      const sources: string[] = [];
      for await (const listed of list.entries()) if ("entry" in listed) sources.push(listed.entry.source);
      expect(sources).toEqual([join(process.cwd(), "films/a.mp4")]);
    }
    expect(list.path).toBe(join(process.cwd(), "stdin"));
    await list.close();
    expect((await kept()).filter((name) => !before.includes(name))).toEqual([]);
  });

  test("and never comes, until the run is stopped", async () => {
    const before = await kept();
    const stop = new AbortController();
    const input = new Readable({ read: () => undefined });
    const opening = openBatch({ path: "-", input, defaults: {}, note: () => undefined, signal: stop.signal });
    stop.abort(new Error("enough"));
    await expect(opening).rejects.toThrow("enough");
    expect((await kept()).filter((name) => !before.includes(name))).toEqual([]);
  });
});
