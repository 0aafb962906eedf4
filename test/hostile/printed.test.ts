import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { Terminal, visibleLine } from "../../src/cli/terminal.ts";

/** What moves a cursor, colours, rings, ends a line, or turns the direction of text. */
const hostile = [
  "\u0007",
  "\u001b[2J",
  "\u009b31m",
  "\u007f",
  "\u0085",
  "\r",
  "\u2028",
  "\u202e",
  "\u2066",
  "\u0000",
  "\u0008",
  "\ufffd",
];

test.each(hostile)(
  "%j is printed as no terminal takes for an order, and a line of JSON stays the same value",
  async (text) => {
    const stdout = new PassThrough();
    const stderr = new PassThrough();
    const terminal = new Terminal(stdout as unknown as NodeJS.WriteStream, stderr as unknown as NodeJS.WriteStream);
    const value = { fileId: `5${text}8`, [`name${text}`]: [text] };
    await terminal.print(JSON.stringify(value));
    const line = String(stdout.read());
    expect(JSON.parse(line)).toEqual(value);
    await terminal.print(text);
    terminal.note(text);
    const all = line + String(stdout.read()) + String(stderr.read()) + visibleLine(text);
    expect(all).not.toMatch(/(?!\n)[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
  },
);
