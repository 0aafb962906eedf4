import { spawn } from "node:child_process";
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Bench } from "./support/bench.ts";
import { openBench } from "./support/bench.ts";
import { builtCli } from "./support/built-cli.ts";
import { cleanEnvironment, until } from "./support/run-cli.ts";
import { Screen } from "./support/screen.ts";

let bench: Bench;
const count = 60;

beforeEach(async () => {
  bench = await openBench();
  const names = Array.from({ length: count }, (_, n) => `film ${n}.mp4`);
  for (const name of names) await bench.file(name, 40_000);
  await bench.file("films.ndjson", names.map((source) => `${JSON.stringify({ source })}\n`).join(""));
});

afterEach(() => bench.close());

interface Shown {
  readonly child: ChildProcessWithoutNullStreams;
  readonly text: () => string;
  readonly ended: Promise<number | null>;
}

/** Runs the batch on a terminal of its own, of so many columns; it takes some two seconds. @param first a shell command */
function onTerminal(columns: number, first = "", args = "batch films.ndjson --limit-rate 1MiB"): Shown {
  const command = `'${process.execPath}' '${builtCli()}' ${args}`;
  const child = spawn("script", ["-qec", `stty cols ${columns}; ${first} exec ${command}`, "/dev/null"], {
    cwd: bench.folder,
    env: cleanEnvironment({ ...bench.env, SHELL: "/bin/sh" }),
  });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  const timer = setTimeout(() => child.kill("SIGKILL"), 30_000);
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(timer);
      child.stdin.end();
      resolve(code);
    });
  });
  return { child, text: () => Buffer.concat(chunks).toString("utf8"), ended };
}

const escape = "\u001b";
const erase = `${escape}[2K`;
const progress = new RegExp(`^\\d+ / ${count}\\b`);
const result = /^\d+\tfilm \d+\.mp4$/;
/** Each drawing of the total. */
const framesOf = (text: string): string[] =>
  text
    .split(/[\r\n]+/)
    .flatMap((piece) => piece.split(erase))
    .filter((piece) => progress.test(piece));
/** A terminal shows a tab as spaces; here it only has to be told from them. */
const shown = (columns: number, text: string): Screen => new Screen(columns).write(text.replaceAll("\t", " "));

describe("a batch on a terminal", () => {
  test.each([80, 40])("of %i columns shows the total below its results, all the time, in one row", async (columns) => {
    const run = onTerminal(columns);
    expect(await run.ended).toBe(0);
    // What stands between two line ends: the total so far, drawn over again, and then a result in its place.
    const [first = "", ...pieces] = run.text().trimEnd().split("\r\n");
    const results = [first, ...pieces].filter((piece) => result.test(piece.split(erase).at(-1) ?? ""));
    expect(results).toHaveLength(count);
    // On a slow machine the check of the manifest is seen first.
    const ofCheck = (piece: string): boolean => piece.startsWith("checking ");
    for (const piece of results) expect(piece.split(erase).find((part) => !ofCheck(part))).toMatch(progress);
    const frames = framesOf(run.text());
    expect(frames.length).toBeGreaterThan(count);
    for (const frame of frames) expect(frame.length).toBeLessThan(columns - 4);
    const screen = shown(columns, run.text());
    expect(screen.rows.filter((row) => progress.test(row))).toEqual([]);
    const summary = screen.rows.slice(count).join("").replaceAll(" ", "");
    expect(summary).toMatch(/^vodup:60of60uploaded,2\.29MiBsentin\d+s$/);
    expect(screen.cursor).toEqual({ row: screen.rows.length - 1, column: 0 });
  });

  test("that becomes narrower fits into it", async () => {
    const run = onTerminal(80, "(until [ -e narrow ]; do sleep 0.05; done; stty cols 30 </dev/tty) &");
    const widths = (): number[] => framesOf(run.text()).map((frame) => frame.length);
    await until(() => widths().some((width) => width > 40), "a line of more than 40 columns");
    await bench.file("narrow", "");
    expect(await run.ended).toBe(0);
    for (const width of widths().slice(-3)) expect(width).toBeLessThan(30);
  });

  test.each([
    ["once, cleans up", "\u0003"],
    ["twice, ends at once", "\u0003\u0003"],
  ])("and Ctrl-C, %s and leaves no line behind", async (_, keys) => {
    const run = onTerminal(40);
    await until(() => run.text().split("\t").length > 5, "five results");
    run.child.stdin.write(keys);
    expect(await run.ended).toBe(130);
    const screen = shown(40, run.text());
    expect(screen.rows.filter((row) => progress.test(row) || row.includes("^C"))).toEqual([]);
    expect(screen.cursor.column).toBe(0);
    const { code, stderr } = await bench.run(["batch", "films.ndjson"]);
    expect([code, stderr]).toEqual([0, expect.stringContaining("60 of 60 uploaded (")]);
    expect(bench.emulator.media()).toHaveLength(count);
  });
});

