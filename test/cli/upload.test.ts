import { createHash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Bench } from "./support/bench.ts";
import { bytes, mib, openBench } from "./support/bench.ts";
import { runCli } from "./support/run-cli.ts";

let bench: Bench;

beforeAll(async () => {
  bench = await openBench();
}, 60_000);

afterAll(() => bench.close());

beforeEach(() => {
  bench.emulator.setFaults([]);
  bench.emulator.clearRequests();
});

const sha256 = (data: Uint8Array | string): string => createHash("sha256").update(data).digest("hex");
const jsonLines = (stdout: string): Record<string, unknown>[] =>
  stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

async function storedSha(fileId: string): Promise<string | undefined> {
  const media = bench.emulator.media().find((one) => one.fileId === fileId);
  return (await bench.emulator.objects()).get(media?.key ?? "")?.sha256;
}

describe("what is printed", () => {
  test("the FileId alone on stdout, nothing on stderr, nothing left behind", async () => {
    const path = await bench.file("lesson.mp4", 3 * mib);
    const { code, stdout, stderr } = await bench.run(["upload", path, "--part-size", "1MiB"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^\d+\n$/);
    expect(await storedSha(stdout.trim())).toBe(sha256(bytes(3 * mib)));
    expect(await bench.stateFiles()).toEqual([]);
  });

  test("nothing on stderr with many parts in flight either", async () => {
    const path = await bench.file("many.mp4", 24 * mib);
    const { code, stderr } = await bench.run(["upload", path, "--part-size", "1MiB", "--concurrency", "24"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });

  test("one FileId a line, in the order of the sources", async () => {
    const paths = [await bench.file("a.mp4", "first"), await bench.file("b.mp4", "second")];
    const { code, stdout } = await bench.run(["upload", ...paths]);
    expect(code).toBe(0);
    const ids = stdout
      .trimEnd()
      .split("\n")
      .map((line) => line.split("\t")[0] ?? "");
    expect(await Promise.all(ids.map(storedSha))).toEqual([sha256("first"), sha256("second")]);
  });

  test("--json: objects a line, the last one of a source its result, with exactly the documented fields", async () => {
    const [path, cover] = [await bench.file("json.mp4", 3 * mib), await bench.file("json.jpg", "jpg")];
    bench.emulator.setFaults([{ operation: "UploadPart", partNumber: 2, times: 1, fault: { kind: "reset-before" } }]);
    const { code, stdout } = await bench.run(["upload", "--json", path, "--cover", cover, "--part-size", "1048576"]);
    expect(code).toBe(0);
    const lines = jsonLines(stdout);
    const types = new Set(lines.map(({ type }) => type));
    expect(types).toEqual(new Set(["checkpoint", "progress", "result", "retry"]));
    expect(lines.every(({ source }) => source === path)).toBe(true);
    const result = lines.at(-1);
    const fields = "type source fileId mediaUrl coverUrl bytes parts retries crc64 verified resumedParts";
    expect(Object.keys(result ?? {})).toEqual(fields.split(" "));
    expect(result).toMatchObject({
      type: "result",
      bytes: 3 * mib,
      parts: 3,
      retries: 1,
      verified: "crc64",
      resumedParts: 0,
      coverUrl: expect.stringMatching(/\.jpg$/),
      crc64: expect.stringMatching(/^\d+$/),
    });
    expect(lines.filter(({ type }) => type === "progress").at(-1)).toMatchObject({ phase: "done" });
    expect(stdout).not.toContain("secretKey");
  });

  test("--json: a source that fails ends with its error, and without a cover coverUrl is null", async () => {
    const paths = [await bench.file("good.mp4", "good"), "missing.mp4"];
    const { code, stdout } = await bench.run(["upload", "--json", ...paths]);
    expect(code).toBe(7);
    const lasts = paths.map((path) => jsonLines(stdout).findLast(({ source }) => source === path));
    expect(lasts[0]).toMatchObject({ type: "result", coverUrl: null });
    const message = expect.stringContaining("does not exist");
    const error = { type: "error", source: "missing.mp4", code: "SOURCE_NOT_FOUND", message, requestId: null };
    expect(lasts[1]).toEqual({ ...error, retryable: false });
  });

  test("--emulator needs no account and says that nothing left this machine", async () => {
    const path = await bench.file("local.mp4", "local");
    const { code, stdout, stderr } = await runCli(["upload", "--emulator", path], { env: { HOME: bench.folder } });
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^\d+\n$/) });
    expect(stderr).toContain("nothing leaves this machine");
    expect(bench.emulator.requests()).toEqual([]);
  });

  test("--dry-run prints the request, the parts and their size, and sends nothing", async () => {
    const path = await bench.file("plan.mp4", 3 * mib);
    const { code, stdout } = await bench.run(["upload", "--dry-run", path, "--part-size=1MiB", "--procedure", "Flow"]);
    expect(code).toBe(0);
    expect(stdout).toContain('MediaType="mp4" MediaName="plan" Procedure="Flow"');
    expect(stdout).toContain("3.00 MiB in 3 parts of 1.00 MiB");
    const json = await bench.run(["upload", "--dry-run", "--json", path]);
    expect(JSON.parse(json.stdout)).toMatchObject({ type: "plan", source: path, objects: [{ transfer: "put" }] });
    expect(bench.emulator.requests()).toEqual([]);
  });

  test.each([[["--debug", "--quiet"]], [["--debug"]], [["--debug", "--no-progress"]]])(
    "%j shows no progress where stderr is no terminal",
    async (flags) => {
      const path = await bench.file("calm.mp4", 3 * mib);
      const { code, stderr } = await bench.run(["upload", ...flags, path, "--part-size", "1MiB"]);
      expect(code).toBe(0);
      const lines = stderr.trimEnd().split("\n");
      expect(lines.length).toBeGreaterThan(5);
      expect(lines.filter((line) => !/^\[\d+\.\d{3}s\] /.test(line))).toEqual([]);
    },
  );

  test("--json --no-progress tells all but progress", async () => {
    const path = await bench.file("still.mp4", 3 * mib);
    const { code, stdout } = await bench.run(["upload", "--json", "--no-progress", path, "--part-size", "1MiB"]);
    expect(code).toBe(0);
    expect(new Set(jsonLines(stdout).map(({ type }) => type))).toEqual(new Set(["checkpoint", "result"]));
  });

  test("--debug tells requests on stderr, without a secret", async () => {
    const path = await bench.file("debug.mp4", "debug");
    const { code, stdout, stderr } = await bench.run(["upload", "--debug", path]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\d+\n$/);
    for (const operation of ["ApplyUpload", "PutObject", "CommitUpload"]) expect(stderr).toContain(operation);
    for (const secret of [bench.emulator.secretKey, "ignature", "oken"]) expect(stderr).not.toContain(secret);
  });
});

