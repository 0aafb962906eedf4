import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { XMLParser } from "fast-xml-parser";
import { Terminal, svgOf } from "../../scripts/terminal.mjs";
import { root } from "../support/markdown.ts";

const recording = join(root, "docs/vodup.svg");
const textsIn = (svg: string): string => [...svg.matchAll(/>([^<]*)<\/text>/g)].map(([, text]) => text).join("\n");

describe("docs/vodup.svg", () => {
  test("is small, asks nobody for anything and runs nothing", async () => {
    const svg = await readFile(recording, "utf8");
    expect((await stat(recording)).size).toBeLessThan(60_000);
    expect(() => new XMLParser({ ignoreAttributes: false }).parse(svg, true) as unknown).not.toThrow();
    expect(svg.replace("http://www.w3.org/2000/svg", "")).not.toMatch(
      /<script|<foreignObject|href|url\(|@import| on\w+=/,
    );
  });

  test("shows the interruption, what to do, and the same command that ends the upload", async () => {
    const texts = textsIn(await readFile(recording, "utf8"));
    const last = texts.slice(texts.lastIndexOf("stopped by SIGINT"));
    expect(last).toMatch(/^stopped by SIGINT\nvodup: what was sent is kept; to resume: vodup upload /);
    expect(last).toMatch(/\n\$ vodup upload .*\n\d{19}\n +64\.0 MiB in 8 parts \(\d sent earlier\), .* by crc64/);
  });
});

describe("the terminal of the recording", () => {
  test("knows what the command writes: lines drawn over again, colours, wrapping", () => {
    const terminal = new Terminal(10);
    terminal.write("a line\r\u001B[2Kb\r\n\u001B[31mred\u001B[39m, plain, 11\r\n");
    expect(terminal.snapshot().map((row) => row.map(({ text }) => text))).toEqual([
      ["b"],
      ["red", ", plain"],
      [", 11"],
      [],
    ]);
    expect(terminal.snapshot()[1]?.[0]?.colour).toMatch(/^#/);
    terminal.write("two\r\nlines\r\u001B[1A\u001B[2K\u001B[C\u001B[J\rx");
    expect(terminal.snapshot().slice(3)).toEqual([[{ text: "x", colour: undefined }]]);
    expect(() => terminal.write("\u001B[5;5H")).toThrow(/does not know/);
  });

  test("its picture escapes text, and stands on its last frame where nothing moves", () => {
    const rows = (text: string) => [[{ text, colour: undefined }]];
    const frames = [
      { atMs: 0, rows: rows("a < b & c") },
      { atMs: 500, rows: rows("end") },
    ];
    const svg = svgOf(frames, { title: "t", columns: 20, rows: 1, holdMs: 500 });
    expect(textsIn(svg)).toBe("a &lt; b &amp; c\nend");
    const [, height = ""] = /height="(\d+)"/.exec(svg) ?? [];
    expect(svg).toContain(`.strip{transform:translateY(-${height}px);animation`);
    expect(svg).toContain(`50.00%{transform:translateY(-${height}px)}`);
  });
});
