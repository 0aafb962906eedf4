import { appendFile, link, mkdir, readFile, readdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Bench } from "./support/bench.ts";
import { bytes, mib, openBench } from "./support/bench.ts";
import { until } from "./support/run-cli.ts";
import { timing } from "../support/timing.ts";

let bench: Bench;

beforeEach(async () => {
  bench = await openBench();
});

afterEach(() => bench.close());

interface Line {
  readonly type: string;
  readonly source: string;
  readonly fileId: string;
  readonly code: string;
  readonly key: string;
  readonly [field: string]: unknown;
}

const parse = (text: string): Line[] =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Line);
const linesOf = async (name: string): Promise<Line[]> => parse(await readFile(join(bench.folder, name), "utf8"));
const sourcesOf = (lines: readonly Line[]): string[] => lines.map(({ source }) => source).sort();
const list = (entries: readonly object[]): string => entries.map((entry) => `${JSON.stringify(entry)}\n`).join("");
const named = (): string[] =>
  bench.emulator
    .media()
    .map(({ fields }) => fields["MediaName"] as string)
    .sort();
const exists = (name: string): Promise<boolean> =>
  stat(join(bench.folder, name)).then(
    () => true,
    () => false,
  );

/** Small files and a manifest of them. */
async function films(names: readonly string[], manifest = "films.ndjson"): Promise<void> {
  for (const name of names) await bench.file(`${name}.mp4`, `content of ${name}`);
  await bench.file(manifest, list(names.map((name) => ({ source: `${name}.mp4` }))));
}

