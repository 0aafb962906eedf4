import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Bench } from "./support/bench.ts";
import { openBench } from "./support/bench.ts";
import { timing } from "../support/timing.ts";
import { onTerminal, type Shown } from "./support/on-terminal.ts";
import { until } from "./support/run-cli.ts";
import { Screen, erase } from "./support/screen.ts";

let bench: Bench;
const count = 60;

beforeEach(async () => {
  bench = await openBench();
  const names = Array.from({ length: count }, (_, n) => `film ${n}.mp4`);
  for (const name of names) await bench.file(name, 40_000);
  await bench.file("films.ndjson", names.map((source) => `${JSON.stringify({ source })}\n`).join(""));
});

afterEach(() => bench.close());

/** Runs a batch; this one takes some two seconds. @param first a shell command */
function start(columns: number, first = "", args = "batch films.ndjson --limit-rate 1MiB"): Shown {
  return onTerminal(bench, columns, `${first} exec $vodup ${args}`);
}

const escape = "\u001b";
const progress = new RegExp(`^\\d+ ?/ ?${count}\\b`);
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
    const run = start(columns);
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
    for (const frame of frames) expect(frame.length).toBeLessThan(columns);
    const screen = shown(columns, run.text());
    expect(screen.rows.filter((row) => progress.test(row))).toEqual([]);
    const summary = screen.rows.slice(count).join("").replaceAll(" ", "");
    expect(summary).toMatch(/^vodup:60of60uploaded,2\.29MiBsentin\d+s$/);
    expect(screen.cursor).toEqual({ row: screen.rows.length - 1, column: 0 });
  });

  // What is drawn before Node hears of the change is still wide, and stays: a thousandth of a second on a quiet machine.
  test("that becomes narrower fits into it, and nothing stays of what was wider", timing, async () => {
    const narrower = "stty cols 30 </dev/tty; printf '\\a' >/dev/tty";
    const run = start(80, `(until [ -e narrow ]; do sleep 0.05; done; ${narrower}) &`);
    const widths = (): number[] => framesOf(run.text()).map((frame) => frame.length);
    await until(() => widths().some((width) => width > 40), "a line of more than 40 columns");
    await bench.file("narrow", "");
    expect(await run.ended).toBe(0);
    for (const width of widths().slice(-3)) expect(width).toBeLessThan(30);
    const [before = "", after = ""] = run.text().split("\u0007");
    const screen = shown(80, before).resize(30).write(after.replaceAll("\t", " "));
    expect(screen.rows.filter((row) => progress.test(row) || /active|MiB\/s/.test(row))).toEqual([]);
    const whole = screen.rows.join("").replaceAll(" ", "");
    expect(whole).toMatch(/^(?:\d+film\d+\.mp4){60}vodup:60of60uploaded,\S+$/);
  });

  test.each([
    ["once, cleans up", "\u0003"],
    ["twice, ends at once", "\u0003\u0003"],
  ])("and Ctrl-C, %s and leaves no line behind", async (_, keys) => {
    const run = start(40);
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
    const run = start(columns, `stty rows 30; ${first}`, "batch in --limit-rate 5MiB");
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
    for (const bar of bars) expect(bar.length).toBeLessThan(columns);
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
  const run = start(60, "", "batch films.ndjson --dry-run");
  await until(() => /checking films\.ndjson {2}[\d,]+ entries {2}\ds/.test(run.text()), "the check", 20_000);
  run.child.stdin.write("\u0003");
  await run.ended;
});

test("an error is red on a terminal with colours, and plain in a pipe", async () => {
  const run = start(80, "export TERM=xterm-256color;", "batch gone.csv");
  expect(await run.ended).toBe(3);
  expect(run.text()).toContain("\u001b[31mvodup:\u001b[39m gone.csv does not exist");
  const { stderr } = await bench.run(["batch", "gone.csv"], { env: { TERM: "xterm-256color" } });
  expect(stderr).toMatch(/^vodup: gone\.csv/);
});
