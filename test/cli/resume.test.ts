import { execFile } from "node:child_process";
import { readFile, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { FaultRule } from "../../src/emulator/index.ts";
import type { Bench } from "./support/bench.ts";
import type { RunningCli } from "./support/run-cli.ts";
import { bytes, mib, openBench } from "./support/bench.ts";
import { builtCli } from "./support/built-cli.ts";
import { cleanEnvironment, until } from "./support/run-cli.ts";
import { timing } from "../support/timing.ts";

let bench: Bench;
let path: string;

beforeEach(async () => {
  bench = await openBench();
  path = await bench.file("my lesson's film.mp4", 4 * mib);
});

afterEach(() => bench.close());

const small = ["--part-size", "1MiB", "--retries", "0"];
const stuck: FaultRule = { operation: "UploadPart", partNumber: 3, fault: { kind: "hang" } };

const storedParts = (): number => bench.emulator.uploads().reduce((sum, { parts }) => sum + parts.length, 0);

/** Starts an upload of four parts that cannot finish its third, and waits until the others are there. */
async function startStuck(args: readonly string[] = []): Promise<RunningCli> {
  bench.emulator.setFaults([stuck]);
  const run = bench.start(["upload", path, ...small, ...args]);
  await until(() => storedParts() === 3 && bench.count("UploadPart") === 4, "three parts and a stuck one");
  return run;
}

/** Runs again what was begun, without faults, and expects that only the missing part is sent. */
async function expectOnlyTheRest(run: () => Promise<{ code: number | string; stdout: string }>): Promise<void> {
  bench.emulator.setFaults([]);
  bench.emulator.clearRequests();
  const { code, stdout } = await run();
  expect(code).toBe(0);
  expect(bench.count("ApplyUpload")).toBe(0);
  expect(bench.count("UploadPart")).toBe(1);
  const media = bench.emulator.media();
  expect(media.map(({ fileId }) => fileId)).toEqual([stdout.trim()]);
  expect((await bench.emulator.readObject(media[0]?.key ?? "")).equals(bytes(4 * mib))).toBe(true);
  expect(await bench.stateFiles()).toEqual([]);
}

describe("an upload that was stopped", () => {
  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("by %s: keeps its parts, prints how to go on, and goes on", async (signal, exitCode) => {
    const run = await startStuck(["--procedure", "a 'quoted' flow"]);
    const started = performance.now();
    run.child.kill(signal);
    const { code, stdout, stderr } = await run.ended;
    // A second is promised; the other one is for a machine that runs other tests meanwhile.
    expect(performance.now() - started).toBeLessThan(2_000);
    expect({ code, stdout }).toEqual({ code: exitCode, stdout: "" });
    expect(storedParts()).toBe(3);
    const command = /to resume: (vodup .*)/.exec(stderr)?.[1] ?? "";
    // The printed command itself is run, by a shell, to prove its quoting.
    const script = command.replace(/^vodup/, `"${process.execPath}" "${builtCli()}"`);
    const env = cleanEnvironment(bench.env);
    await expectOnlyTheRest(async () => ({
      code: 0,
      ...(await promisify(execFile)("sh", ["-c", script], { cwd: bench.folder, env })),
    }));
  });

  test("by kill -9: leaves a lock and a checkpoint, and goes on", async () => {
    const run = await startStuck();
    run.child.kill("SIGKILL");
    expect((await run.ended).code).toBe("SIGKILL");
    const left = (await bench.stateFiles()).join(" ");
    expect(left).toMatch(/\.json( |$)/);
    expect(left).toContain(".lock");
    await expectOnlyTheRest(() => bench.run(["upload", path, ...small]));
  });

  test("leaves its state to its owner alone, and the certificate in no output", async () => {
    const run = await startStuck(["--json", "--debug"]);
    run.child.kill("SIGTERM");
    const { stdout, stderr } = await run.ended;
    const directory = join(bench.folder, "state/vodup");
    const [name = ""] = await readdir(directory);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    expect((await stat(join(directory, name))).mode & 0o777).toBe(0o600);
    const entry = JSON.parse(await readFile(join(directory, name), "utf8")) as {
      checkpoint: { session: { vodSessionKey: string; certificate: { secretKey: string; token: string } } };
    };
    const { vodSessionKey, certificate } = entry.checkpoint.session;
    for (const secret of [vodSessionKey, certificate.secretKey, certificate.token, bench.emulator.secretKey]) {
      expect(stdout + stderr).not.toContain(secret);
    }
  });

  test("with --no-resume: removes its parts and writes no state", async () => {
    const run = await startStuck(["--no-resume"]);
    run.child.kill("SIGTERM");
    const { code, stderr } = await run.ended;
    expect(code).toBe(143);
    expect(stderr).not.toContain("to resume");
    expect(bench.emulator.uploads()).toEqual([]);
    expect(await bench.stateFiles()).toEqual([]);
  });

  test("twice: does not wait for cleaning up", timing, async () => {
    const run = await startStuck(["--no-resume"]);
    bench.emulator.setFaults([{ operation: "AbortMultipartUpload", fault: { kind: "hang" } }]);
    run.child.kill("SIGINT");
    await until(() => bench.count("AbortMultipartUpload") > 0, "the clean-up");
    run.child.kill("SIGINT");
    const started = performance.now();
    expect((await run.ended).code).toBe(130);
    expect(performance.now() - started).toBeLessThan(500);
  });
});

describe("an upload that failed", () => {
  const failing = (status: number, cosCode: string): FaultRule => ({
    operation: "UploadPart",
    partNumber: 3,
    fault: {
      kind: "answer",
      status,
      headers: { "x-cos-request-id": "NjUz", "content-type": "application/xml" },
      body: `<?xml version="1.0"?><Error><Code>${cosCode}</Code><Message>m</Message></Error>`,
    },
  });
  const fail = async (rule: FaultRule, args: readonly string[] = []) => {
    bench.emulator.setFaults([rule]);
    return bench.run(["upload", path, ...small, "--concurrency", "1", ...args]);
  };

  test("for a while (5): keeps parts and checkpoint", async () => {
    const { code, stderr } = await fail(failing(503, "ServiceUnavailable"));
    expect(code).toBe(5);
    expect(stderr).toContain("to resume: vodup upload");
    expect(storedParts()).toBe(2);
    expect(await bench.stateFiles()).toHaveLength(1);
  });

  test.each<[number, FaultRule]>([
    [1, failing(400, "InvalidArgument")],
    [4, failing(403, "AccessDenied")],
    [6, { operation: "CompleteMultipartUpload", fault: { kind: "wrong-crc64" } }],
  ])("for good (%i): removes parts and checkpoint", async (exitCode, rule) => {
    const { code, stderr } = await fail(rule);
    expect(code).toBe(exitCode);
    expect(stderr).not.toContain("to resume");
    expect(bench.emulator.uploads()).toEqual([]);
    expect(await bench.stateFiles()).toEqual([]);
    expect(bench.emulator.media()).toEqual([]);
  });

  test("for good, with --keep-parts: keeps them, and goes on", async () => {
    const { code, stderr } = await fail(failing(403, "AccessDenied"), ["--keep-parts"]);
    expect(code).toBe(4);
    expect(stderr).toContain("to resume");
    expect(storedParts()).toBe(2);
  });

  test("because the file is gone since an earlier run (3): removes what that run left", async () => {
    await fail(failing(503, "ServiceUnavailable"));
    const { code } = await bench.run(["upload", path, "--cover", "no-such.jpg", ...small]);
    expect(code).toBe(3);
    expect(bench.emulator.uploads()).toEqual([]);
    expect(await bench.stateFiles()).toEqual([]);
  });

  test("by wrong arguments (2): leaves an earlier run's parts alone", async () => {
    await fail(failing(503, "ServiceUnavailable"));
    expect((await bench.run(["upload", path, "--part-size", "1"])).code).toBe(2);
    expect(storedParts()).toBe(2);
    expect(await bench.stateFiles()).toHaveLength(1);
  });
});

describe("a second run", () => {
  test("while the first is at work: refuses, names it, and disturbs nothing", async () => {
    const first = await startStuck();
    const second = await bench.run(["upload", path, ...small]);
    expect(second.code).toBe(5);
    expect(second.stderr).toContain(`process ${first.child.pid}`);
    expect(storedParts()).toBe(3);
    first.child.kill("SIGTERM");
    await first.ended;
    await expectOnlyTheRest(() => bench.run(["upload", path, ...small]));
  });

  test("after the file has changed: starts from the beginning with a note, and removes the old parts", async () => {
    const run = await startStuck();
    run.child.kill("SIGTERM");
    await run.ended;
    bench.emulator.setFaults([]);
    await writeFile(path, bytes(3 * mib));
    const { code, stderr } = await bench.run(["upload", path, ...small]);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr:
        `vodup: note: ${path}: starting from the beginning, since the source has changed since an earlier run; ` +
        "the parts that it had sent are removed\n",
    });
    expect(bench.emulator.uploads()).toEqual([]);
    expect(bench.emulator.media()).toHaveLength(1);
  });

  test("after the file has changed, where the old parts cannot be removed: says so, and not that they are", async () => {
    const run = await startStuck();
    run.child.kill("SIGTERM");
    await run.ended;
    bench.emulator.setFaults([{ operation: "AbortMultipartUpload", fault: { kind: "reset-before" } }]);
    await writeFile(path, bytes(3 * mib));
    const { code, stderr } = await bench.run(["upload", path, ...small]);
    expect(code).toBe(0);
    expect(stderr).toMatch(/starting from the beginning, since the source has changed since an earlier run\n/);
    expect(stderr).toContain("could not be removed");
  });

  test("after the file has changed behind the commit: names the FileId of what it was", async () => {
    bench.emulator.setFaults([{ operation: "CommitUpload", fault: { kind: "delay", ms: 300 } }]);
    const run = bench.start(["upload", path, ...small]);
    await until(() => bench.count("CommitUpload") > 0, "the commit");
    run.child.stdout.destroy();
    await run.ended;
    bench.emulator.setFaults([]);
    const fileId = bench.emulator.media()[0]?.fileId ?? "";
    await writeFile(path, bytes(3 * mib));
    const { code, stderr } = await bench.run(["upload", path, ...small]);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr:
        `vodup: note: ${path}: starting from the beginning, since the source has changed since an earlier run; ` +
        `what it was then stays uploaded as FileId ${fileId}\n`,
    });
  });

  test("with a state that is no state: starts from the beginning", async () => {
    const run = await startStuck();
    run.child.kill("SIGTERM");
    await run.ended;
    bench.emulator.setFaults([]);
    const [name = ""] = await bench.stateFiles();
    await writeFile(join(bench.folder, "state/vodup", name), '{"version":1,"source":');
    const { code, stderr } = await bench.run(["upload", path, ...small]);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: `vodup: note: ${path}: starting from the beginning, since the state that an earlier run left cannot be used\n`,
    });
    expect(await bench.stateFiles()).toEqual([]);
  });

  test("after a FileId that could not be printed: prints it, and sends nothing", async () => {
    bench.emulator.setFaults([{ operation: "CommitUpload", fault: { kind: "delay", ms: 300 } }]);
    const run = bench.start(["upload", path, ...small]);
    await until(() => bench.count("CommitUpload") > 0, "the commit");
    run.child.stdout.destroy();
    const { code, stderr } = await run.ended;
    const fileId = bench.emulator.media()[0]?.fileId ?? "";
    expect(code).toBe(1);
    expect(stderr).toContain(fileId);
    bench.emulator.clearRequests();
    expect(await bench.run(["upload", path, ...small])).toEqual({ code: 0, stdout: `${fileId}\n`, stderr: "" });
    expect(bench.emulator.requests()).toEqual([]);
    expect(await bench.stateFiles()).toEqual([]);
  });

  test("where no state can be kept: says so and uploads all the same", async () => {
    const env = { XDG_STATE_HOME: path };
    const { code, stdout, stderr } = await bench.run(["upload", path, ...small], { env });
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^\d+\n$/) });
    // "path" is a file: the directory would have to be below it.
    expect(stderr).toContain(`cannot be resumed: ${path}/vodup: a part of its path is not a directory (ENOTDIR)`);
    expect(stderr).toContain("set XDG_STATE_HOME to a directory that can be written");
    expect(stderr).not.toContain("--checkpoint");
  });
});