describe("vodup batch", () => {
  test("uploads each entry with its own options, and the flags where it says nothing", async () => {
    const film = bytes(3 * mib);
    const server = createServer((_, response) => response.end(film));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/far%20away.mp4?sign=5ecret`;
    await mkdir(join(bench.folder, "in"));
    await bench.file("in/a, b.mp4", "one");
    await bench.file("in/b.jpg", "picture");
    const csv = [
      "source,mediaName,cover,procedure,subAppId,sourceContext,classId",
      '"a, b.mp4","A ""film""",b.jpg,Mine,,"x, y",3',
      `${url},,,,1500000002,,`,
    ];
    await bench.file("in/films.csv", `\ufeff${csv.join("\r\n")}\r\n`);
    // From another folder: paths are relative to the manifest.
    const defaults = ["--procedure", "Everyone's", "--class-id", "9", "--sub-app-id", "1500000001"];
    const args = ["batch", "in/films.csv", ...defaults, "--report", "report.ndjson", "--part-size", "1MiB"];
    const { code, stdout, stderr } = await bench.run(args);
    server.close();
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringContaining("vodup: 2 of 2 uploaded, 3.00 MiB sent"),
    });
    const [one, other] = bench.emulator.media().sort((a, b) => a.subAppId - b.subAppId);
    expect(one).toMatchObject({
      subAppId: 1_500_000_001,
      fields: { MediaName: 'A "film"', Procedure: "Mine", SourceContext: "x, y", ClassId: 3, CoverType: "jpg" },
    });
    expect(other).toMatchObject({ subAppId: 1_500_000_002, fields: { Procedure: "Everyone's", ClassId: 9 } });
    expect((await bench.emulator.readObject(one?.coverKey ?? "")).toString()).toBe("picture");
    expect((await bench.emulator.readObject(other?.key ?? "")).equals(film)).toBe(true);
    const shown = url.replace("sign=5ecret", "…");
    expect(stdout.split("\n").sort()).toEqual(["", `${one?.fileId}\ta, b.mp4`, `${other?.fileId}\t${shown}`].sort());
    const report = await linesOf("report.ndjson");
    expect(sourcesOf(report)).toEqual(["a, b.mp4", shown].sort());
    expect(report.find(({ source }) => source === shown)).toEqual({
      type: "result",
      source: shown,
      fileId: other?.fileId,
      mediaUrl: other?.mediaUrl,
      coverUrl: null,
      bytes: 3 * mib,
      parts: 3,
      retries: 0,
      crc64: expect.stringMatching(/^\d+$/),
      verified: "crc64",
      resumedParts: 0,
    });
    const journal = await readFile(join(bench.folder, "in/films.csv.journal"), "utf8");
    expect(journal).not.toContain("5ecret");
    expect((await readdir(join(bench.folder, "in"))).sort()).toEqual([
      "a, b.mp4",
      "b.jpg",
      "films.csv",
      "films.csv.journal",
    ]);
  });

  test("takes only what is left, and reports all of it", async () => {
    await films(["a", "b"]);
    expect((await bench.run(["batch", "films.ndjson"])).code).toBe(0);
    const first = bench.emulator.media();
    bench.emulator.clearRequests();
    const again = await bench.run(["batch", "films.ndjson", "--report", "r"]);
    expect(again).toMatchObject({
      code: 0,
      stdout: "",
      stderr: expect.stringContaining("2 of 2 uploaded (2 by earlier runs)"),
    });
    expect(bench.emulator.requests()).toEqual([]);
    expect(sourcesOf(await linesOf("r"))).toEqual(["a.mp4", "b.mp4"]);
    // One more line, one line less, one that is another media now.
    await bench.file("c.mp4", "c");
    await bench.file(
      "films.ndjson",
      list([{ source: "c.mp4" }, { source: "./a.mp4" }, { source: "a.mp4", mediaName: "A" }]),
    );
    const changed = await bench.run(["batch", "films.ndjson", "--json", "--report", "r"]);
    expect(changed.code).toBe(0);
    expect(named()).toEqual(["A", "a", "b", "c"]);
    const [one, two, summary] = parse(changed.stdout);
    expect(sourcesOf([one, two] as Line[])).toEqual(["a.mp4", "c.mp4"]);
    expect(summary).toMatchObject({ type: "summary", entries: 3, done: 3, earlier: 1, failed: 0, left: 0 });
    const report = await linesOf("r");
    expect(report.map(({ type }) => type)).toEqual(["result", "result", "result"]);
    expect(report[0]?.fileId).toBe(first.find(({ fields }) => fields["MediaName"] === "a")?.fileId);
  });

  test("says which failed and exits with 7; the next run tries those again", async () => {
    await films(["a", "gone", "b"]);
    await rm(join(bench.folder, "gone.mp4"));
    const first = await bench.run(["batch", "films.ndjson", "--json", "--report", "r"]);
    expect(first.code).toBe(7);
    const report = await linesOf("r");
    expect(report.find(({ source }) => source === "gone.mp4")).toEqual({
      type: "error",
      source: "gone.mp4",
      code: "SOURCE_NOT_FOUND",
      message: expect.stringContaining("gone.mp4 does not exist"),
      requestId: null,
      retryable: false,
    });
    const told = parse(first.stdout);
    expect(told.pop()).toMatchObject({ type: "summary", entries: 3, done: 2, failed: 1, left: 0 });
    expect(told).toEqual(expect.arrayContaining(report));
    expect(sourcesOf(told)).toEqual(sourcesOf(report));
    expect(first.stderr).toContain("gone.mp4 does not exist");
    const journal = await linesOf("films.ndjson.journal");
    expect(journal[0]).toMatchObject({ type: "journal", version: 1, manifest: join(bench.folder, "films.ndjson") });
    const key = expect.stringMatching(/^[0-9a-f]{32}$/) as string;
    // What the files were known by: only a result has it.
    const seen = expect.stringMatching(/^[0-9a-f]{16}$/) as string;
    expect(journal.slice(1)).toEqual(report.map((line) => ({ ...line, key, ...(line.type === "result" && { seen }) })));

    await bench.file("gone.mp4", "found");
    expect(await bench.run(["batch", "films.ndjson", "--report", "r"])).toMatchObject({ code: 0 });
    expect(named()).toEqual(["a", "b", "gone"]);
    expect((await linesOf("r")).map(({ type }) => type)).toEqual(["result", "result", "result"]);
  });

  test("exits with the code of all when all failed alike", async () => {
    await films(["a", "b"]);
    await Promise.all(["a.mp4", "b.mp4"].map((name) => rm(join(bench.folder, name))));
    expect((await bench.run(["batch", "films.ndjson"])).code).toBe(3);
  });

  test("uploads the media of a folder, and keeps its journal beside it", async () => {
    await mkdir(join(bench.folder, "in/below"), { recursive: true });
    await bench.file("in/a.mp4", "a");
    await bench.file("in/below/b.MKV", "b");
    await bench.file("in/notes.txt", "no");
    const { code, stdout } = await bench.run(["batch", "in/"]);
    expect(code).toBe(0);
    expect(
      stdout
        .split("\n")
        .flatMap((line) => line.split("\t")[1] ?? [])
        .sort(),
    ).toEqual(["in/a.mp4", "in/below/b.MKV"]);
    const types = bench.emulator.media().map(({ fields }) => fields["MediaType"]);
    expect(new Set(types)).toEqual(new Set(["mkv", "mp4"]));
    expect((await readdir(bench.folder)).sort()).toEqual(["in", "in.journal"]);
    await bench.file("in/c.mp4", "c");
    expect((await bench.run(["batch", "in"])).stdout).toContain("in/c.mp4");
    expect(named()).toEqual(["a", "b", "c"]);
  });

  test("takes one row of the screen for a name, whatever is in it", async () => {
    await mkdir(join(bench.folder, "in"));
    await bench.file("in/new\nline.mp4", "a");
    await bench.file("in/\u001b[31mred.mp4", "b");
    const plan = await bench.run(["batch", "in", "--dry-run"]);
    expect(plan.code).toBe(0);
    expect(plan.stdout.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
    expect(plan.stdout).toContain("\nin/new\\x0aline.mp4 would be uploaded");
    const { stdout } = await bench.run(["batch", "in"]);
    const names = stdout.split("\n").flatMap((line) => line.split("\t")[1] ?? []);
    expect(names.sort()).toEqual(["in/\\x1b[31mred.mp4", "in/new\\x0aline.mp4"]);
  });

  test("says of a name that is not UTF-8 what is wrong with it", async () => {
    await mkdir(join(bench.folder, "in"));
    const name = Buffer.concat([Buffer.from(`${bench.folder}/in/`), Buffer.from([0xc7, 0xd1]), Buffer.from(".mp4")]);
    await writeFile(name, "a name in EUC-KR");
    const { code, stderr } = await bench.run(["batch", "in"]);
    expect([code, stderr]).toEqual([3, expect.stringContaining("its name is not UTF-8: rename it")]);
  });

  test("uploads what is listed twice once", async () => {
    await bench.file("a.mp4", "a");
    await bench.file("m.csv", "source\na.mp4\n./a.mp4\na.mp4\n");
    const { code, stdout, stderr } = await bench.run(["batch", "m.csv"]);
    expect([code, stdout.split("\n").length]).toEqual([0, 2]);
    expect(stderr).toContain("2 entries say what another one says already");
    expect(bench.emulator.media()).toHaveLength(1);
  });

  test("has as many in hand as --files says", async () => {
    await films(["a", "b", "c", "d", "e"]);
    bench.emulator.setFaults([{ operation: "CommitUpload", fault: { kind: "hang" } }]);
    const run = bench.start(["batch", "films.ndjson", "--files", "3"]);
    await until(() => bench.count("CommitUpload") === 3, "three commits");
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(bench.count("ApplyUpload")).toBe(3);
    run.child.kill("SIGTERM");
    expect((await run.ended).code).toBe(143);
  });

  test("has 24 small files more in hand where nothing is said", async () => {
    await films(Array.from({ length: 40 }, (_, n) => `film ${n}`));
    bench.emulator.setFaults([{ operation: "CommitUpload", fault: { kind: "hang" } }]);
    const run = bench.start(["batch", "films.ndjson"]);
    await until(() => bench.count("CommitUpload") === 32, "32 commits");
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(bench.count("ApplyUpload")).toBe(32);
    run.child.kill("SIGTERM");
    expect((await run.ended).code).toBe(143);
  });

  test("is not disturbed by the service's limit of requests a second", timing, async () => {
    await bench.close();
    bench = await openBench({ rateLimits: { ApplyUpload: 15, CommitUpload: 15 } });
    await films(Array.from({ length: 25 }, (_, n) => `film ${n}`));
    const started = performance.now();
    const { code } = await bench.run(["batch", "films.ndjson", "--files", "20", "--api-rate", "10", "--retries", "0"]);
    expect(code).toBe(0);
    expect(performance.now() - started).toBeGreaterThan(2_000);
    expect(bench.emulator.media()).toHaveLength(25);
  });

  test("of nothing is done at once", async () => {
    await mkdir(join(bench.folder, "empty"));
    expect(await bench.run(["batch", "empty"])).toMatchObject({
      code: 0,
      stderr: expect.stringContaining("lists nothing with the extension of a media"),
    });
    await bench.file("m.csv", "source\n");
    expect(await bench.run(["batch", "m.csv"])).toMatchObject({
      code: 0,
      stderr: expect.stringContaining("lists nothing"),
    });
  });
});

describe("a wrong batch", () => {
  test("sends nothing, and names line and field of what is wrong", async () => {
    await bench.file("a.mp4", "a");
    await bench.file("m.ndjson", list([{ source: "a.mp4" }, { source: "a.mp4", classId: "x" }, { name: "a.mp4" }]));
    const { code, stdout, stderr } = await bench.run(["batch", "m.ndjson", "--json"]);
    expect(code).toBe(2);
    expect(stderr).toContain("vodup: m.ndjson line 2: classId: must be an integer");
    expect(stderr).toContain("vodup: m.ndjson line 3: source: must be a path or a URL");
    expect(stderr).toContain("nothing was sent");
    expect(parse(stdout)).toMatchObject([
      { type: "error", source: "m.ndjson", code: "ERR_INVALID_ARG_VALUE", message: expect.stringContaining("line 2") },
      { type: "error", message: expect.stringContaining("line 3") },
    ]);
    expect(bench.emulator.requests()).toEqual([]);
  });

  test.each<[string, readonly string[], number, RegExp]>([
    ["no manifest", [], 2, /too few arguments/],
    ["two manifests", ["films.ndjson", "films.ndjson"], 2, /too many arguments/],
    ["a manifest that is not there", ["gone.csv"], 3, /gone\.csv does not exist/],
    ["too many files at a time", ["films.ndjson", "--files", "101"], 2, /--files must be an integer from 1 to 100/],
    ["no file at a time", ["films.ndjson", "--files", "0"], 2, /--files must be/],
    ["a name for all", ["films.ndjson", "--media-name", "x"], 2, /unknown flag --media-name/],
    ["a default that is wrong", ["films.ndjson", "--expire-time", "tomorrow"], 2, /--expire-time: must be ISO 8601/],
    ["the manifest as journal", ["films.ndjson", "--journal", "./films.ndjson"], 2, /--journal must be another file/],
    ["the manifest as report", ["films.ndjson", "--report", "films.ndjson"], 2, /--report must be another file/],
    ["the journal as report", ["films.ndjson", "--report", "films.ndjson.journal"], 2, /--report must be another file/],
    ["a film as journal", ["films.ndjson", "--journal", "a.mp4"], 2, /--journal: .*a\.mp4 exists and is not a journal/],
    ["a journal for the emulator", ["films.ndjson", "--emulator", "--journal", "j"], 2, /exclude each other/],
    ["a rate of nothing", ["films.ndjson", "--api-rate", "0"], 2, /--api-rate must be/],
    [
      "a journal in a folder that is not there",
      ["films.ndjson", "--journal", "no/j"],
      2,
      /--journal: .*no\/j cannot be written \(ENOENT\)/,
    ],
    [
      "a report in a folder that is not there",
      ["films.ndjson", "--report", "no/r"],
      2,
      /--report: no\/r cannot be written \(ENOENT\)/,
    ],
  ])("%s", async (_, args, code, says) => {
    await films(["a"]);
    const outcome = await bench.run(["batch", ...args]);
    expect(outcome).toMatchObject({ code, stdout: "", stderr: expect.stringMatching(says) });
    expect(bench.emulator.requests()).toEqual([]);
    expect(await readFile(join(bench.folder, "films.ndjson"), "utf8")).toBe(list([{ source: "a.mp4" }]));
    expect(await readFile(join(bench.folder, "a.mp4"), "utf8")).toBe("content of a");
  });

  test.each([
    ["the manifest", "films.ndjson"],
    ["the journal", "films.ndjson.journal"],
  ])("whose report is %s by another name leaves it alone", timing, async (_, file) => {
    await films(["a"]);
    await bench.run(["batch", "films.ndjson"]);
    const before = await readFile(join(bench.folder, file), "utf8");
    await symlink(file, join(bench.folder, "symbolic"));
    await link(join(bench.folder, file), join(bench.folder, "hard"));
    for (const report of ["symbolic", "hard"]) {
      const { code, stderr } = await bench.run(["batch", "films.ndjson", "--report", report]);
      expect([code, stderr]).toEqual([
        2,
        // A journal that has a hard link is no journal, whatever the report is.
        expect.stringMatching(/--report must be another file than the (manifest|journal)|journal has another name/),
      ]);
    }
    expect(await readFile(join(bench.folder, file), "utf8")).toBe(before);
  });

  test("without a key says so once, and not for each entry", async () => {
    await films(["a", "b", "c"]);
    const env = { TENCENTCLOUD_SECRET_ID: undefined, TENCENTCLOUD_SECRET_KEY: undefined };
    const { code, stderr } = await bench.run(["batch", "films.ndjson", "--report", "r"], { env });
    expect([code, stderr.split("no credentials found").length]).toEqual([4, 2]);
    expect(await exists("r")).toBe(false);
    expect((await bench.run(["batch", "films.ndjson"])).code).toBe(0);
    expect((await bench.run(["batch", "films.ndjson"], { env })).code).toBe(0);
  });

  test("that cannot remember what it begins is stopped, and says which file it is", async () => {
    await films(["a"]);
    await bench.run(["batch", "films.ndjson"]);
    const [, result] = await linesOf("films.ndjson.journal");
    await rm(join(bench.folder, "films.ndjson.journal"));
    await mkdir(join(bench.folder, `films.ndjson.journal.state/.${result?.key}.json.new`), { recursive: true });
    const { code, stderr } = await bench.run(["batch", "films.ndjson"]);
    expect([code, stderr]).toEqual([
      5,
      expect.stringMatching(/journal\.state\/.*\.json cannot be written, so the batch was stopped/),
    ]);
    expect(stderr).not.toContain("--checkpoint");
    expect(bench.emulator.media()).toHaveLength(1);
  });

  test("with the journal of another manifest, or of another application", async () => {
    await films(["a"]);
    await bench.run(["batch", "films.ndjson"]);
    await bench.file("others.ndjson", list([{ source: "a.mp4" }]));
    const other = await bench.run(["batch", "others.ndjson", "--journal", "films.ndjson.journal"]);
    expect(other).toMatchObject({ code: 2, stderr: expect.stringContaining("belongs to") });
    const app = await bench.run(["batch", "films.ndjson", "--sub-app-id", "7"]);
    expect(app).toMatchObject({ code: 2, stderr: expect.stringContaining("subAppId: the default, now 7") });
    expect(bench.emulator.media()).toHaveLength(1);
  });

  test("with a key that is refused does not try them all", async () => {
    await films(Array.from({ length: 40 }, (_, n) => `film ${n}`));
    const env = { TENCENTCLOUD_SECRET_KEY: "notARealKeyButSecretAllTheSame00" };
    const { code, stderr } = await bench.run(["batch", "films.ndjson", "--files", "2"], { env });
    expect(code).toBe(4);
    // One is in hand beside the tenth, and one has its turn already.
    expect(stderr).toMatch(/1[0-2] entries in a row were refused/);
    expect(stderr).toMatch(/1[0-2] failed, (28|29|30) left/);
    expect(bench.count("ApplyUpload")).toBeLessThanOrEqual(12);
    expect((await bench.run(["batch", "films.ndjson"])).code).toBe(0);
    expect(bench.emulator.media()).toHaveLength(40);
  });

  test("whose report cannot be written is stopped, and goes on later", async () => {
    await films(Array.from({ length: 20 }, (_, n) => `film ${n}`));
    const first = await bench.run(["batch", "films.ndjson", "--report", "/dev/full", "--json"]);
    expect(first).toMatchObject({ code: 5, stderr: expect.stringContaining("/dev/full cannot be written") });
    const [why, last] = parse(first.stdout).slice(-2);
    expect(why).toMatchObject({ type: "error", source: "films.ndjson", code: "NO_RECORD" });
    expect(last).toMatchObject({ type: "summary", entries: 20, failed: 0 });
    expect((await bench.run(["batch", "films.ndjson", "--report", "r"])).code).toBe(0);
    expect(bench.emulator.media()).toHaveLength(20);
    expect(await linesOf("r")).toHaveLength(20);
  });
});

describe("a batch that does not count", () => {
  test("--dry-run checks and shows every entry that is left, in order, and writes nothing", async () => {
    await films(["b", "a", "gone"]);
    await rm(join(bench.folder, "gone.mp4"));
    const { code, stdout, stderr } = await bench.run(["batch", "films.ndjson", "--dry-run", "--json"]);
    expect(code).toBe(7);
    expect(parse(stdout)).toMatchObject([
      { type: "plan", source: "b.mp4", fields: { MediaName: "b" } },
      { type: "plan", source: "a.mp4" },
      { type: "error", source: "gone.mp4", code: "SOURCE_NOT_FOUND" },
    ]);
    expect(stderr).toContain("1 of these uploads would fail");
    expect(bench.emulator.requests()).toEqual([]);
    expect((await readdir(bench.folder)).sort()).toEqual(["a.mp4", "b.mp4", "films.ndjson"]);
  });

  test("--emulator leaves no journal: nothing was uploaded anywhere", async () => {
    await films(["a"]);
    const env = { VODUP_VOD_ENDPOINT: undefined, VODUP_COS_ENDPOINT: undefined };
    for (const _ of [1, 2]) {
      expect(await bench.run(["batch", "films.ndjson", "--emulator"], { env })).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^\d+\ta\.mp4\n$/),
      });
    }
    expect(await exists("films.ndjson.journal")).toBe(false);
  });
});

describe("a batch that was stopped", () => {
  const part3 = { operation: "UploadPart", partNumber: 3, fault: { kind: "hang" } } as const;
  const flags = ["--part-size", "1MiB", "--retries", "0", "--files", "2"];
  const storedParts = (): number => bench.emulator.uploads().reduce((sum, { parts }) => sum + parts.length, 0);

  /** One small film is uploaded, and of a large one three parts of four, when nothing moves any more. */
  async function startStuck() {
    await films(["a", "large", "z"]);
    await bench.file("large.mp4", 4 * mib);
    bench.emulator.setFaults([part3]);
    const run = bench.start(["batch", "films.ndjson", ...flags]);
    await until(
      () => run.stdout().split("\n").length === 3 && storedParts() === 3,
      "two films, three parts and a stuck one",
    );
    return run;
  }

  async function expectTheRest(): Promise<void> {
    bench.emulator.setFaults([]);
    bench.emulator.clearRequests();
    const { code } = await bench.run(["batch", "films.ndjson", ...flags, "--report", "r"]);
    expect(code).toBe(0);
    expect([bench.count("ApplyUpload"), bench.count("UploadPart"), bench.count("CommitUpload")]).toEqual([0, 1, 1]);
    expect(named()).toEqual(["a", "large", "z"]);
    expect(sourcesOf(await linesOf("r"))).toEqual(["a.mp4", "large.mp4", "z.mp4"]);
    const large = (await linesOf("r")).find(({ source }) => source === "large.mp4");
    expect(large).toMatchObject({ resumedParts: 3, fileId: expect.any(String) });
    expect(await exists("films.ndjson.journal.state")).toBe(false);
    expect(await exists("films.ndjson.journal.lock")).toBe(false);
  }

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("by %s keeps its parts, says what is left, and goes on", timing, async (signal, exitCode) => {
    const run = await startStuck();
    const started = performance.now();
    run.child.kill(signal);
    const { code, stderr } = await run.ended;
    // A second is promised; the other one is for a machine that runs other tests meanwhile.
    expect(performance.now() - started).toBeLessThan(2_000);
    expect(code).toBe(exitCode);
    expect(stderr).toContain(`stopped by ${signal}`);
    expect(stderr).toMatch(/2 of 3 uploaded, 1 left, .*; the same command uploads the rest/);
    expect(storedParts()).toBe(3);
    await expectTheRest();
  });

  test("by --timeout exits with 5, and goes on", async () => {
    await films(["a", "large", "z"]);
    await bench.file("large.mp4", 4 * mib);
    bench.emulator.setFaults([part3]);
    const { code, stderr } = await bench.run(["batch", "films.ndjson", ...flags, "--timeout", "2.5"]);
    expect({ code, stderr }).toEqual({
      code: 5,
      stderr: expect.stringContaining("stopped after the 2.5 s of --timeout"),
    });
    await expectTheRest();
  });

  test("by kill -9 goes on, also with another line torn in its journal", async () => {
    const run = await startStuck();
    run.child.kill("SIGKILL");
    await run.ended;
    expect(await exists("films.ndjson.journal.lock")).toBe(true);
    expect((await stat(join(bench.folder, "films.ndjson.journal.state"))).mode & 0o777).toBe(0o700);
    await appendFile(join(bench.folder, "films.ndjson.journal"), '{"key":"0123');
    await expectTheRest();
  });

  test("keeps nobody out, but one that runs does", async () => {
    const run = await startStuck();
    const second = await bench.run(["batch", "films.ndjson", "--json"]);
    expect(second).toMatchObject({
      code: 5,
      stderr: expect.stringContaining("is being uploaded by another vodup, process"),
    });
    expect(parse(second.stdout)).toMatchObject([{ type: "error", code: "CHECKPOINT_LOCKED" }]);
    run.child.kill("SIGKILL");
    await run.ended;
    await expectTheRest();
  });

  test("because nobody reads its stdout is not stopped", async () => {
    await films(Array.from({ length: 30 }, (_, n) => `film ${n}`));
    const run = bench.start(["batch", "films.ndjson", "--files", "1"]);
    run.child.stdout.destroy();
    const { code, stderr } = await run.ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining("stdout was closed") });
    expect(bench.emulator.media()).toHaveLength(30);
  });

  test("with its source gone since the commit has the FileId of its checkpoint", async () => {
    await films(["a"]);
    bench.emulator.setFaults([{ operation: "CommitUpload", fault: { kind: "slow-response", ms: 60_000 } }]);
    const run = bench.start(["batch", "films.ndjson"]);
    await until(() => bench.emulator.media().length === 1, "the commit");
    run.child.kill("SIGKILL");
    await run.ended;
    bench.emulator.setFaults([]);
    const { code, stdout } = await bench.run(["batch", "films.ndjson"]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${bench.emulator.media()[0]?.fileId}\ta.mp4\n` });
    expect(bench.emulator.media()).toHaveLength(1);
  });
});

