import { PassThrough } from "node:stream";
import { describe, expect, test } from "vitest";
import type { ProgressEvent, UploadResult } from "../../src/index.ts";
import { barLine, batchLine, checkLine, formatDuration, progressLine, progressView } from "../../src/cli/render.ts";
import { Terminal } from "../../src/cli/terminal.ts";
import { summary } from "../../src/cli/upload/output.ts";

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

const lineOfRate = (bytesPerSecond: number): string =>
  progressLine({ event, retries: 0, bytesPerSecond, elapsedMs: 0 }, 80);

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

  test.each([80, 60, 40, 20])("fits into %i columns, with one to spare", (columns) => {
    expect(lineOf(event, 1, columns).length).toBeLessThan(columns);
    expect(lineOf(event, 1, columns).length).toBeGreaterThan(columns - 25);
  });

  test.each([30, 40])(
    "of %i columns has bytes, rate and time, whatever their digits, and always the same facts",
    (columns) => {
      const kinds = new Set<string>();
      for (const moved of [0, 5, 1000 * 1024, 999.9 * mib, 1023 * mib, 300 * 1024 * mib, 999 * 2 ** 40]) {
        for (const elapsedMs of [0, 59_000, 3_599_000, 35_000_000]) {
          const moving = { ...event, writtenBytes: moved, sentBytes: 0, totalBytes: 2 ** 52 };
          for (const bytesPerSecond of [0, 999 * 1024, 1023.9 * 1024, 1024 * mib]) {
            const line = progressLine({ event: moving, retries: 3, bytesPerSecond, elapsedMs }, columns);
            expect(line.length).toBeLessThan(columns);
            kinds.add(
              line
                .replaceAll(/[\d.]+ (?:B|[KMGT]iB)/g, "SIZE")
                .replace(/\d[\dhms]*$/, "TIME")
                .replace(/\d+%/, "%"),
            );
          }
        }
      }
      expect([...kinds]).toEqual([columns === 30 ? "SIZE SIZE/s TIME" : "SIZE % SIZE/s TIME"]);
    },
  );

  test("a rate of about one unit keeps it", () => {
    const rates = [1020, 1023.9, 1024, 1030].map((kib) => /\S+ \S+\/s/.exec(lineOfRate(kib * 1024))?.[0]);
    expect(rates).toEqual(["1.00 MiB/s", "1.00 MiB/s", "1.00 MiB/s", "1.01 MiB/s"]);
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
    const clear = "\r\u001b[2K\u001b[C\u001b[J\r";
    expect(stderr.text()).toBe(`10%\r${clear}20%\r${clear}a note\n20%\r${clear}`);
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
    expect(written).toEqual([
      "10%\r",
      "\r\u001b[2K\u001b[C\u001b[J\r",
      "387702300000000000\n",
      "10%\r",
      "\r\u001b[2K\u001b[C\u001b[J\r",
    ]);
  });

  test("leaves progress alone when results go elsewhere", async () => {
    const { stdout, stderr, terminal } = open(true);
    Object.assign(stdout, { isTTY: false });
    terminal.transient("10%");
    await terminal.print("387702300000000000");
    expect(stderr.text()).toBe("10%\r");
    expect(stdout.text()).toBe("387702300000000000\n");
  });

  test("shows control characters of names instead of obeying them", () => {
    const { stderr, terminal } = open(true);
    terminal.note("\u001b[31mred\u0007\u009b.mp4\nnext");
    expect(stderr.text()).toBe("\\x1b[31mred\\x07\\x9b.mp4\\x0anext\n");
  });

  test("whose reader has gone takes nothing, and nobody is told", async () => {
    const { stdout, stderr, terminal } = open(true);
    stdout.destroy();
    stderr.destroy();
    expect(await terminal.print("1")).toBe(false);
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

  test.each([40, 30])(
    "of %i columns has its rate and time, and bytes as far as the count of files leaves room",
    (columns) => {
      const few = { ...progress, total: 1, done: 0, bytesPerSecond: 1000 * 1024 };
      const expected = columns === 40 ? "0/1 0% 5.00 MiB 0.98 MiB/s 4s" : "0/1 0.98 MiB/s 4s";
      expect(batchLine(few, columns)).toBe(expected);
      const many = { ...progress, total: 123_456, done: 99_999, bytesPerSecond: 300 * mib, elapsedMs: 3_960_000 };
      expect(batchLine(many, columns)).toBe(`99999/123456 300.0 MiB/s${columns === 40 ? " 1h06m" : ""}`);
    },
  );

  test.each([100, 40])("has bars and a check that fit into %i columns, whatever a file is called", (columns) => {
    for (const name of ["a.mp4", "影片".repeat(30), "line\nfeed.mp4"]) {
      const bar = barLine({ name: `/in/${name}`, movedBytes: 5 * 2 ** 20, totalBytes: 10 * 2 ** 20 }, columns);
      expect(bar).toMatch(/\[#+-+\] {2} 50%/);
      expect(bar).not.toContain("\n");
      expect(bar.length).toBeLessThan(columns);
      expect(checkLine(name, 120_000, 3_000, columns).length).toBeLessThan(columns);
    }
    expect(checkLine("films.csv", 120_000, 3_000, 100)).toBe("checking films.csv  120,000 entries  3s");
  });
});

describe("the last line", () => {
  const transfer = { bytes: 64 * mib, parts: 8, resumedParts: 0, retries: 0, durationMs: 4_000 };
  const verified = { crc64: "1", verified: "crc64" } as const;
  const result: UploadResult = {
    fileId: "1",
    mediaUrl: "http://h/a.mp4",
    requestId: "r",
    transfer: { ...transfer, ...verified },
  };

  test("says what was stored, how fast and how it was verified", () => {
    expect(summary(result, {})).toBe("64.0 MiB in 8 parts, 16.0 MiB/s, verified by crc64: http://h/a.mp4");
  });

  test("counts after a resume what this run sent, and never more than the limit", () => {
    const resumed = { ...result, transfer: { ...result.transfer, resumedParts: 4 } };
    const resumedBytes = 32 * mib;
    expect(summary(resumed, { resumedBytes })).toContain("in 8 parts (4 sent earlier), 8.00 MiB/s");
    expect(summary(resumed, { resumedBytes, limitRate: 7 * mib })).toContain(", 7.00 MiB/s");
    expect(summary(result, { limitRate: 8 * mib })).toContain(", 8.00 MiB/s");
  });
});
