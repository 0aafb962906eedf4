import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Bench } from "./support/bench.ts";
import { mib, openBench } from "./support/bench.ts";
import { builtCli } from "./support/built-cli.ts";
import { cleanEnvironment } from "./support/run-cli.ts";

let bench: Bench;

beforeEach(async () => {
  bench = await openBench();
  await bench.file("film.mp4", 6 * mib);
});

afterEach(() => bench.close());

/** What a terminal of so many columns is given by a command line of the shell, in which `$vodup` is the built command. */
async function onTerminal(command: string, columns = 100): Promise<{ text: string; code: number | null }> {
  const line = command.replace("$vodup", () => `'${process.execPath}' '${builtCli()}'`);
  const child = spawn("script", ["-qec", `stty cols ${columns}; ${line}`, "/dev/null"], {
    cwd: bench.folder,
    env: cleanEnvironment({ ...bench.env, SHELL: "/bin/sh" }),
  });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  const timer = setTimeout(() => child.kill("SIGKILL"), 60_000);
  const [code] = (await once(child, "close")) as [number | null];
  clearTimeout(timer);
  return { text: Buffer.concat(chunks).toString("utf8"), code };
}

interface Frame {
  readonly moved: number;
  readonly rate: number;
  readonly elapsed: number;
}

const units: Readonly<Record<string, number>> = { B: 1, KiB: 1024, MiB: mib };
const amount = String.raw`([\d.]+) (B|KiB|MiB)`;
const frame = new RegExp(String.raw`${amount}(?: / ${amount})?  (?:\d+%  )?${amount}/s  (\d+)s`);

/** Each drawing of the line that shows bytes on their way. */
function framesOf(text: string): Frame[] {
  return text.split("\u001b[2K").flatMap((piece) => {
    const found = frame.exec(piece);
    if (found === null) return [];
    const [, moved, movedUnit = "", , , rate, rateUnit = "", elapsed] = found;
    return [
      {
        moved: Number(moved) * (units[movedUnit] ?? 1),
        rate: Number(rate) * (units[rateUnit] ?? 1),
        elapsed: Number(elapsed),
      },
    ];
  });
}

/** Five seconds of sending at the limit: the count moves between acknowledgements, the clock runs, the rate is the limit's. */
function expectMovement(text: string): void {
  const frames = framesOf(text);
  expect(frames.length).toBeGreaterThan(4);
  expect(Math.max(...frames.map(({ elapsed }) => elapsed))).toBeGreaterThanOrEqual(4);
  expect(new Set(frames.map(({ moved }) => moved)).size).toBeGreaterThan(4);
  for (const [index, { moved, rate }] of frames.entries()) {
    expect(moved).toBeGreaterThanOrEqual(frames[index - 1]?.moved ?? 0);
    expect(rate).toBeLessThanOrEqual(1.01 * mib);
  }
  const later = frames.filter(({ elapsed, moved }) => elapsed >= 3 && moved < 5.9 * mib);
  expect(later.length).toBeGreaterThan(0);
  for (const { rate } of later) expect(rate).toBeGreaterThan(0.5 * mib);
}

describe("on a terminal, the line of", () => {
  test.each([
    ["a file in one part", "exec $vodup upload film.mp4 --limit-rate 1MiB"],
    ["a file in several parts", "exec $vodup upload film.mp4 --limit-rate 1MiB --part-size 3MiB"],
    ["standard input", "cat film.mp4 | $vodup upload - --media-type mp4 --limit-rate 1MiB"],
  ])("%s moves every second", async (_, command) => {
    const { text, code } = await onTerminal(command);
    expect(code).toBe(0);
    expectMovement(text);
  });

  test("a URL moves every second", async () => {
    const server = createServer((_request, response) => {
      response.setHeader("content-length", 6 * mib);
      createReadStream(join(bench.folder, "film.mp4")).pipe(response);
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port } = server.address() as AddressInfo;
    const { text, code } = await onTerminal(`exec $vodup upload http://127.0.0.1:${port}/film.mp4 --limit-rate 1MiB`);
    server.close();
    server.closeAllConnections();
    expect(code).toBe(0);
    expect(text).toContain(`opening http://127.0.0.1:${port}/film.mp4`);
    expectMovement(text);
  });

  test("what is resumed moves every second, at the rate of this run alone", async () => {
    const flags = "--limit-rate 1MiB --part-size 1MiB";
    await bench.file("film.mp4", 9 * mib);
    const first = await bench.run(["upload", "film.mp4", ...flags.split(" "), "--timeout", "2.5"]);
    expect(first.code).toBe(5);
    const { text, code } = await onTerminal(`exec $vodup upload film.mp4 ${flags}`);
    expect(code).toBe(0);
    expectMovement(text);
  });

  test("a batch moves every second", async () => {
    const { text, code } = await onTerminal("mkdir in; cp film.mp4 in; exec $vodup batch in --limit-rate 1MiB");
    expect(code).toBe(0);
    expectMovement(text);
  });

  test("40 columns never takes more, and nothing of it goes into a pipe", async () => {
    const { text } = await onTerminal("exec $vodup upload film.mp4 --limit-rate 2MiB", 40);
    // What follows the last erasing is the result and its summary.
    const drawn = text
      .split("\u001b[2K")
      .slice(0, -1)
      .filter((piece) => /MiB\/s/.test(piece));
    expect(drawn.length).toBeGreaterThan(1);
    for (const piece of drawn) expect(piece.trimEnd().length).toBeLessThan(40);
    const { stdout, stderr } = await bench.run(["upload", "film.mp4"]);
    expect(stdout).toMatch(/^\d+\n$/);
    expect(stderr).toBe("");
  });
});

test("several sources are printed with their names, one alone", async () => {
  await bench.file("other.mp4", 1000);
  const { stdout } = await bench.run(["upload", "film.mp4", "other.mp4"]);
  expect(stdout).toMatch(/^\d+\tfilm\.mp4\n\d+\tother\.mp4\n$/);
});
