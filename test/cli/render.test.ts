import { PassThrough } from "node:stream";
import { describe, expect, test } from "vitest";
import type { ProgressEvent } from "../../src/index.ts";
import { barLine, batchLine, checkLine, formatDuration, progressLine, progressView } from "../../src/cli/render.ts";
import { Terminal } from "../../src/cli/terminal.ts";

const mib = 2 ** 20;
const event: ProgressEvent = {
  phase: "transfer",
  file: "/films/lesson.mp4",
  sentBytes: 408 * mib,
  writtenBytes: 412 * mib,
  resumedBytes: 0,
  totalBytes: 1.2 * 1024 * mib,
  parts: { done: 26, total: 77 },
  concurrency: 8,
  bytesPerSecond: 11.8 * mib,
  etaMs: 67_000,
};
const full =
  "lesson.mp4  412.0 MiB / 1.20 GiB  33%  11.8 MiB/s  35s  ETA 1m09s  26/77 parts  stored 408.0 MiB  1 retry";
/** The line of an event, 35 s after the beginning. */
const lineOf = (shown: ProgressEvent, retries: number, columns: number): string =>
  progressLine({ event: shown, retries, bytesPerSecond: 11.8 * mib, elapsedMs: 35_000 }, columns);

describe("the progress line", () => {
  test("says name, bytes, percent, speed, time left, parts and retries", () => {
    expect(lineOf(event, 1, 130)).toBe(full);
  });

  test("leaves out what is not known or goes without saying", () => {
    const stream = { ...event, totalBytes: undefined, etaMs: undefined, parts: { done: 3 } };
    expect(lineOf(stream, 0, 120)).toBe("lesson.mp4  412.0 MiB  11.8 MiB/s  35s  3 parts  stored 408.0 MiB");
    const small = { ...event, phase: "commit", sentBytes: 5, totalBytes: 5, parts: { done: 1, total: 1 } } as const;
    expect(lineOf(small, 2, 120)).toBe("lesson.mp4  5 B / 5 B  100%  commit  35s  2 retries");
  });

  test.each([80, 60, 40, 20])("fits into %i columns, with room for ^C^C and one to spare", (columns) => {
    expect(lineOf(event, 1, columns).length).toBeLessThan(columns - "^C^C".length);
    expect(lineOf(event, 1, columns).length).toBeGreaterThan(columns - 25);
  });

  test("counts wide characters as two columns", () => {
    const named = (file: string): string => lineOf({ ...event, file }, 0, 80);
    const line = named("课程第一讲导论.mp4");
    expect(line).toMatch(/^课程第一讲导论\.mp4  412/);
    expect(line.length + 5).toBeLessThanOrEqual(75);
    expect(named("e\u0301te\u0301.mp4")).toMatch(/^e\u0301te\u0301.mp4 {2}412/);
  });

  test("is one line, whatever the file is called and whatever is waited for", () => {
    const file = "/films/two\nlines.mp4";
    const waiting = "UploadPart failed: try 2 of 6 in 3s (NETWORK)";
    const line = progressLine({ event: { ...event, file }, retries: 1, bytesPerSecond: 0, elapsedMs: 0, waiting }, 200);
    expect(line).toMatch(/^two\\x0alines\.mp4 {2}412/);
    expect(line).toContain("  0 B/s  0s  UploadPart failed: try 2 of 6 in 3s (NETWORK)  26/77");
    const before = progressLine({ retries: 0, bytesPerSecond: 0, elapsedMs: 2_000, waiting: "opening http://h/f" }, 80);
    expect(before).toBe("opening http://h/f  2s");
  });

  test.each([
    [0, "0s"],
    [59_400, "59s"],
    [67_000, "1m07s"],
    [3_720_000, "1h02m"],
  ])("%i ms are %s", (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});

class Screen extends PassThrough {
  readonly isTTY: boolean;
  readonly columns = 100;

  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }

  text(): string {
    return String(this.read() ?? "");
  }
}

function open(isTTY: boolean) {
  const [stdout, stderr] = [new Screen(isTTY), new Screen(isTTY)];
  const terminal = new Terminal(stdout as unknown as NodeJS.WriteStream, stderr as unknown as NodeJS.WriteStream);
  return { stdout, stderr, terminal };
}

describe("the terminal", () => {
  test("draws progress over itself, and other lines above it", () => {
    const { stderr, terminal } = open(true);
    terminal.transient("10%");
    terminal.transient("20%");
    terminal.note("a note");
    terminal.transient("");
    const clear = "\r\u001b[2K";
    expect(stderr.text()).toBe(`10%${clear}20%${clear}a note\n20%${clear}`);
  });

  test("that is none gets no progress and no control characters", () => {
    const { stderr, terminal } = open(false);
    terminal.transient("10%");
    terminal.note("done");
    expect(stderr.text()).toBe("done\n");
  });

  test("clears progress before a result and draws it again, so that both can share a screen", async () => {
    const { stdout, stderr, terminal } = open(true);
    const written: string[] = [];
    for (const stream of [stdout, stderr]) stream.on("data", (chunk: Buffer) => written.push(String(chunk)));
    terminal.transient("10%");
    await terminal.print("387702300000000000");
    terminal.transient("");
    expect(written).toEqual(["10%", "\r\u001b[2K", "387702300000000000\n", "10%", "\r\u001b[2K"]);
  });

  test("leaves progress alone when results go elsewhere", async () => {
    const { stdout, stderr, terminal } = open(true);
    Object.assign(stdout, { isTTY: false });
    terminal.transient("10%");
    await terminal.print("387702300000000000");
    expect(stderr.text()).toBe("10%");
    expect(stdout.text()).toBe("387702300000000000\n");
  });

  test("shows control characters of names instead of obeying them", () => {
    const { stderr, terminal } = open(true);
    terminal.note("\u001b[31mred\u0007\u009b.mp4\nnext");
    expect(stderr.text()).toBe("\\x1b[31mred\\x07\\x9b.mp4\nnext\n");
  });

  test("whose reader has gone rejects results, and nothing else", async () => {
    const { stdout, stderr, terminal } = open(true);
    stdout.destroy();
    stderr.destroy();
    await expect(terminal.print("1")).rejects.toThrow();
    terminal.note("unheard");
  });

  test("is drawn on at most ten times a second, but for a new phase", () => {
    const { stderr, terminal } = open(true);
    const view = progressView(terminal, { wanted: true });
    for (let index = 0; index < 50; index += 1) view.show(event, 0);
    view.show({ ...event, phase: "commit" }, 0);
    view.end();
    expect(stderr.text().split("lesson").length - 1).toBe(2);
  });

  test.each([
    [true, false],
    [false, true],
  ])("is not drawn on when it is none, or not to be (terminal %s, wanted %s)", (isTTY, wanted) => {
    const { stderr, terminal } = open(isTTY);
    const view = progressView(terminal, { wanted });
    view.show(event, 0);
    view.show({ ...event, phase: "commit" }, 0);
    view.end();
    expect(stderr.text()).toBe("");
  });
});

describe("a batch", () => {
  const progress = {
    total: 9,
    done: 3,
    failed: 0,
    active: 2,
    bytes: 0,
    writtenBytes: 5 * 2 ** 20,
    elapsedMs: 4_000,
    bytesPerSecond: 2 ** 20,
    etaMs: 60_000,
  };

  test("that is paused says what it waits for, instead of when it ends", () => {
    const line = batchLine(progress, 100, "waiting for vod.example.com");
    expect(line).toBe("3 / 9 done  33%  5.00 MiB  1.00 MiB/s  4s  waiting for vod.example.com  2 active");
    expect(batchLine(progress, 100)).toContain("ETA 1m00s");
  });

  test.each([100, 40])("has bars and a check that fit into %i columns, whatever a file is called", (columns) => {
    for (const name of ["a.mp4", "影片".repeat(30), "line\nfeed.mp4"]) {
      const bar = barLine({ name: `/in/${name}`, movedBytes: 5 * 2 ** 20, totalBytes: 10 * 2 ** 20 }, columns);
      expect(bar).toMatch(/\[#+-+\] {2} 50%/);
      expect(bar).not.toContain("\n");
      expect(bar.length).toBeLessThanOrEqual(columns - 5);
      expect(checkLine(name, 120_000, 3_000, columns).length).toBeLessThanOrEqual(columns - 5);
    }
    expect(checkLine("films.csv", 120_000, 3_000, 100)).toBe("checking films.csv  120,000 entries  3s");
  });
});
