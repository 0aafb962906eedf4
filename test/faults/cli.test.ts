import { execFileSync } from "node:child_process";
import { readdirSync, readlinkSync } from "node:fs";
import { appendFile, open, truncate } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Fault, FaultRule } from "../../src/emulator/index.ts";
import type { Bench } from "../cli/support/bench.ts";
import { bytes, mib, openBench } from "../cli/support/bench.ts";
import { builtCli } from "../cli/support/built-cli.ts";
import { until } from "../cli/support/run-cli.ts";
import { timing } from "../support/timing.ts";

const size = 3 * mib + 4_321;
const benches: Bench[] = [];

beforeAll(() => void builtCli(), 120_000);

// Not after each: tests run at the same time.
afterAll(async () => {
  for (const bench of benches.splice(0)) await bench.close();
});

async function scene(faults: readonly FaultRule[] = []): Promise<{ bench: Bench; path: string }> {
  const bench = await openBench({ strictSignature: true, faults });
  benches.push(bench);
  return { bench, path: await bench.file("film.mp4", size) };
}

/** What a process has open, by the kernel's own list. */
function openFiles(pid: number | undefined): string[] {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).map((name) => readlinkSync(join(folder, name)));
  } catch {
    // One was closed in between.
    return [];
  }
}

const quick = ["--part-size", "1MiB", "--concurrency", "2", "--retries", "1"];
const limitMs = 40_000;

const answer = (status: number, body: string, more: Partial<Extract<Fault, { kind: "answer" }>> = {}): Fault => ({
  kind: "answer",
  status,
  body,
  ...more,
});
const cosError = (code: string): string =>
  `<?xml version="1.0"?><Error><Code>${code}</Code><Message>m</Message></Error>`;
const vodError = (code: string): string =>
  JSON.stringify({ Response: { Error: { Code: code, Message: "m" }, RequestId: "r-1" } });

/** One strike each: the command line does not so much as mention it in its exit code. */
const survived: Readonly<Record<string, readonly [string, Fault]>> = {
  "ApplyUpload reset": ["ApplyUpload", { kind: "reset-before" }],
  "ApplyUpload answered by a gateway": ["ApplyUpload", answer(502, "<html>Bad Gateway</html>")],
  "ApplyUpload by a clock an hour ahead": ["vod", { kind: "clock-skew", ms: 3_600_000 }],
  "a part reset half-way": ["UploadPart", { kind: "reset-after-bytes", bytes: 500_000 }],
  "a part damaged on its way": ["UploadPart", { kind: "corrupt-body" }],
  "a part whose certificate has expired": ["UploadPart", { kind: "expire-certificate" }],
  "a part answered SlowDown": ["UploadPart", answer(503, cosError("SlowDown"))],
  "a part answered 429": ["UploadPart", answer(429, cosError("TooManyRequests"), { headers: { "Retry-After": "1" } })],
  "Complete done and reset": ["CompleteMultipartUpload", { kind: "reset-after-effect" }],
  "Complete answered with white space": ["CompleteMultipartUpload", { kind: "white-space" }],
  "CommitUpload done and reset": ["CommitUpload", { kind: "reset-after-effect" }],
  "CommitUpload cut short": ["CommitUpload", { kind: "truncate-answer", bytes: 9 }],
};

