import { appendFile, chmod, open, readFile, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openBench, type Bench } from "./support/bench.ts";

let bench: Bench;
const date = new Date("2026-01-01T00:00:00Z");

beforeEach(async () => {
  bench = await openBench();
  for (const name of ["a", "b", "c"]) {
    // Whole seconds, so that a date can be set back to the very same.
    await utimes(await bench.file(`${name}.mp4`, `content of ${name}`), date, date);
  }
  await bench.file("films.csv", "source\na.mp4\nb.mp4\nc.mp4\n");
});

afterEach(() => bench.close());

const path = (name: string): string => join(bench.folder, name);
const batch = (...flags: string[]) => bench.run(["batch", "films.csv", ...flags]);
const media = (): number => bench.emulator.media().length;

/** Rewrites a file in place and gives it its old date again. */
async function rewrite(name: string): Promise<void> {
  const handle = await open(path(name), "r+");
  await handle.write("CONTENT", 0);
  await handle.utimes(date, date);
  await handle.close();
}

describe("a file that was half copied when it was uploaded, and is whole now", () => {
  test.each<[string, () => Promise<void>]>([
    ["grown", () => appendFile(path("b.mp4"), " and its second half")],
    ["of the same size", () => writeFile(path("b.mp4"), "CONTENT OF B")],
    ["rewritten in place with its date kept", () => rewrite("b.mp4")],
  ])("%s: is named and counted, and fails the run until somebody decides", async (_, change) => {
    expect((await batch()).code).toBe(0);
    await change();
    for (let round = 0; round < 2; round += 1) {
      const { code, stderr } = await batch("--report", "r");
      expect(code).toBe(7);
      expect(stderr).toContain("1 file has changed since it was uploaded: b.mp4; not uploaded again: --changed upload");
      expect(stderr).toMatch(/2 of 3 uploaded \(2 by earlier runs\), 1 failed/);
    }
    const report = (await readFile(path("r"), "utf8"))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as object);
    expect(report).toHaveLength(3);
    expect(report).toContainEqual(expect.objectContaining({ type: "error", source: "b.mp4", code: "SOURCE_CHANGED" }));
    expect(media()).toBe(3);
  });

  test("is left alone with --changed ignore", async () => {
    await batch();
    await appendFile(path("b.mp4"), "!");
    expect(await batch("--changed", "ignore")).toMatchObject({
      code: 0,
      stderr: expect.stringContaining("3 of 3 uploaded"),
    });
    expect(media()).toBe(3);
  });

  test("is a new media with --changed upload, once, and then the file is as uploaded", async () => {
    await batch();
    await appendFile(path("b.mp4"), "!");
    const { code, stderr } = await batch("--changed", "upload");
    expect(code).toBe(0);
    expect(stderr).toContain("1 file has changed since it was uploaded: b.mp4; uploaded again, as new medias");
    expect(media()).toBe(4);
    const again = await batch("--report", "r");
    expect({ code: again.code, medias: media() }).toEqual({ code: 0, medias: 4 });
    const report = (await readFile(path("r"), "utf8"))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { fileId: string; seen?: unknown });
    expect(report).toHaveLength(3);
    expect(report.map(({ fileId }) => fileId)).toContain(bench.emulator.media().at(-1)?.fileId);
    expect(report.some((line) => "seen" in line || "key" in line)).toBe(false);
  });

  test("counts for the cover too, and a chmod does not: it is read once, and that is remembered", async () => {
    await bench.file("b.jpg", "picture");
    await bench.file("films.csv", "source,cover\na.mp4,\nb.mp4,b.jpg\n");
    expect((await batch()).code).toBe(0);
    await chmod(path("a.mp4"), 0o600);
    expect((await batch()).code).toBe(0);
    expect(await readFile(path("films.csv.journal"), "utf8")).toContain('"type":"same"');
    const { size } = await stat(path("films.csv.journal"));
    expect((await batch()).code).toBe(0);
    expect((await stat(path("films.csv.journal"))).size).toBe(size);
    await appendFile(path("b.jpg"), "!");
    expect((await batch()).code).toBe(7);
  });
});

describe("--min-age", () => {
  test("leaves files that were written to a moment ago for a later run", async () => {
    const longAgo = new Date(Date.now() - 3_600_000);
    for (const name of ["a.mp4", "b.mp4"]) await utimes(path(name), longAgo, longAgo);
    await utimes(path("c.mp4"), new Date(), new Date());
    const { code, stderr } = await batch("--min-age", "10m");
    expect(code).toBe(0);
    expect(stderr).toContain("1 file was written to less than 10m ago and left for a later run");
    expect(media()).toBe(2);
    await utimes(path("c.mp4"), longAgo, longAgo);
    expect((await batch("--min-age", "10m")).code).toBe(0);
    expect(media()).toBe(3);
  });

  test.each([
    ["--min-age", "soon"],
    ["--changed", "maybe"],
  ])("%s %s is refused", async (...flags) => {
    expect((await batch(...flags)).code).toBe(2);
    expect(media()).toBe(0);
  });
});
