import { execFileSync } from "node:child_process";
import { appendFile, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openBench, type Bench } from "./support/bench.ts";
import { until } from "./support/run-cli.ts";

let bench: Bench;

beforeEach(async () => {
  bench = await openBench();
});

afterEach(() => bench.close());

const media = (): readonly { fileId: string }[] => bench.emulator.media();
const touched = new Date("2026-01-01T00:00:00Z");

describe("killed once CommitUpload was sent, and run again", () => {
  /** Runs until the media exists and its FileId is on its way back, and kills the process there. */
  async function killAtCommit(args: readonly string[]): Promise<string> {
    bench.emulator.setFaults([{ operation: "CommitUpload", fault: { kind: "slow-response", ms: 20_000 } }]);
    const run = bench.start(args);
    await until(() => media().length === 1, "the media");
    run.child.kill("SIGKILL");
    await run.ended;
    bench.emulator.setFaults([]);
    return media()[0]?.fileId ?? "";
  }

  test.each<[string, readonly string[], (path: string) => Promise<void>]>([
    ["upload: the file is as it was", ["upload", "film.mp4"], async () => undefined],
    ["upload: the file was touched", ["upload", "film.mp4"], (path) => utimes(path, touched, touched)],
    [
      "upload: the file was linked",
      ["upload", "film.mp4"],
      async (path) => void execFileSync("ln", [path, `${path}2`]),
    ],
    ["upload: the file is gone", ["upload", "film.mp4"], (path) => rm(path)],
    ["batch: the file was touched", ["batch", "films.ndjson"], (path) => utimes(path, touched, touched)],
    ["batch: the file is gone", ["batch", "films.ndjson"], (path) => rm(path)],
  ])("%s: it is that media", async (_, args, change) => {
    const path = await bench.file("film.mp4", "a film");
    await bench.file("films.ndjson", '{"source":"film.mp4"}\n');
    const fileId = await killAtCommit(args);
    await change(path);
    const { code, stdout } = await bench.run(args);
    expect({ code, stdout: stdout.split("\t")[0]?.trim() }).toEqual({ code: 0, stdout: fileId });
    expect(media()).toHaveLength(1);
  });

  test("upload: the file was changed: the first one is settled and named, then the new content is uploaded", async () => {
    const path = await bench.file("film.mp4", "a film");
    const fileId = await killAtCommit(["upload", "film.mp4"]);
    await writeFile(path, "another film");
    const { code, stdout, stderr } = await bench.run(["upload", "film.mp4"]);
    expect(code).toBe(0);
    expect(stderr).toContain(`stays uploaded as FileId ${fileId}`);
    expect(stdout.trim()).not.toBe(fileId);
    expect(media()).toHaveLength(2);
  });

  test("upload: what cannot be settled is COMMIT_UNCERTAIN, and nothing is sent", async () => {
    await bench.close();
    bench = await openBench({ secondCommit: "unknown-session" });
    const path = await bench.file("film.mp4", "a film");
    await killAtCommit(["upload", "film.mp4"]);
    await writeFile(path, "another film");
    const body = JSON.stringify({ Response: { MediaInfoSet: [], NotExistFileIdSet: [], RequestId: "r" } });
    bench.emulator.setFaults([{ operation: "DescribeMediaInfos", fault: { kind: "answer", status: 200, body } }]);
    const { code, stdout, stderr } = await bench.run(["upload", "film.mp4"]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain("CommitUpload may or may not have taken effect");
    expect(media()).toHaveLength(1);
  });

  test("batch: the file was changed: the first one is in the journal, and the next run says that it has changed", async () => {
    const path = await bench.file("film.mp4", "a film");
    await bench.file("films.ndjson", '{"source":"film.mp4"}\n');
    const fileId = await killAtCommit(["batch", "films.ndjson"]);
    await writeFile(path, "another film");
    const { stdout, stderr } = await bench.run(["batch", "films.ndjson"]);
    expect(stdout).toContain(fileId);
    expect(stderr).toContain(`stays uploaded as FileId ${fileId}`);
    expect(media()).toHaveLength(1);
  });
});

describe("several sources of one command, stopped and run again", () => {
  const args = ["upload", "a.mp4", "b.mp4", "c.mp4"];
  const names = (): string[] => bench.emulator.media().map(({ fields }) => fields["MediaName"] as string);

  async function stopAtSecond(how: readonly string[], stop: (kill: (name: NodeJS.Signals) => void) => void) {
    for (const name of ["a.mp4", "b.mp4", "c.mp4"]) await bench.file(name, `content of ${name}`);
    bench.emulator.setFaults([{ operation: "ApplyUpload", nth: 2, fault: { kind: "hang" } }]);
    const run = bench.start([...args, ...how]);
    await until(() => bench.count("ApplyUpload") === 2, "the second");
    stop((name) => run.child.kill(name));
    const { code } = await run.ended;
    bench.emulator.setFaults([]);
    return code;
  }

  test.each<[string, readonly string[], NodeJS.Signals | undefined, number | string]>([
    ["--timeout", ["--timeout", "2"], undefined, 5],
    ["SIGINT", [], "SIGINT", 130],
    ["SIGTERM", [], "SIGTERM", 143],
    ["kill -9", [], "SIGKILL", "SIGKILL"],
  ])("by %s: each is uploaded once", async (_, how, signal, expected) => {
    expect(await stopAtSecond(how, (kill) => signal && kill(signal))).toBe(expected);
    expect(names()).toEqual(["a"]);
    const [first = { fileId: "" }] = media();
    const { code, stdout } = await bench.run(args);
    expect(code).toBe(0);
    expect(stdout).toContain(first.fileId);
    expect(names().sort()).toEqual(["a", "b", "c"]);
    expect(await bench.stateFiles()).toEqual([]);
    // Complete: the same command now means new medias.
    await bench.run(args);
    expect(media()).toHaveLength(6);
  });

  test("a source that was changed meanwhile is uploaded as it is now, and one that was touched is not", async () => {
    await stopAtSecond([], (kill) => kill("SIGTERM"));
    await utimes(join(bench.folder, "a.mp4"), touched, touched);
    bench.emulator.setFaults([{ operation: "ApplyUpload", nth: 2, fault: { kind: "hang" } }]);
    await bench.run([...args, "--timeout", "2"]);
    expect(names()).toEqual(["a", "b"]);
    await appendFile(join(bench.folder, "a.mp4"), ", second edition");
    bench.emulator.setFaults([]);
    expect((await bench.run(args)).code).toBe(0);
    expect(names().sort()).toEqual(["a", "a", "b", "c"]);
  });
});

describe("a source without a single byte", () => {
  test.each<[string, readonly string[]]>([
    ["a file", ["upload", "empty.mp4"]],
    ["a device", ["upload", "/dev/null", "--media-type", "mp4"]],
    ["a pipe whose program failed", ["upload", "pipe", "--media-type", "mp4"]],
    ["a cover", ["upload", "film.mp4", "--cover", "empty.jpg"]],
    ["an entry of a batch", ["batch", "films.ndjson"]],
  ])("%s is refused before anything is sent, and uploaded with --allow-empty", async (what, args) => {
    for (const name of ["empty.mp4", "empty.jpg"]) await bench.file(name, "");
    await bench.file("film.mp4", "a film");
    await bench.file("films.ndjson", '{"source":"empty.mp4"}\n');
    const fill = (): void => {
      if (what.startsWith("a pipe"))
        execFileSync("sh", ["-c", "rm -f pipe; mkfifo pipe; (sleep 0.5; exec 3>pipe) &"], {
          cwd: bench.folder,
          stdio: "ignore",
        });
    };
    fill();
    const { code, stderr } = await bench.run(args);
    expect({ code, stderr }).toEqual({
      code: 3,
      stderr: expect.stringContaining("is empty, and nothing was uploaded"),
    });
    expect(bench.count("ApplyUpload")).toBe(0);
    fill();
    expect((await bench.run([...args, "--allow-empty"])).code).toBe(0);
    expect(media()).toHaveLength(1);
  });

  test("but a file that says it is empty and is not is read to its end", async () => {
    const { size } = await stat("/proc/version");
    expect(size).toBe(0);
    expect((await bench.run(["upload", "/proc/version", "--media-type", "mp4"])).code).toBe(0);
    const [only] = bench.emulator.media();
    expect((await bench.emulator.readObject(only?.key ?? "")).toString()).toBe(await readFile("/proc/version", "utf8"));
  });
});
