import { appendFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { columnNames } from "../../src/batch/entry-fields.ts";
import { openBatch } from "../../src/batch/batch-list.ts";
import { listing, manifest, temporary } from "./support.ts";

const every = {
  mediaType: "mp4",
  mediaName: "A film",
  cover: "https://example.com/a.jpg?sign=1",
  coverType: "jpg",
  procedure: "LongVideoPreset",
  expireTime: "2099-01-31T00:00:00Z",
  storageRegion: "ap-seoul",
  classId: 7,
  sourceContext: "s",
  sessionContext: "t",
  extInfo: "e",
  mediaStoragePath: "/films/a.mp4",
  subAppId: 1_500_000_001,
  partSize: 1_048_576,
  concurrency: "auto",
  sessionRefresh: "none",
  requireCrc64: true,
  offlineManifest: false,
};

describe("a manifest in NDJSON", () => {
  test("has every option, with its type", async () => {
    const { entries, problems, folder } = await manifest("m.ndjson", JSON.stringify({ source: "a.mp4", ...every }));
    expect(problems).toEqual([]);
    expect(entries[0]).toMatchObject({ name: "a.mp4", source: join(folder, "a.mp4") });
    expect(entries[0]?.options).toEqual(every);
    expect(Object.keys(entries[0]?.options ?? {})).toEqual(columnNames.slice(1));
  });

  test("may have a byte order mark, CRLF, blank lines, no line end at the end; null is not given", async () => {
    const text = '\ufeff{"source":"a.mp4","cover":null}\r\n\r\n  \n{"source":"비디오 ü.mp4"}';
    const { entries, problems } = await manifest("m.jsonl", text);
    expect(problems).toEqual([]);
    expect(entries.map(({ name, options }) => [name, options])).toEqual([
      ["a.mp4", {}],
      ["비디오 ü.mp4", {}],
    ]);
  });

  test("that ends in the middle of a line is refused, and so is every other wrong line", async () => {
    const { entries, problems } = await manifest(
      "m.ndjson",
      '{"source":"a.mp4"}\n[1]\n"a.mp4"\nfilm.mp4\n{"source":"b',
    );
    expect(entries).toHaveLength(1);
    expect(problems).toEqual([
      `m.ndjson line 2 must be one JSON object, such as {"source":"film.mp4"}; a JSON array becomes NDJSON by: jq -c '.[]'`,
      'm.ndjson line 3 must be one JSON object, such as {"source":"film.mp4"}',
      "m.ndjson line 4 is not JSON; write one object a line",
      "m.ndjson line 5 is cut off in the middle",
    ]);
  });

  test("is known by its first character where the name does not tell", async () => {
    expect((await manifest("list", ' \n{"source":"a.mp4"}\n')).entries).toHaveLength(1);
    expect((await manifest("list.txt", "source\na.mp4\n")).entries).toHaveLength(1);
  });
});

describe("a manifest in CSV", () => {
  test("has every option, with its type: the same entry as in NDJSON", async () => {
    const csv = `source,${Object.keys(every).join(",")}\na.mp4,${Object.values(every).join(",")}\n`;
    const { entries, problems } = await manifest("m.csv", csv);
    expect(problems).toEqual([]);
    expect(entries[0]?.options).toEqual({ ...every, subAppId: String(every.subAppId) });
    const ndjson = await manifest("m.ndjson", JSON.stringify({ source: "a.mp4", ...every }));
    expect(entries[0]?.key).toBe(ndjson.entries[0]?.key);
  });

  test("may have a byte order mark, CRLF, quoted commas, quotes and line ends, Unicode, and empty cells and rows", async () => {
    const csv =
      '\ufeffsource, mediaName ,cover,,\r\n"a, ""b"".mp4","line 1\r\nline 2",,,\r\n,,,,\r\n\r\n비디오.mp4,"",🎬.jpg,,';
    const { entries, problems, folder } = await manifest("m.csv", csv);
    expect(problems).toEqual([]);
    expect(entries.map(({ name, options }) => [name, options])).toEqual([
      ['a, "b".mp4', { mediaName: "line 1\r\nline 2" }],
      ["비디오.mp4", { cover: join(folder, "🎬.jpg") }],
    ]);
  });

  test.each([
    ["a header of its own", "source,mediaName\na.mp4,one\r\nb.mp4,two\r\n"],
    ["rows that were appended elsewhere", "source,mediaName\r\na.mp4,one\nb.mp4,two\n"],
    ["line ends of three kinds", "source,mediaName\ra.mp4,one\r\nb.mp4,two\n"],
  ])("may mix the line ends of two systems: %s", async (_, csv) => {
    const { entries, problems } = await manifest("m.csv", csv);
    expect(problems).toEqual([]);
    expect(entries.map(({ name, options }) => [name, options.mediaName])).toEqual([
      ["a.mp4", "one"],
      ["b.mp4", "two"],
    ]);
  });

  test.each<[string, string | Uint8Array, readonly string[]]>([
    [
      "has no such column",
      "source,media_name\na.mp4,x\n",
      ["line 1 must name the columns: media_name", "did you mean mediaName?"],
    ],
    [
      "has no header",
      "a.mp4\nb.mp4\n",
      ["line 1 must name the columns: a.mp4: is not a field", "known are source, mediaType"],
    ],
    ["has no sources", "mediaName\nx\n", ["line 1 must name the columns, one of them source"]],
    ["has a column twice", "source,cover,cover\na.mp4,,\n", ["line 1 names the column cover twice"]],
    ["has semicolons", "source;mediaName\na.mp4;x\n", ["line 1 separates its columns by something else than commas"]],
    ["has a short row", "source,mediaName\n\na.mp4\n", ["line 3 has 1 cells, where the first row names 2 columns"]],
    ["has a long row", "source,mediaName\na.mp4,x,y\n", ["line 2 has something in column 3, which has no name"]],
    ["has an open quote", 'source\na.mp4\n"b.mp4\nc.mp4\n', ["line 3 begins a quoted cell that never ends"]],
    [
      "has an open quote far from its end",
      `source\na.mp4\n\n"b.mp4\n${"c.mp4\n".repeat(200_000)}`,
      ["line 4 is longer than 1 MiB", "quote"],
    ],
    ["is wrong after a long cell of Windows", 'source,classId\r\n"a\r\n\r\n.mp4",x\r\n', ["line 2: classId"]],
    ["is wrong behind a long cell of Windows", 'source,classId\r\n"a\r\n.mp4",1\r\nb.mp4,x\r\n', ["line 4: classId"]],
    ["has a stray quote", 'source\n"a".mp4\n', ["line 2 has something after a closing quote"]],
    ["has a quote inside", 'source\na".mp4\n', ["line 2 has a quote inside a cell"]],
    ["is wrong after a long cell", 'source,classId\n"a\n\n.mp4",x\n', ["line 2: classId: must be an integer"]],
    ["is not UTF-8", Buffer.from("source\na.mp4\n\xe9t\xe9.mp4\n", "latin1"), ["line 3 is not UTF-8"]],
    ["is UTF-16", Buffer.from("\ufeffsource\na.mp4\n", "utf16le"), ["line 1 is not UTF-8"]],
    ["has an endless line", `source\n${"a".repeat(1_100_000)}\n`, ["line 2 is longer than 1 MiB"]],
  ])("that %s is refused", async (_, content, says) => {
    const { problems } = await manifest("m.csv", content);
    expect(problems).toHaveLength(1);
    for (const text of says) expect(problems[0]).toContain(text);
    expect(problems[0]).toMatch(/^m\.csv line \d/);
  });
});

describe("an entry", () => {
  test.each<[string, object, string]>([
    ["no source", { mediaName: "x" }, "source: must be a path or a URL"],
    ["a source of another type", { source: 7 }, "source: must be a path or a URL"],
    [
      "an address of another kind",
      { source: "s3://bucket/key.mp4" },
      "source: must be a path or an http, https or file URL",
    ],
    ["a file of another machine", { source: "file://server/a.mp4" }, "source: must be a file URL of this machine"],
    ["an unknown field", { source: "a.mp4", checkpoint: {} }, "checkpoint: is not a field of a manifest"],
    [
      "a field in another spelling",
      { source: "a.mp4", "Class-ID": 1 },
      "Class-ID: is not a field of a manifest; did you mean classId?",
    ],
    ["a name that is a number", { source: "a.mp4", mediaName: 7 }, "mediaName: must be text"],
    ["an empty name", { source: "a.mp4", mediaName: "" }, "mediaName: must not be empty"],
    ["no media type to be told", { source: "film" }, "mediaType: must be given"],
    ["no cover type to be told", { source: "a.mp4", cover: "picture" }, "coverType: must be given"],
    ["a cover type without a cover", { source: "a.mp4", coverType: "jpg" }, "coverType: is given without a cover"],
    ["a class that is no number", { source: "a.mp4", classId: "seven" }, "classId: must be an integer"],
    ["a part size that is too small", { source: "a.mp4", partSize: 100 }, "partSize: must be"],
    ["a concurrency that is too large", { source: "a.mp4", concurrency: 101 }, "concurrency: must be"],
    [
      "an application number that JSON cannot hold",
      { source: "a.mp4", subAppId: 2 ** 60 },
      "subAppId: must be a number, or the same in quotes",
    ],
    ["a time without a zone", { source: "a.mp4", expireTime: "2099-01-01" }, "expireTime: must be ISO 8601"],
    [
      "a time that has passed",
      { source: "a.mp4", expireTime: "2001-01-01T00:00:00Z" },
      "expireTime: must be in the future",
    ],
    [
      "a context that is too long",
      { source: "a.mp4", sourceContext: "x".repeat(251) },
      "sourceContext: must have at most 250",
    ],
    ["a truth that is none", { source: "a.mp4", requireCrc64: "yes" }, "requireCrc64: must be true or false"],
    ["an unknown strategy", { source: "a.mp4", sessionRefresh: "always" }, "sessionRefresh: must be one of"],
    ["a path that leads out", { source: "a.mp4", mediaStoragePath: "/../a.mp4" }, "mediaStoragePath: must not contain"],
  ])("with %s is refused", async (_, entry, says) => {
    const { problems, entries } = await manifest("m.ndjson", `{"source":"ok.mp4"}\n${JSON.stringify(entry)}\n`);
    expect(entries).toHaveLength(1);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`m.ndjson line 2: ${says}`);
  });

  test("repeats no key of an address that is wrong", async () => {
    const { problems } = await manifest("m.ndjson", '{"source":"ftp://user:pass@host/a.mp4?secret=1"}\n');
    expect(problems[0]).not.toMatch(/pass|secret/);
  });

  test("has the type of its file from the defaults, or from the address when that is asked", async () => {
    const folder = await temporary();
    await writeFile(join(folder, "m.ndjson"), '{"source":"film"}\n{"source":"https://example.com/watch?v=1"}\n');
    const { entries, problems } = await listing(join(folder, "m.ndjson"), { mediaType: "mp4" });
    expect(problems).toEqual([]);
    expect(entries.map(({ source }) => source)).toEqual([join(folder, "film"), "https://example.com/watch?v=1"]);
  });
});

