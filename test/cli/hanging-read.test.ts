import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { mib, openBench, type Bench } from "./support/bench.ts";
import type { CliResult } from "./support/run-cli.ts";

let bench: Bench;
beforeEach(async () => {
  bench = await openBench();
});
afterEach(async () => {
  await bench.close();
});

/** How a command ended, and how long after its deadline of a second. */
async function afterDeadline(ended: Promise<CliResult>): Promise<CliResult & { readonly lateMs: number }> {
  const began = performance.now();
  const result = await ended;
  return { ...result, lateMs: performance.now() - began - 1_000 };
}

/** A second is promised; the rest is Node's own start on a busy machine. */
const mostLateMs = 3_000;

test.skipIf(!existsSync("/dev/ptmx"))("a device that gives nothing is stopped by --timeout", async () => {
  const ended = bench.run(["upload", "/dev/ptmx", "--media-type", "mp4", "--timeout", "1"]);
  const { code, stderr, lateMs } = await afterDeadline(ended);
  expect({ code, stderr }).toEqual({ code: 5, stderr: expect.stringContaining("stopped after the 1 s of --timeout") });
  expect(lateMs).toBeLessThan(mostLateMs);
});

const canMount =
  process.geteuid?.() === 0 && existsSync("/dev/fuse") && spawnSync("python3", ["-c", "import ctypes"]).status === 0;

describe.skipIf(!canMount)("a read that hangs, as of a network drive whose server is gone,", () => {
  let mounted: ChildProcess;
  beforeEach(async () => {
    const folder = join(bench.folder, "drive");
    await mkdir(folder);
    const script = join(import.meta.dirname, "support/hung-files.py");
    mounted = spawn("python3", [script, folder, String(10 * mib), String(4 * mib)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await new Promise((resolve) => mounted.stdout?.once("data", resolve));
  });
  afterEach(() => {
    mounted.kill("SIGKILL");
    spawnSync("umount", ["-l", join(bench.folder, "drive")]);
  });

  test("is ended by --timeout, and with it the process", async () => {
    const ended = bench.run(["upload", "drive/a.mp4", "--timeout", "1"]);
    const { code, stderr, lateMs } = await afterDeadline(ended);
    expect(stderr).toContain("stopped after the 1 s of --timeout");
    expect(stderr).toContain("what was sent is kept; to resume:");
    expect(code).toBe("execve" in process ? 5 : "SIGKILL");
    expect(lateMs).toBeLessThan(mostLateMs);
  });

  test.each(["SIGINT", "SIGTERM"] as const)("is ended by %s", async (signal) => {
    const running = bench.start(["upload", "drive/a.mp4"]);
    setTimeout(() => running.child.kill(signal), 1_000);
    const { code, stderr, lateMs } = await afterDeadline(running.ended);
    expect(stderr).toContain(`stopped by ${signal}`);
    // As a shell says it: 130 and 143.
    expect(code).toBe(signal);
    expect(lateMs).toBeLessThan(mostLateMs);
  });
});