describe("--checkpoint FILE", () => {
  const file = (): string => join(bench.folder, "upload.json");

  test("is kept by a failure, gone on from, and removed in the end", async () => {
    const run = await startStuck(["--checkpoint", "upload.json"]);
    run.child.kill("SIGINT");
    expect((await run.ended).code).toBe(130);
    expect((await stat(file())).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(file(), "utf8"))).toMatchObject({ version: 1, state: "uploading" });
    await expectOnlyTheRest(() => bench.run(["upload", path, ...small, "--checkpoint", "upload.json"]));
    expect(await readdir(bench.folder)).not.toContain("upload.json");
  });

  test("of a file that has changed is an error, and stays", async () => {
    const run = await startStuck(["--checkpoint", "upload.json"]);
    run.child.kill("SIGINT");
    await run.ended;
    await writeFile(path, "changed");
    const { code, stderr } = await bench.run(["upload", path, ...small, "--checkpoint", "upload.json"]);
    expect(code).toBe(1);
    expect(stderr).toContain("source.size");
    expect(await readdir(bench.folder)).toContain("upload.json");
  });

  test.each([
    ["not JSON", "{", "not JSON"],
    ["another program's JSON", '{"version":7}', "version"],
  ])("that is %s is an error, and nothing is sent", timing, async (_, content, named) => {
    await writeFile(file(), content);
    const { code, stderr } = await bench.run(["upload", path, "--checkpoint", "upload.json"]);
    expect(code).toBe(1);
    expect(stderr).toContain(named);
    expect(stderr).not.toContain("to resume");
    expect(bench.emulator.requests()).toEqual([]);
    expect(await readFile(file(), "utf8")).toBe(content);
  });

  test("in a folder that is not there is an error before anything is sent", async () => {
    const { code, stderr } = await bench.run(["upload", path, "--checkpoint", "nowhere/upload.json"]);
    expect(code).toBe(1);
    expect(stderr).toContain("nowhere/upload.json");
    expect(bench.emulator.requests()).toEqual([]);
  });
});