describe("the key of an entry", () => {
  const keyOf = async (entry: object): Promise<string | undefined> =>
    (await manifest("m.ndjson", JSON.stringify(entry))).entries[0]?.key;

  test("is the same for what makes the same media, wherever the manifest lies with its files", async () => {
    const key = await keyOf({ source: "films/a.mp4", subAppId: 5, classId: 1 });
    expect(key).toMatch(/^[0-9a-f]{32}$/);
    expect(await keyOf({ classId: "1", subAppId: "5", source: "./films/../films/a.mp4" })).toBe(key);
    expect(await keyOf({ source: "films/a.mp4", subAppId: 5, classId: 1, partSize: 2 ** 20, concurrency: 3 })).toBe(
      key,
    );
  });

  test("is another one for another source or media", async () => {
    const entries = [
      { source: "a.mp4" },
      { source: "b.mp4" },
      { source: "/a.mp4" },
      { source: "https://example.com/a.mp4" },
      { source: "https://example.com/a.mp4?v=2" },
      { source: "a.mp4", mediaName: "b" },
      { source: "a.mp4", procedure: "b" },
      { source: "a.mp4", cover: "b.jpg" },
      { source: "a.mp4", cover: "c.jpg" },
      { source: "a.mp4", subAppId: 1 },
    ];
    expect(new Set(await Promise.all(entries.map(keyOf))).size).toBe(entries.length);
  });
});

