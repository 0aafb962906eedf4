import { Readable } from "node:stream";
import type { Line } from "./lines.ts";
import type { ManifestRecord } from "./manifest-record.ts";
import { columnNames, unknownField } from "./entry-fields.ts";
import { longestLine } from "./lines.ts";
import { notUtf8 } from "./manifest-record.ts";

/**
 * The entries of a CSV manifest (RFC 4180, commas): the first row names the columns. Empty cells are not given; rows of
 * empty cells are left out. After a mistake in the form of the file nothing more is read.
 */
export async function* csvRecords(lines: AsyncIterable<Line>): AsyncGenerator<ManifestRecord> {
  let bad: number | undefined;
  const texts = async function* (): AsyncGenerator<string> {
    for await (const { number, text, torn } of lines) {
      if (text === undefined) {
        bad = number;
        return;
      }
      yield torn ? text : `${text}\n`;
    }
  };
  yield* rowsOf(texts());
  if (bad !== undefined) yield { line: bad, problem: notUtf8 };
}

async function* rowsOf(texts: AsyncIterable<string>): AsyncGenerator<ManifestRecord> {
  const { parse } = await import("#csv-parse");
  const input = Readable.from(texts);
  // Counted as they are parsed: the parser takes a CRLF inside of a cell for two lines, and tells of an open quote
  // where the file ends.
  let next = 1;
  /** Of the rows that are still to be read. */
  const begins: number[] = [];
  const parser = parse({
    // Each row may have its own: what one system began, another one goes on with.
    record_delimiter: ["\r\n", "\n", "\r"],
    relax_column_count: true,
    max_record_size: longestLine,
    on_record: (record: string[]) => {
      const line = next;
      next += linesOf(record);
      if (record.every((cell) => cell.trim() === "")) return undefined;
      begins.push(line);
      return record;
    },
  });
  input.on("error", (error) => parser.destroy(error));
  input.pipe(parser);
  let columns: readonly string[] | undefined;
  try {
    for await (const record of parser as AsyncIterable<string[]>) {
      const line = begins.shift() ?? next;
      if (columns !== undefined) {
        yield readRow(columns, record, line);
        continue;
      }
      columns = record.map((name) => name.trim());
      const problem = wrongColumns(columns);
      if (problem === undefined) continue;
      yield { line, problem };
      break;
    }
  } catch (error) {
    if (!isCsvError(error)) throw error;
    yield { line: next, problem: form[error.code] ?? "is not CSV" };
  } finally {
    input.destroy();
  }
}

/** A quoted cell may hold line ends. */
function linesOf(record: readonly string[]): number {
  return record.reduce((sum, cell) => sum + cell.split(/\r\n|\n|\r/).length - 1, 1);
}

function wrongColumns(columns: readonly string[]): string | undefined {
  const [only = ""] = columns;
  if (columns.length === 1 && /[;\t]/.test(only)) return "separates its columns by something else than commas";
  const unknown = columns.filter((name) => name !== "" && !columnNames.includes(name));
  if (unknown.length > 0) {
    return `must name the columns: ${unknown.map((name) => unknownField(name).message).join("; ")}`;
  }
  const twice = columns.find((name, index) => name !== "" && columns.indexOf(name) !== index);
  if (twice !== undefined) return `names the column ${twice} twice`;
  return columns.includes("source") ? undefined : "must name the columns, one of them source";
}

function readRow(columns: readonly string[], record: readonly string[], line: number): ManifestRecord {
  const extra = record.findIndex((cell, index) => cell !== "" && (columns[index] ?? "") === "");
  if (extra !== -1) return { line, problem: `has something in column ${extra + 1}, which has no name` };
  if (record.length < columns.length && record.length < columns.findLastIndex((name) => name !== "") + 1) {
    return { line, problem: `has ${record.length} cells, where the first row names ${columns.length} columns` };
  }
  const cells = columns.map((name, index) => [name, record[index] ?? ""] as const);
  return { line, fields: Object.fromEntries(cells.filter(([name, cell]) => name !== "" && cell !== "")) };
}

const form: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: "begins a quoted cell that never ends",
  CSV_INVALID_CLOSING_QUOTE: 'has something after a closing quote; a quote inside a quoted cell is written ""',
  INVALID_OPENING_QUOTE: 'has a quote inside a cell; put the whole cell in quotes, and write ""',
  CSV_MAX_RECORD_SIZE: "is longer than 1 MiB, perhaps since a quote in it is never closed",
};

function isCsvError(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && "code" in error && "lines" in error;
}
