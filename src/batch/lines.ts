import { isUtf8 } from "node:buffer";
import { createReadStream } from "node:fs";

/** One line of a file, without its line feed. */
export interface Line {
  /** From 1. */
  readonly number: number;
  /** Undefined when its bytes are no UTF-8. */
  readonly text: string | undefined;
  /** Whether the file ended before a line feed came. */
  readonly torn: boolean;
}

/** A line of more than 1 MiB: the file is of another kind. */
export class LongLineError extends Error {
  /** @param line its number, from 1 */
  constructor(line: number) {
    super(`line ${line} is longer than 1 MiB`);
  }
}

/** Bytes; what is longer is another kind of file. */
export const longestLine: number = 2 ** 20;

const feed = 0x0a;
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * Reads a text file line by line, a few at a time in memory.
 * @param bytes the number from its beginning: what somebody appends meanwhile is not read
 * @throws LongLineError; what the file system says
 */
export async function* readLines(path: string, bytes: number): AsyncGenerator<Line> {
  if (bytes === 0) return;
  let number = 0;
  let rest: Buffer = Buffer.alloc(0);
  const line = (raw: Buffer, torn: boolean): Line => {
    number += 1;
    const own = number === 1 && raw.subarray(0, 3).equals(byteOrderMark) ? raw.subarray(3) : raw;
    return { number, text: isUtf8(own) ? own.toString("utf8") : undefined, torn };
  };
  for await (const chunk of createReadStream(path, { end: bytes - 1 }) as AsyncIterable<Buffer>) {
    let from = 0;
    for (let at = chunk.indexOf(feed); at !== -1; at = chunk.indexOf(feed, from)) {
      const piece = chunk.subarray(from, at);
      yield line(rest.length === 0 ? piece : Buffer.concat([rest, piece]), false);
      rest = Buffer.alloc(0);
      from = at + 1;
    }
    rest = Buffer.concat([rest, chunk.subarray(from)]);
    if (rest.length > longestLine) throw new LongLineError(number + 1);
  }
  if (rest.length > 0) yield line(rest, true);
}