describe("a manifest that changes between its two readings", () => {
  async function changed(change: (path: string) => Promise<void>): Promise<string[]> {
    const path = join(await temporary(), "m.ndjson");
    await writeFile(path, '{"source":"a.mp4"}\n');
    const list = await openBatch({ path, defaults: {}, note: () => undefined, signal: new AbortController().signal });
    await change(path);
    const names: string[] = [];
    for await (const listed of list.entries()) if ("entry" in listed) names.push(listed.entry.name);
    return names;
  }

  test("by lines at its end: they belong to the next run", async () => {
    expect(await changed((path) => appendFile(path, '{"source":"b'))).toEqual(["a.mp4"]);
  });

  test.each<[string, (path: string) => Promise<void>]>([
    ["by being cut short", (path) => writeFile(path, "")],
    ["by being written over", (path) => writeFile(path, '{"source":"b.mp4"}\n')],
    [
      "by being replaced",
      async (path) => {
        await writeFile(`${path}.new`, '{"source":"a.mp4"}\n');
        await rename(`${path}.new`, path);
      },
    ],
  ])("%s: nothing more is read", async (_, change) => {
    await expect(changed(change)).rejects.toMatchObject({ code: "SOURCE_CHANGED" });
  });
});

test.each([
  ["gone.csv", "SOURCE_NOT_FOUND"],
  ["/dev/null", "SOURCE_UNREADABLE"],
])("a manifest that cannot be read twice: %s", async (path, code) => {
  await expect(
    openBatch({ path, defaults: {}, note: () => undefined, signal: new AbortController().signal }),
  ).rejects.toMatchObject({ code });
});

test("defaults are checked before the manifest", async () => {
  const folder = await temporary();
  await expect(
    openBatch({
      path: folder,
      defaults: { sourceContext: "x".repeat(251) },
      note: () => undefined,
      signal: new AbortController().signal,
    }),
  ).rejects.toThrow(/^sourceContext:/);
});
