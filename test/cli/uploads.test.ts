import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Bench } from "./support/bench.ts";
import type { CliResult } from "./support/run-cli.ts";
import { mib, openBench } from "./support/bench.ts";
import { until } from "./support/run-cli.ts";

let bench: Bench;

beforeEach(async () => {
  bench = await openBench();
});

afterEach(() => bench.close());

/** Leaves an upload of four parts behind, the third of which failed. */
async function leave(name: string, ...flags: readonly string[]): Promise<string> {
  const path = await bench.file(name, 4 * mib);
  bench.emulator.setFaults([{ operation: "UploadPart", partNumber: 3, fault: { kind: "reset-before" } }]);
  const args = ["upload", name, "--part-size=1MiB", "--concurrency=1", "--retries=0", ...flags];
  expect((await bench.run(args)).code).toBe(5);
  bench.emulator.setFaults([]);
  bench.emulator.clearRequests();
  return path;
}

const elsewhere = (args: readonly string[]): Promise<CliResult> =>
  bench.run(args, {
    cwd: "/",
    env: { VODUP_VOD_ENDPOINT: "https://elsewhere.example", VODUP_COS_ENDPOINT: undefined },
  });

async function listed(): Promise<Record<string, unknown>[]> {
  const { code, stdout } = await bench.run(["uploads", "list", "--json"]);
  expect(code).toBe(0);
  return stdout.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as Record<string, unknown>]));
}

describe("vodup uploads list", () => {
  test("shows what there is, how much of it is sent, and for how long it can be gone on from", async () => {
    const path = await leave("film one.mp4");
    const [upload] = await listed();
    expect(upload).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{16}$/),
      source: path,
      state: "uploading",
      running: false,
      bytes: 4 * mib,
      sentBytes: 2 * mib,
      savedAt: expect.stringMatching(/^\d{4}-.*Z$/),
      certificateExpires: expect.stringMatching(/^\d{4}-.*Z$/),
      fileId: null,
    });
    const { stdout } = await bench.run(["uploads", "list"]);
    expect(stdout).toMatch(/4\.00 MiB +50% +uploading .* left .*film one\.mp4/);
  });

  test("says which are being uploaded now", async () => {
    await bench.file("now.mp4", 2 * mib);
    bench.emulator.setFaults([{ operation: "UploadPart", fault: { kind: "hang" } }]);
    const run = bench.start(["upload", "now.mp4", "--part-size", "1MiB"]);
    await until(() => bench.count("UploadPart") > 0, "a part");
    expect(await listed()).toMatchObject([{ running: true, sentBytes: 0 }]);
    run.child.kill("SIGTERM");
    await run.ended;
    expect(await listed()).toMatchObject([{ running: false }]);
  });

  test("without any says so, and is no failure", async () => {
    expect(await bench.run(["uploads", "list"])).toEqual({
      code: 0,
      stdout: "",
      stderr: expect.stringContaining("no unfinished uploads"),
    });
  });
});

