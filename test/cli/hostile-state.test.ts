import { execFileSync } from "node:child_process";
import { link, mkdir, readFile, readdir, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Checkpoint } from "../../src/index.ts";
import { changedCheckpoint, malformed } from "../hostile/malformed.ts";
import type { Bench } from "./support/bench.ts";
import { openBench } from "./support/bench.ts";

let bench: Bench;
const at = (name: string): string => join(bench.folder, name);

beforeEach(async () => {
  bench = await openBench();
});
afterEach(() => bench.close());

/** What no person should be shown, whatever is in the files. */
const defect =
  /TypeError|RangeError|SyntaxError|Cannot read|is not a function|Error:|\n {4}at |undefined|\[object|(?![\t\n])\p{Cc}/u;

/** Files in place of a state: bytes, or what makes something else of the path. */
const wrongFiles: readonly [name: string, make: (path: string, good: string) => unknown][] = [
  ["empty", (path) => writeFile(path, "")],
  ["cut off", (path, good) => writeFile(path, good.slice(0, good.length / 2))],
  ["twice", (path, good) => writeFile(path, good + good)],
  ["with a NUL behind it", (path, good) => writeFile(path, `${good}\0`)],
  ["no UTF-8", (path) => writeFile(path, Buffer.from([0x7b, 0xff, 0xfe, 0x7d]))],
  ["UTF-16", (path, good) => writeFile(path, Buffer.from(`\ufeff${good}`, "utf16le"))],
  ["nested 100,000 times", (path) => writeFile(path, "[".repeat(100_000) + "]".repeat(100_000))],
  ["blanks", (path) => writeFile(path, " ".repeat(2 ** 20))],
  ["1 TiB", (path) => writeFile(path, "").then(() => truncate(path, 2 ** 40))],
  ["a folder", (path) => mkdir(path)],
  ["a pipe", (path) => execFileSync("mkfifo", [path])],
  ["a link to itself", (path) => symlink(path, path)],
  ["a link to another file", (path) => writeFile(`${path}.victim`, "{}").then(() => symlink(`${path}.victim`, path))],
  ["a hard link", (path, good) => writeFile(`${path}.victim`, good).then(() => link(`${path}.victim`, path))],
  ["a list of flags of objects", (path, good) => writeFile(path, good.replace('"flags":[', '"flags":[{},'))],
  ["another version", (path, good) => writeFile(path, good.replace('"version":1', '"version":9'))],
];

/** What no run of vodup leaves there. */
const foreign = new Set(["1 TiB", "a folder", "a pipe", "a link to itself", "a link to another file", "a hard link"]);

/** Every upload of these files breaks off after its first part. @returns what lies there, by the source's name */
async function leave(args: readonly string[], place: string): Promise<Map<string, { path: string; text: string }>> {
  bench.emulator.setFaults([{ operation: "UploadPart", partNumber: 2, fault: { kind: "reset-before" } }]);
  const { code } = await bench.run([...args, ...flags, "--retries=0", "--retry-for=0"]);
  expect(code).toBe(5);
  bench.emulator.setFaults([]);
  bench.emulator.clearRequests();
  const left = new Map<string, { path: string; text: string }>();
  for (const name of (await readdir(at(place))).filter((one) => one.endsWith(".json"))) {
    const text = await readFile(join(at(place), name), "utf8");
    const { source } = JSON.parse(text) as { source: string };
    left.set(source.replace(/^.*\//, ""), { path: join(at(place), name), text });
  }
  return left;
}
const flags = ["--part-size=1MiB", "--quiet"];
const size = 2 ** 20 + 1;
const rows = [
  ...malformed.map(([name, change]): (typeof wrongFiles)[number] => [
    name,
    async (path, good) => {
      const entry = JSON.parse(good) as { checkpoint: Checkpoint };
      await writeFile(path, JSON.stringify({ ...entry, checkpoint: changedCheckpoint(entry.checkpoint, change) }));
    },
  ]),
  ...wrongFiles,
];
const names = rows.map((_, index) => `f${index}.mp4`);

async function spoil(left: ReadonlyMap<string, { path: string; text: string }>): Promise<void> {
  expect(left.size).toBe(rows.length);
  for (const [index, [, make]] of rows.entries()) {
    const one = left.get(names[index] ?? "");
    if (one === undefined) throw new Error("no state");
    execFileSync("rm", [one.path]);
    await make(one.path, one.text);
  }
}

describe("state files that are none", () => {
  beforeEach(async () => {
    for (const name of names) await bench.file(name, size);
  });

  test("of uploads: listed, and uploaded from the beginning", async () => {
    await spoil(await leave(["upload", ...names], "state/vodup"));
    const listed = await bench.run(["uploads", "list"]);
    expect(listed.code).toBe(0);
    expect(listed.stderr + listed.stdout).not.toMatch(defect);
    const again = await bench.run(["upload", ...names, ...flags]);
    expect(again.stderr).not.toMatch(defect);
    expect([again.code, again.stdout.trim().split("\n").length]).toEqual([0, rows.length]);
    expect(bench.emulator.media()).toHaveLength(rows.length);
  }, 120_000);

  test("of uploads: resumed as far as they can be read, and given up, each by itself", async () => {
    await spoil(await leave(["upload", ...names], "state/vodup"));
    const resumed = await bench.run(["uploads", "resume", "--all", "--quiet"]);
    expect(resumed.stderr).not.toMatch(defect);
    expect([resumed.code, resumed.stdout.trim().split("\n").length]).toEqual([7, malformed.length]);
    const aborted = await bench.run(["uploads", "abort", "--all", "--force"]);
    expect(aborted.stderr).not.toMatch(defect);
    // A folder is not removed; it hides nothing else.
    expect([aborted.code, aborted.stdout.trim().split("\n").length]).toEqual([7, wrongFiles.length - 1]);
    expect(await bench.run(["uploads", "list"])).toMatchObject({
      code: 0,
      stderr: expect.stringContaining("not a regular file"),
    });
  }, 120_000);

  test("of a batch: uploaded from the beginning; where something else was put there, it stops and says so", async () => {
    await bench.file("films.ndjson", names.map((source) => JSON.stringify({ source })).join("\n"));
    const left = await leave(["batch", "films.ndjson"], "films.ndjson.journal.state");
    await spoil(left);
    for (const [index, [name]] of rows.entries()) {
      if (!foreign.has(name)) continue;
      const again = await bench.run(["batch", "films.ndjson", "--concurrency=1", ...flags]);
      expect(again.stderr, name).not.toMatch(defect);
      expect(again, name).toMatchObject({ code: 5, stderr: expect.stringContaining("so the batch was stopped") });
      execFileSync("rm", ["-r", left.get(names[index] ?? "")?.path ?? ""]);
    }
    expect(await bench.run(["batch", "films.ndjson", ...flags])).toMatchObject({ code: 0 });
    expect(bench.emulator.media()).toHaveLength(rows.length);
  }, 120_000);
});

describe("a checkpoint file that is none", () => {
  test.each(wrongFiles)("%s", async (name, make) => {
    await bench.file("film.mp4", size);
    await make(at("checkpoint"), "{}");
    const { code, stderr } = await bench.run(["upload", "film.mp4", "--checkpoint=checkpoint", ...flags]);
    expect(stderr).not.toMatch(defect);
    // Blanks are what an empty file is: a place for a checkpoint.
    const isPlace = name === "empty" || name === "blanks";
    expect([code, stderr !== ""]).toEqual(isPlace ? [0, false] : [1, true]);
    expect(bench.count("ApplyUpload")).toBe(isPlace ? 1 : 0);
  });
});

describe("a neighbour's files beside a manifest", () => {
  test.each([
    ["journal", "a folder", 2, "not a journal"],
    ["journal", "a pipe", 2, "not a journal"],
    ["journal", "1 TiB", 2, "not a journal"],
    ["journal", "a link to itself", 2, "is a symbolic link"],
    ["journal", "a hard link", 2, "has another name"],
    ["journal.lock", "a folder", 2, "is not a regular file"],
    ["journal.lock", "a pipe", 2, "is not a regular file"],
    ["journal.lock", "1 TiB", 2, "more than 128 MiB"],
    ["journal.lock", "a link to another file", 2, "is a symbolic link"],
    ["journal.lock", "no UTF-8", 0, ""],
    ["journal.lock.takeover", "a folder", 0, ""],
    ["journal.lock.takeover", "a pipe", 0, ""],
    ["journal.state", "a pipe", 5, "is not a directory"],
    ["journal.state", "a link to another file", 5, "is a symbolic link"],
  ] as const)("%s: %s", async (place, kind, code, message) => {
    await bench.file("a.mp4", "content");
    await bench.file("films.ndjson", '{"source":"a.mp4"}\n');
    await wrongFiles.find(([name]) => name === kind)?.[1](at(`films.ndjson.${place}`), "");
    const ended = await bench.run(["batch", "films.ndjson", "--quiet"]);
    expect(ended).toMatchObject({ code, stderr: expect.stringContaining(message) });
    expect(ended.stderr).not.toMatch(defect);
    const victim = await readFile(at(`films.ndjson.${place}.victim`), "utf8").catch(() => undefined);
    expect([undefined, "", "{}"]).toContain(victim);
  });
});
