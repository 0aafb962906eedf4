import { createServer, type Server } from "node:http";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Bench } from "./support/bench.ts";
import { mib, openBench } from "./support/bench.ts";
import { onTerminal, type Shown } from "./support/on-terminal.ts";
import { Screen, erase } from "./support/screen.ts";

let bench: Bench;
let server: Server;
let url = "";

beforeAll(async () => {
  bench = await openBench();
  await bench.file("film.mp4", 12 * mib);
  await bench.file("short.mp4", 3 * mib);
  server = createServer((_request, response) => {
    response.setHeader("content-length", 12 * mib);
    createReadStream(join(bench.folder, "film.mp4")).pipe(response);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/film.mp4`;
  const flags = ["--limit-rate", "2MiB", "--part-size", "1MiB", "--timeout", "3"];
  await bench.file("resumed.mp4", 16 * mib);
  expect(await bench.run(["upload", "resumed.mp4", ...flags])).toMatchObject({ code: 5 });
}, 60_000);

afterAll(async () => {
  server.close();
  server.closeAllConnections();
  await bench.close();
});

interface Frame {
  readonly moved: number;
  readonly rate: number;
  readonly elapsed: number;
}

const units: Readonly<Record<string, number>> = { B: 1, KiB: 1024, MiB: mib };
const amount = String.raw`([\d.]+) (B|KiB|MiB)`;
const frame = new RegExp(String.raw`${amount}(?: / ${amount})? +(?:\d+% +)?${amount}/s +(\d+)s`);

/** Colours, and the way back up. */
const ignored = new RegExp(String.raw`${"\u001b"}\[(?:\d+m|1A)`, "g");

/** Each drawing of the progress, what stands between two erasings. */
const drawingsOf = (text: string): string[] =>
  text
    .replaceAll(ignored, "")
    .split(erase)
    .flatMap((piece) => piece.split(/[\r\n]+/));

/** Each drawing that shows bytes on their way. */
function framesOf(text: string): Frame[] {
  return drawingsOf(text).flatMap((piece) => {
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

/** The count moves between acknowledgements, the clock runs, and the rate is the limit's in every drawing after 3 s. */
function expectMovement(text: string): void {
  const frames = framesOf(text);
  const seconds = new Map(frames.map(({ elapsed, moved }) => [elapsed, moved]));
  const longest = Math.max(...seconds.keys());
  expect(longest).toBeGreaterThanOrEqual(8);
  // Redrawn every second; rounding may leave one out.
  expect(seconds.size).toBeGreaterThanOrEqual(longest - 1);
  const counts = [...seconds.values()];
  for (const [index, moved] of counts.entries()) if (index > 1) expect(moved).toBeGreaterThan(counts[index - 2] ?? 0);
  for (const [index, { moved }] of frames.entries())
    expect(moved).toBeGreaterThanOrEqual(frames[index - 1]?.moved ?? 0);
  const later = frames.filter(({ elapsed }) => elapsed > 3);
  const rates = later.map(({ rate }) => rate / mib);
  expect([Math.min(...rates) >= 0.8, Math.max(...rates) <= 1.2], rates.join(" ")).toEqual([true, true]);
}

/** What is no result fits into the terminal, and every drawing of bytes on their way has the whole rate and the time. */
function expectToFit(text: string, columns: number): void {
  const drawn = drawingsOf(text.slice(0, text.lastIndexOf(erase)));
  const lines = drawn.filter((piece) => !/^\d{10,}/.test(piece));
  for (const line of lines) expect(line.length).toBeLessThan(columns);
  const cut = lines.filter((line) => /…/.test(line) && /iB\b.*…/.test(line));
  expect(cut).toEqual([]);
}

describe.concurrent("on a terminal, at 1 MiB/s, the line of", () => {
  const rate = "--limit-rate 1MiB";
  test.each([
    ["a file in one part", 100, (): string => `exec $vodup upload film.mp4 --no-resume ${rate}`],
    ["a file in several parts", 40, (): string => `exec $vodup upload film.mp4 --no-resume ${rate} --part-size 3MiB`],
    ["standard input", 30, (): string => `cat film.mp4 | $vodup upload - --media-type mp4 ${rate}`],
    ["a URL", 40, (): string => `exec $vodup upload ${url} --no-resume ${rate}`],
    [
      "what is resumed, at the rate of this run alone",
      30,
      (): string => `exec $vodup upload resumed.mp4 ${rate} --part-size 1MiB`,
    ],
    ["a batch", 80, (): string => `mkdir in; cp film.mp4 in; exec $vodup batch in ${rate}`],
    ["a batch, and", 40, (): string => `mkdir in40; cp film.mp4 in40; exec $vodup batch in40 ${rate}`],
  ] as const)("%s, in %i columns moves every second", async (_, columns, command) => {
    const { text, ended } = onTerminal(bench, columns, command());
    expect(await ended, text()).toBe(0);
    expectMovement(text());
    expectToFit(text(), columns);
  });

  test("a terminal that is made narrower and wider again leaves nothing behind", async () => {
    const size = (columns: number): string => `sleep 2; stty cols ${columns} </dev/tty; printf '\\a' >/dev/tty;`;
    const run: Shown = onTerminal(
      bench,
      100,
      `(${[50, 30, 80].map(size).join("")}) & exec $vodup upload film.mp4 --no-resume ${rate}`,
    );
    expect(await run.ended, run.text()).toBe(0);
    const [first = "", ...rest] = run.text().split("\u0007");
    expect(rest).toHaveLength(3);
    const screen = new Screen(100).write(first);
    for (const [index, columns] of [50, 30, 80].entries()) screen.resize(columns).write(rest[index] ?? "");
    const [fileId, ...summary] = screen.rows;
    expect(fileId).toMatch(/^\d+$/);
    expect(summary.join("")).toMatch(/^ {2}12\.0 MiB.*, verified by crc64: http.*\.mp4$/);
  });

  test("nothing of it goes into a pipe", async () => {
    expect(await bench.run(["upload", "short.mp4", "--no-resume", ...rate.split(" ")])).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^\d+\n$/),
      stderr: "",
    });
  });
});

test("while a URL is opened that is said", async () => {
  const { text, ended } = onTerminal(bench, 100, `exec $vodup upload ${url} --no-resume`);
  expect(await ended).toBe(0);
  expect(text()).toContain(`opening ${url}`);
});

test("several sources are printed with their names, one alone", async () => {
  await bench.file("other.mp4", 1000);
  const { stdout } = await bench.run(["upload", "short.mp4", "other.mp4"]);
  expect(stdout).toMatch(/^\d+\tshort\.mp4\n\d+\tother\.mp4\n$/);
});