describe("vodup uploads resume", () => {
  test("goes on from any directory and environment, by an id cut short", async () => {
    await bench.file("cover.jpg", "jpg");
    await leave("film.mp4", "--media-name", "A film", "--cover", "cover.jpg", "--json");
    const [upload] = await listed();
    const { code, stdout, stderr } = await elsewhere(["uploads", "resume", String(upload?.["id"]).slice(0, 6)]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toBe(`${bench.emulator.media()[0]?.fileId}\n`);
    expect(bench.emulator.media()).toMatchObject([{ fields: { MediaName: "A film", CoverType: "jpg" } }]);
    expect(bench.count("UploadPart")).toBe(2);
    expect(bench.count("ApplyUpload")).toBe(0);
    expect(await bench.stateFiles()).toEqual([]);
  });

  test("--all goes on with every one, --json as of upload", async () => {
    const paths = [await leave("one.mp4"), await leave("two.mp4")];
    const { code, stdout } = await bench.run(["uploads", "resume", "--all", "--json"]);
    expect(code).toBe(0);
    const lines = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const results = lines.filter(({ type }) => type === "result");
    expect(new Set(results.map(({ source }) => source))).toEqual(new Set(paths));
    expect(results).toMatchObject([{ resumedParts: 2 }, { resumedParts: 2 }]);
  });
});

describe("vodup uploads abort", () => {
  test("removes parts and state, without any account", async () => {
    await leave("film.mp4");
    const [upload] = await listed();
    const env = { TENCENTCLOUD_SECRET_ID: undefined, TENCENTCLOUD_SECRET_KEY: undefined };
    const result = await bench.run(["uploads", "abort", "--all"], { env });
    expect(result).toEqual({ code: 0, stdout: `${String(upload?.["id"])}\n`, stderr: "" });
    expect(bench.emulator.uploads()).toEqual([]);
    expect(await bench.stateFiles()).toEqual([]);
  });

  test("removes the state of an upload whose certificate is dead, and says what is left", async () => {
    await leave("film.mp4");
    bench.emulator.setFaults([{ operation: "AbortMultipartUpload", fault: { kind: "expire-certificate" } }]);
    const { code, stderr } = await bench.run(["uploads", "abort", "--all"]);
    expect(code).toBe(0);
    expect(stderr).toContain("may still be stored");
    expect(await bench.stateFiles()).toEqual([]);
  });

  test("removes a state that nobody can read", async () => {
    await leave("film.mp4");
    const [name = ""] = await bench.stateFiles();
    await writeFile(join(bench.folder, "state/vodup", name), "{}");
    expect(await listed()).toMatchObject([{ state: "unreadable", source: null, bytes: null }]);
    expect((await bench.run(["uploads", "resume", "--all"])).code).toBe(1);
    expect((await bench.run(["uploads", "abort", "--all"])).code).toBe(0);
    expect(await bench.stateFiles()).toEqual([]);
  });

  test("leaves an upload alone that is being sent", async () => {
    await bench.file("now.mp4", 2 * mib);
    bench.emulator.setFaults([{ operation: "UploadPart", fault: { kind: "hang" } }]);
    const run = bench.start(["upload", "now.mp4", "--part-size", "1MiB"]);
    await until(() => bench.count("UploadPart") > 0, "a part");
    const { code, stderr } = await bench.run(["uploads", "abort", "--all"]);
    expect(code).toBe(5);
    expect(stderr).toContain(`process ${run.child.pid}`);
    expect(bench.emulator.uploads()).toHaveLength(1);
    run.child.kill("SIGTERM");
    await run.ended;
  });
});

describe("with --journal they are a batch's", () => {
  const journal = ["--journal", "films.ndjson.journal"] as const;

  /** A batch of two, of which one is left with two of its four parts. */
  async function leaveBatch(): Promise<void> {
    await bench.file("small.mp4", "small");
    await bench.file("large.mp4", 4 * mib);
    await bench.file("films.ndjson", '{"source":"small.mp4"}\n{"source":"large.mp4"}\n');
    bench.emulator.setFaults([{ operation: "UploadPart", partNumber: 3, fault: { kind: "reset-before" } }]);
    const flags = ["--part-size=1MiB", "--concurrency=1", "--retries=0"];
    expect((await bench.run(["batch", "films.ndjson", ...flags])).code).toBe(7);
    bench.emulator.setFaults([]);
  }

  test("list shows what is left of it", async () => {
    await leaveBatch();
    const { stdout } = await bench.run(["uploads", "list", "--json", ...journal]);
    expect(JSON.parse(stdout)).toMatchObject({
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      source: join(bench.folder, "large.mp4"),
      state: "uploading",
      running: false,
      sentBytes: 2 * mib,
    });
    expect(await listed()).toEqual([]);
  });

  test("abort removes what was sent; the batch run again begins that one anew", async () => {
    await leaveBatch();
    expect(bench.emulator.uploads()).toHaveLength(1);
    const { code, stdout } = await bench.run(["uploads", "abort", "--all", ...journal]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^[0-9a-f]{32}\n$/) });
    expect(bench.emulator.uploads()).toEqual([]);
    expect(await readdir(bench.folder)).not.toContain("films.ndjson.journal.state");
    bench.emulator.clearRequests();
    expect((await bench.run(["batch", "films.ndjson", "--part-size=1MiB"])).code).toBe(0);
    expect([bench.count("ApplyUpload"), bench.count("UploadPart")]).toEqual([1, 4]);
    expect(bench.emulator.media()).toHaveLength(2);
  });

  test("abort of a journal that has nothing begun says where it looked", async () => {
    expect(await bench.run(["uploads", "abort", "--all", "--journal", "typo.journal"])).toEqual({
      code: 0,
      stdout: "",
      stderr: `vodup: no unfinished uploads in ${join(bench.folder, "typo.journal.state")}\n`,
    });
  });

  test("abort leaves alone a batch that runs", async () => {
    await leaveBatch();
    bench.emulator.setFaults([{ operation: "UploadPart", fault: { kind: "hang" } }]);
    const run = bench.start(["batch", "films.ndjson", "--part-size=1MiB"]);
    await until(() => bench.count("UploadPart") > 3, "a part");
    const { code, stderr } = await bench.run(["uploads", "abort", "--all", ...journal]);
    expect({ code, stderr }).toEqual({ code: 5, stderr: expect.stringContaining("another vodup, process") });
    run.child.kill("SIGTERM");
    expect((await run.ended).code).toBe(143);
  });
});
