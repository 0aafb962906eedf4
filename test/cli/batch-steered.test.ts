import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openBench, type Bench } from "./support/bench.ts";

let bench: Bench;

beforeEach(async () => {
  bench = await openBench();
  await mkdir(join(bench.folder, "in/drafts"), { recursive: true });
});

afterEach(() => bench.close());

const sources = (stdout: string): string[] =>
  stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.split("\t")[1] ?? "")
    .sort();

describe("which entries", () => {
  test("--include and --exclude choose; a later run takes the rest", async () => {
    await bench.file("in/a.mp4", "a");
    await bench.file("in/b.mov", "b");
    await bench.file("in/drafts/c.mp4", "c");
    const first = await bench.run(["batch", "in", "--include", "*.mp4", "--exclude", "drafts"]);
    expect(first).toMatchObject({ code: 0 });
    expect(sources(first.stdout)).toEqual(["in/a.mp4"]);
    expect(sources((await bench.run(["batch", "in"])).stdout)).toEqual(["in/b.mov", "in/drafts/c.mp4"]);
  });
});

describe("a manifest from standard input", () => {
  test("is uploaded once, with a journal beside where its paths begin", async () => {
    await bench.file("in/a.mp4", "a");
    const input = '{"source":"in/a.mp4","mediaName":"A"}\n';
    const first = await bench.run(["batch", "-"], { input });
    expect(first).toMatchObject({ code: 0 });
    expect(sources(first.stdout)).toEqual(["in/a.mp4"]);
    const again = await bench.run(["batch", "-"], { input });
    expect(again).toMatchObject({ code: 0, stdout: "" });
    expect(again.stderr).toContain("1 of 1 uploaded (1 by earlier runs)");
    expect(bench.emulator.media()).toHaveLength(1);
  });

  test("with a mistake sends nothing", async () => {
    const { code, stderr } = await bench.run(["batch", "-"], { input: '{"source":"a.mp4","classId":"x","nam":1}\n' });
    expect(code).toBe(2);
    expect(stderr).toMatch(/stdin line 1: classId: .*; nam: /);
    expect(stderr).toContain("nothing was sent; fix stdin and run again");
  });
});
