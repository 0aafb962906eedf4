import { spawn } from "node:child_process";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Bench } from "./support/bench.ts";
import { openBench } from "./support/bench.ts";
import { builtCli } from "./support/built-cli.ts";
import { cleanEnvironment } from "./support/run-cli.ts";

let bench: Bench;

beforeAll(async () => {
  bench = await openBench();
}, 60_000);

afterAll(() => bench.close());

beforeEach(() => bench.emulator.clearRequests());

const flags = ["--media-type", "mp4"];
const args = ["upload", "-", ...flags];

/** A run whose standard input stays open, like that of a program that has not begun to write. */
function startSilent(
  sources: readonly string[],
  more: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
) {
  const child = spawn(process.execPath, [builtCli(), "upload", ...sources, ...flags, ...more], {
    cwd: bench.folder,
    env: cleanEnvironment({ ...bench.env, ...env }),
  });
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString("utf8")));
  const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
  const ended = new Promise<{ code: number | string; stderr: string }>((resolve) => {
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      resolve({ code: code ?? signal ?? "?", stderr });
    });
  });
  return { child, ended };
}

describe("standard input that is empty", () => {
  test("is told as that, and nothing is sent", async () => {
    expect(await bench.run(args, { input: "" })).toEqual({
      code: 3,
      stdout: "",
      stderr:
        "vodup: standard input is empty, and nothing was uploaded; " +
        "see why the program in front of the pipe wrote nothing (--allow-empty uploads it)\n",
    });
    expect(bench.emulator.requests()).toEqual([]);
  });

  test("is a source that cannot be read, in JSON", async () => {
    const { code, stdout } = await bench.run([...args, "--json"], { input: "" });
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({ type: "error", source: "-", code: "SOURCE_UNREADABLE" });
  });

  test("is an empty media with --allow-empty", async () => {
    const { code } = await bench.run([...args, "--allow-empty"], { input: "" });
    expect(code).toBe(0);
    expect(bench.emulator.media()).toHaveLength(1);
  });
});

describe("standard input on which nothing has come yet", () => {
  test.each([
    ["a wrong option", ["--source-context", "x".repeat(251)], {}, 2, "--source-context"],
    ["a missing cover", ["--cover", "gone.jpg"], {}, 3, "gone.jpg"],
    ["a missing key", [], { TENCENTCLOUD_SECRET_ID: "" }, 4, "TENCENTCLOUD_SECRET_ID"],
    ["the deadline", ["--timeout", "0.5"], {}, 5, "--timeout"],
  ] as const)("does not keep back %s", async (_, more, env, code, named) => {
    const { child, ended } = startSilent(["-"], more, env);
    const result = await ended;
    child.stdin.destroy();
    expect(result).toEqual({ code, stderr: expect.stringContaining(named) });
    expect(bench.emulator.requests()).toEqual([]);
  });

  test("is waited for, and a signal ends that", async () => {
    // The command is up when it listens to the signal.
    const told = `process.on("newListener", (name) => name === "SIGINT" && process.stderr.write("listens"))`;
    const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(told)}`;
    const { child, ended } = startSilent(["-"], [], { NODE_OPTIONS });
    await new Promise<void>((resolve) => child.stderr.once("data", () => resolve()));
    child.kill("SIGINT");
    expect((await ended).code).toBe(130);
    expect(bench.emulator.requests()).toEqual([]);
    child.stdin.destroy();
  });

  test("may come piece by piece", async () => {
    const { child, ended } = startSilent(["-"]);
    for (const piece of ["one ", "two ", "three"]) {
      child.stdin.write(piece);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    child.stdin.end();
    expect(await ended).toEqual({ code: 0, stderr: "" });
    const { key = "" } = bench.emulator.media().at(-1) ?? {};
    expect((await bench.emulator.readObject(key)).toString("utf8")).toBe("one two three");
  });
});