/** Every time: how the command line ends, and whether the next run has anything to go on from. */
const failed: Readonly<Record<string, readonly [string, Fault, code: number]>> = {
  "ApplyUpload refused": ["ApplyUpload", answer(200, vodError("UnauthorizedOperation")), 4],
  "ApplyUpload with a wrong argument": ["ApplyUpload", answer(200, vodError("InvalidParameterValue.MediaType")), 1],
  "ApplyUpload unreachable": ["ApplyUpload", { kind: "reset-before" }, 5],
  "parts denied": ["UploadPart", answer(403, cosError("AccessDenied")), 4],
  "parts answered 500": ["UploadPart", answer(500, cosError("InternalError")), 5],
  "parts reset": ["UploadPart", { kind: "reset-after-bytes", bytes: 9 }, 5],
  "parts damaged": ["UploadPart", { kind: "corrupt-body" }, 6],
  "Complete with another CRC64": ["CompleteMultipartUpload", { kind: "wrong-crc64" }, 6],
  "Complete refused": ["CompleteMultipartUpload", answer(400, cosError("InvalidArgument")), 1],
  "CommitUpload refused": ["CommitUpload", answer(200, vodError("InvalidParameterValue.VodSessionKey")), 1],
  "CommitUpload never reached": ["CommitUpload", { kind: "reset-before" }, 5],
};