describe("an entry of which nobody can tell whether it was committed", () => {
  test("is left to a person: no later run sends it again until its line is removed", async () => {
    await bench.close();
    bench = await openBench({ secondCommit: "unknown-session" });
    await films(["a", "b"]);
    const body = JSON.stringify({ Response: { RequestId: "r", MediaInfoSet: [], NotExistFileIdSet: [] } });
    bench.emulator.setFaults([
      { operation: "CommitUpload", nth: 1, fault: { kind: "reset-after-effect" } },
      { operation: "DescribeMediaInfos", fault: { kind: "answer", status: 200, body } },
    ]);
    const first = await bench.run(["batch", "films.ndjson", "--files", "1"]);
    expect(first.code).toBe(7);
    bench.emulator.setFaults([]);
    bench.emulator.clearRequests();
    const second = await bench.run(["batch", "films.ndjson", "--report", "r"]);
    expect(second).toMatchObject({ code: 7, stderr: expect.stringContaining("1 entry may be committed already") });
    expect(bench.emulator.requests()).toEqual([]);
    expect((await linesOf("r")).map(({ type, code }) => code ?? type).sort()).toEqual(["COMMIT_UNCERTAIN", "result"]);

    const journal = await readFile(join(bench.folder, "films.ndjson.journal"), "utf8");
    await writeFile(join(bench.folder, "films.ndjson.journal"), journal.replace(/^.*COMMIT_UNCERTAIN.*\n/m, ""));
    expect((await bench.run(["batch", "films.ndjson"])).code).toBe(0);
    // The first one had been committed after all: that is why nobody but a person may have it sent again.
    expect(named()).toEqual(["a", "a", "b"]);
  });
});