describe("several large files of a batch", () => {
  /** Two files beyond 8 MiB, for some four seconds. */
  async function large(columns: number, first = ""): Promise<string> {
    await mkdir(join(bench.folder, "in"));
    for (const name of ["one.mp4", "a rather long name of a film that nobody can read.mp4"])
      await bench.file(`in/${name}`, 9 * 2 ** 20);
    const run = onTerminal(columns, `stty rows 30; ${first}`, "batch in --limit-rate 5MiB");
    expect(await run.ended).toBe(0);
    return run.text();
  }

  test.each([80, 40])("have a bar each above the total, in %i columns, and leave none behind", async (columns) => {
    const text = await large(columns);
    const plain = text.replaceAll(new RegExp(`${escape}\\[\\d+m`, "g"), "");
    const bars = plain
      .split("\r\n")
      .flatMap((piece) => piece.split(erase))
      .filter((piece) => /\[#*-*\] +\d+%/.test(piece));
    // In 40 columns there is room for the beginning of a name.
    for (const name of ["one", "a r"]) expect(bars.some((bar) => bar.startsWith(`  ${name}`))).toBe(true);
    for (const bar of bars) expect(bar.length).toBeLessThan(columns - 4);
    expect(bars.some((bar) => /\[#+-+\]/.test(bar))).toBe(true);
    const screen = shown(columns, text);
    expect(screen.rows.join("\n")).not.toMatch(/\[#|done {2}/);
    expect(screen.rows.filter((row) => /^\d+ in\//.test(row))).toHaveLength(2);
    expect(screen.cursor).toEqual({ row: screen.rows.length - 1, column: 0 });
  });

  test("are coloured where the terminal has colours, and not with NO_COLOR", async () => {
    const green = "\u001b[32m#";
    expect(await large(80, "export TERM=xterm-256color;")).toContain(green);
    await rm(join(bench.folder, "in"), { recursive: true });
    await rm(join(bench.folder, "in.journal"));
    expect(await large(80, "export TERM=xterm-256color NO_COLOR=1;")).not.toContain("\u001b[3");
  });
});

test("the check of a large manifest is shown while it lasts, and then gone", async () => {
  const lines = Array.from({ length: 400_000 }, (_, n) => `{"source":"film ${n % 60}.mp4","mediaName":"${n}"}\n`);
  await bench.file("films.ndjson", lines.join(""));
  const run = onTerminal(60, "", "batch films.ndjson --dry-run");
  await until(() => /checking films\.ndjson {2}[\d,]+ entries {2}\ds/.test(run.text()), "the check", 20_000);
  run.child.stdin.write("\u0003");
  await run.ended;
});

test("an error is red on a terminal with colours, and plain in a pipe", async () => {
  const run = onTerminal(80, "export TERM=xterm-256color;", "batch gone.csv");
  expect(await run.ended).toBe(3);
  expect(run.text()).toContain("\u001b[31mvodup:\u001b[39m gone.csv does not exist");
  const { stderr } = await bench.run(["batch", "gone.csv"], { env: { TERM: "xterm-256color" } });
  expect(stderr).toMatch(/^vodup: gone\.csv/);
});