describe("the command line, through a fault", () => {
  test.concurrent.each(Object.entries(survived))("survives %s", async (_, [operation, fault]) => {
    const { bench, path } = await scene([{ operation, times: operation === "vod" ? 99 : 1, fault }]);
    const { code, stdout, stderr } = await bench.run(["upload", path, ...quick], { limitMs });
    expect(code, stderr).toBe(0);
    expect(bench.emulator.media().map(({ fileId }) => `${fileId}\n`)).toEqual([stdout]);
    expect((await bench.emulator.readObject(bench.emulator.media()[0]?.key ?? "")).equals(bytes(size))).toBe(true);
    expect(bench.emulator.uploads()).toEqual([]);
    expect(await bench.stateFiles()).toEqual([]);
  });

  test.concurrent.each(Object.entries(failed))("fails of %s", async (_, [operation, fault, exitCode]) => {
    const { bench, path } = await scene([{ operation, fault }]);
    const { code, stdout, stderr } = await bench.run(["upload", path, ...quick], { limitMs });
    expect({ code, stdout }, stderr).toEqual({ code: exitCode, stdout: "" });
    expect(bench.emulator.media()).toEqual([]);
    // 5 keeps what was sent, everything else takes it away.
    if (exitCode !== 5) {
      expect(bench.emulator.uploads()).toEqual([]);
      expect(await bench.stateFiles()).toEqual([]);
    }
    if (exitCode !== 5) return;
    bench.emulator.setFaults([]);
    const again = await bench.run(["upload", path, ...quick], { limitMs });
    expect(again.code, again.stderr).toBe(0);
    expect(bench.emulator.media().map(({ fileId }) => `${fileId}\n`)).toEqual([again.stdout]);
    expect(bench.emulator.uploads()).toEqual([]);
  });

  test.concurrent.each<[string, readonly string[], Fault, number]>([
    ["goes on from its state when it did not work", [], { kind: "reset-before" }, 5],
    ["goes on from its state when it worked", [], { kind: "reset-after-effect" }, 5],
    ["suggests no second upload without a state", ["--no-resume"], { kind: "reset-after-effect" }, 1],
  ])("a commit that is never answered: %s", async (_, flags, fault, exitCode) => {
    const { bench, path } = await scene([
      { operation: "CommitUpload", fault },
      { operation: "DescribeMediaInfos", fault: { kind: "reset-before" } },
    ]);
    const { code, stdout, stderr } = await bench.run(["upload", path, ...quick, ...flags], { limitMs });
    expect({ code, stdout }, stderr).toEqual({ code: exitCode, stdout: "" });
    bench.emulator.setFaults([]);
    if (exitCode === 1) {
      expect(stderr).toContain("before uploading again");
      return;
    }
    const again = await bench.run(["upload", path, ...quick], { limitMs });
    expect(again.code, again.stderr).toBe(0);
    expect(bench.emulator.media().map(({ fileId }) => `${fileId}\n`)).toEqual([again.stdout]);
    expect(bench.count("ApplyUpload")).toBe(1);
  });

  test.concurrent.each([
    ["is cut", (path: string) => truncate(path, 1_000)],
    ["grows", (path: string) => appendFile(path, "more")],
  ] as const)("exits with 3 for a file that %s while it is read", async (_, disturb) => {
    const { bench, path } = await scene([{ operation: "UploadPart", fault: { kind: "delay", ms: 400 } }]);
    const run = bench.start(["upload", path, "--part-size", "1MiB", "--concurrency", "1"], { limitMs });
    await until(() => bench.count("UploadPart") > 0, "a part", limitMs);
    await disturb(path);
    const { code, stdout, stderr } = await run.ended;
    expect({ code, stdout }, stderr).toEqual({ code: 3, stdout: "" });
    expect(bench.emulator.media()).toEqual([]);
    expect(bench.emulator.uploads()).toEqual([]);
    expect(await bench.stateFiles()).toEqual([]);
  });

  const stopped: Readonly<Record<string, Fault | "offline">> = {
    "is never answered": { kind: "hang" },
    "is answered too late": { kind: "slow-response", ms: 20_000 },
    "finds nobody": "offline",
  };

  test.concurrent.each(
    Object.entries(stopped).flatMap(([how, fault]) =>
      (["SIGINT", "SIGTERM"] as const).map((signal) => [signal, how, fault] as const),
    ),
  )("%s ends it at once though cleaning up %s", timing, async (signal, _, fault) => {
    const { bench, path } = await scene([
      { operation: "UploadPart", fault: { kind: "hang" } },
      ...(fault === "offline" ? [] : [{ operation: "AbortMultipartUpload", fault }]),
    ]);
    const run = bench.start(["upload", path, "--part-size", "1MiB", "--no-resume"], { limitMs });
    await until(() => bench.count("UploadPart") > 0, "a part", limitMs);
    if (fault === "offline") await bench.emulator.offline();
    const signalled = performance.now();
    run.child.kill(signal);
    const { code, stdout, stderr } = await run.ended;
    // A second, and patience with a machine that runs others of these at the same time.
    expect(performance.now() - signalled).toBeLessThan(2_500);
    expect({ code, stdout }, stderr).toEqual({ code: signal === "SIGINT" ? 130 : 143, stdout: "" });
    expect(stderr).toContain("could not be removed: no answer in time");
    if (fault !== "offline") expect(bench.count("AbortMultipartUpload")).toBe(1);
  });

  // Nothing is applied for before there is a byte to send.
  test.concurrent.each([
    ["nothing", ""],
    ["nothing more", "x"],
  ])("ends by a signal while it reads a pipe whose writer says %s", timing, async (_, said) => {
    const { bench } = await scene();
    const pipe = join(bench.folder, "pipe.mp4");
    execFileSync("mkfifo", [pipe]);
    const writer = await open(pipe, "r+");
    try {
      await writer.write(said);
      const run = bench.start(["upload", pipe, "--media-type", "mp4", "--no-resume"], { limitMs });
      const reads = (): boolean => openFiles(run.child.pid).includes(pipe);
      await until(said === "" ? reads : () => bench.count("ApplyUpload") > 0, "the pipe to be read", limitMs);
      const signalled = performance.now();
      run.child.kill("SIGTERM");
      expect((await run.ended).code).toBe(143);
      expect(performance.now() - signalled).toBeLessThan(2_500);
    } finally {
      await writer.close();
    }
  });

  test("waits for a server that is gone for a while", async () => {
    const { bench, path } = await scene([{ operation: "UploadPart", fault: { kind: "delay", ms: 300 } }]);
    const run = bench.start(["upload", path, "--part-size", "1MiB", "--retries", "9"], { limitMs });
    await until(() => bench.count("UploadPart") > 0, "a part", limitMs);
    await bench.emulator.offline();
    await new Promise((resolve) => setTimeout(resolve, 700));
    await bench.emulator.online();
    const { code, stdout, stderr } = await run.ended;
    expect(code, stderr).toBe(0);
    expect(bench.emulator.media().map(({ fileId }) => `${fileId}\n`)).toEqual([stdout]);
  });
});
