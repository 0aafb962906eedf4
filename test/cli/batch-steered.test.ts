import { appendFile, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { EmulatorOptions } from "../../src/emulator/index.ts";
import { openBench, type Bench } from "./support/bench.ts";
import { until } from "./support/run-cli.ts";

let bench: Bench;

async function open(options: EmulatorOptions = {}): Promise<void> {
  bench = await openBench(options);
  await mkdir(join(bench.folder, "in/drafts"), { recursive: true });
}

afterEach(() => bench.close());

const sources = (stdout: string): string[] =>
  stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.split("\t")[1] ?? "")
    .sort();

describe("which entries", () => {
  test("--include and --exclude choose; a later run takes the rest", async () => {
    await open();
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
    await open();
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
    await open();
    const { code, stderr } = await bench.run(["batch", "-"], { input: '{"source":"a.mp4","classId":"x","nam":1}\n' });
    expect(code).toBe(2);
    expect(stderr).toMatch(/stdin line 1: classId: .*; nam: /);
    expect(stderr).toContain("nothing was sent; fix stdin and run again");
  });
});

describe("--wait", () => {
  const flow = ["--procedure", "LongVideoPreset", "--wait", "--files", "1"];

  test("waits for the task flow of every entry, and holds up no upload by that", async () => {
    await open({ tasks: { processingMs: 3_600_000 } });
    for (const name of ["a", "b", "c"]) await bench.file(`in/${name}.mp4`, name);
    const run = bench.start(["batch", "in", ...flow], { limitMs: 40_000 });
    // One file at a time, and yet all three are uploaded while the first is still processed.
    await until(() => bench.count("CommitUpload") === 3, "three commits", 20_000);
    expect(run.stdout()).toBe("");
    bench.emulator.advanceClock(7_200_000);
    const { code, stdout } = await run.ended;
    expect(code).toBe(0);
    expect(sources(stdout)).toEqual(["in/a.mp4", "in/b.mp4", "in/c.mp4"]);
  });

  test("stopped and run again, it waits on and uploads nothing twice", async () => {
    await open({ tasks: { processingMs: 3_600_000 } });
    await bench.file("in/a.mp4", "a");
    const run = bench.start(["batch", "in", ...flow, "--report", "report.ndjson"], { limitMs: 40_000 });
    await until(() => bench.count("DescribeTaskDetail") > 0, "the question about the task", 20_000);
    run.child.kill("SIGTERM");
    expect(await run.ended).toMatchObject({ code: 143, stdout: "" });
    // Without --wait it is simply uploaded.
    expect((await bench.run(["batch", "in"])).stderr).toContain("1 of 1 uploaded (1 by earlier runs)");
    bench.emulator.advanceClock(7_200_000);
    const again = await bench.run(["batch", "in", ...flow, "--report", "report.ndjson"]);
    expect(again).toMatchObject({ code: 0 });
    expect(sources(again.stdout)).toEqual(["in/a.mp4"]);
    expect(bench.count("CommitUpload")).toBe(1);
    expect((await readFile(join(bench.folder, "report.ndjson"), "utf8")).trim().split("\n")).toHaveLength(1);
    bench.emulator.clearRequests();
    expect((await bench.run(["batch", "in", ...flow])).stderr).toContain("(1 by earlier runs)");
    expect(bench.count("DescribeTaskDetail")).toBe(0);
  });

  test("a task flow that fails is the entry's failure, told again by the next run", async () => {
    await open({ tasks: { processingMs: 0, fail: ["CoverBySnapshot"] } });
    await bench.file("in/a.mp4", "a");
    for (let time = 0; time < 2; time += 1) {
      const { code, stderr } = await bench.run(["batch", "in", ...flow]);
      expect(code).toBe(1);
      expect(stderr).toContain("CoverBySnapshot");
    }
    expect(bench.count("CommitUpload")).toBe(1);
  });
});

describe("--watch", () => {
  const watch = ["batch", "in", "--watch", "--min-age", "1s"];

  test("uploads what arrives once it has stopped growing, and ends by SIGTERM with 0", async () => {
    await open();
    await bench.file("in/there.mp4", "there");
    // Longer than any pause between two pieces, however busy the machine is.
    const run = bench.start([...watch, "--min-age", "4s"], { limitMs: 55_000 });
    await until(() => run.stdout().includes("there.mp4"), "what was there", 20_000);
    const growing = join(bench.folder, "in/growing.mp4");
    for (let piece = 0; piece < 8; piece += 1) {
      await appendFile(growing, "x".repeat(1000));
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    // A name that is hidden while it is written, as rsync does it.
    await writeFile(join(bench.folder, "in/drafts/.moved.mp4.part"), "moved");
    await rename(join(bench.folder, "in/drafts/.moved.mp4.part"), join(bench.folder, "in/drafts/moved.mp4"));
    await until(() => sources(run.stdout()).length === 3, "three files", 25_000);
    const sizes = bench.emulator.media().map(async ({ key }) => (await bench.emulator.readObject(key)).length);
    expect(await Promise.all(sizes)).toContain(8000);
    run.child.kill("SIGTERM");
    const { code, stderr } = await run.ended;
    expect(code).toBe(0);
    expect(stderr).toContain("3 of 3 uploaded");
    // The journal is as ever: another run has nothing left to do.
    expect((await bench.run(["batch", "in"])).stderr).toContain("3 of 3 uploaded (3 by earlier runs)");
    expect(bench.emulator.media()).toHaveLength(3);
  });

  test("a file that changes after its upload is told, or with --changed upload uploaded once more", async () => {
    await open();
    const path = await bench.file("in/a.mp4", "one");
    const run = bench.start([...watch, "--changed", "upload"], { limitMs: 40_000 });
    await until(() => sources(run.stdout()).length === 1, "the first", 15_000);
    await writeFile(path, "another");
    await until(() => sources(run.stdout()).length === 2, "the second", 15_000);
    run.child.kill("SIGINT");
    expect(await run.ended).toMatchObject({ code: 0 });
    expect(bench.emulator.media()).toHaveLength(2);
  });

  test("an upload that SIGTERM interrupts is resumed by the next run", async () => {
    await open();
    await bench.file("in/a.mp4", 8 * 2 ** 20);
    const run = bench.start([...watch, "--part-size", "1M", "--limit-rate", "1M"], { limitMs: 40_000 });
    await until(() => bench.count("UploadPart") > 2, "parts", 15_000);
    run.child.kill("SIGTERM");
    expect(await run.ended).toMatchObject({ code: 143 });
    expect(await bench.run(["batch", "in"])).toMatchObject({ code: 0 });
    expect(bench.count("InitiateMultipartUpload")).toBe(1);
  });

  test("needs a folder", async () => {
    await open();
    await bench.file("films.ndjson", '{"source":"a.mp4"}\n');
    const { code, stderr } = await bench.run(["batch", "films.ndjson", "--watch"]);
    expect(code).toBe(2);
    expect(stderr).toContain("--watch needs a folder");
  });
});