describe("what is uploaded", () => {
  const names = [
    "with space.mp4",
    "课程 第一.mp4",
    "🎬 clip.mp4",
    `it's "quoted" %41+&.mp4`,
    "-dash.mp4",
    "new\nline.mp4",
    "a:b.mp4",
    "ftp:x.mp4",
    "s3:y.mp4",
  ];

  test("files with any name keep it", async () => {
    for (const name of names) await bench.file(name, name);
    const { code, stdout } = await bench.run(["upload", "--", ...names]);
    expect(code).toBe(0);
    for (const [index, line] of stdout.trimEnd().split("\n").entries()) {
      const name = names[index] ?? "";
      const [fileId = "", shown] = line.split("\t");
      expect(shown).toBe(name.replace("\n", "\\x0a"));
      const media = bench.emulator.media().find((one) => one.fileId === fileId);
      expect(media?.fields).toMatchObject({ MediaName: name.slice(0, -4), MediaType: "mp4" });
      expect(await storedSha(fileId)).toBe(sha256(name));
    }
  });

  test("a file whose path looks like an address", async () => {
    await mkdir(join(bench.folder, "ftp:"));
    await bench.file("ftp:/a.mp4", "really a file");
    const { code, stdout } = await bench.run(["upload", "ftp://a.mp4"]);
    expect(code).toBe(0);
    expect(await storedSha(stdout.trim())).toBe(sha256("really a file"));
  });

  test("standard input, with --media-type", async () => {
    const input = bytes(2 * mib + 5);
    const args = ["upload", "-", "--media-type", "mp4", "--part-size", "1MiB"];
    const { code, stdout } = await bench.run(args, { input });
    expect(code).toBe(0);
    expect(await storedSha(stdout.trim())).toBe(sha256(input));
    expect(bench.count("UploadPart")).toBe(3);
  });

  test("every flag of the media reaches ApplyUpload as it was given", async () => {
    const flags = {
      "media-type": "mov",
      "media-name": "Lesson 1: “Ünïcode”",
      procedure: "LongVideoPreset",
      "storage-region": "ap-chongqing",
      "class-id": "-1",
      "source-context": '{"lesson":1}',
      "session-context": "s",
      "expire-time": "2099-01-31T00:00:00Z",
      "media-storage-path": "/lessons/one.mov",
      "sub-app-id": "1500000007",
    };
    const path = await bench.file("flags.mp4", "x");
    const typed = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
    const { code, stderr } = await bench.run(["upload", path, ...typed]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const apply = bench.emulator.requests().find(({ operation }) => operation === "ApplyUpload");
    expect(apply?.json).toEqual({
      MediaType: "mov",
      MediaName: "Lesson 1: “Ünïcode”",
      Procedure: "LongVideoPreset",
      StorageRegion: "ap-chongqing",
      ClassId: -1,
      SourceContext: '{"lesson":1}',
      SessionContext: "s",
      ExpireTime: "2099-01-31T00:00:00Z",
      MediaStoragePath: "/lessons/one.mov",
      SubAppId: 1500000007,
    });
  });
});

describe("retries and deadline", () => {
  test("--retries 0 sends a request once", async () => {
    const path = await bench.file("once.mp4", "x");
    bench.emulator.setFaults([{ operation: "ApplyUpload", fault: { kind: "reset-before" } }]);
    const { code } = await bench.run(["upload", path, "--retries", "0"]);
    expect(code).toBe(5);
    expect(bench.emulator.requests().filter(({ operation }) => operation === "ApplyUpload")).toHaveLength(1);
  });

  test("--timeout ends the run with 5", async () => {
    const path = await bench.file("slow.mp4", "x");
    bench.emulator.setFaults([{ operation: "ApplyUpload", fault: { kind: "hang" } }]);
    const { code, stderr } = await bench.run(["upload", path, "--timeout", "0.4"]);
    expect(code).toBe(5);
    expect(stderr).toContain("--timeout");
  });
});
