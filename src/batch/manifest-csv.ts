import { Readable } from "node:stream";
import type { Line } from "./lines.ts";
import type { ManifestRecord } from "./manifest-record.ts";
import { columnNames, unknownField } from "./entry-fields.ts";
import { longestLine } from "./lines.ts";
import { notUtf8 } from "./manifest-record.ts";

interface Row {
  readonly record: string[];
  readonly info: { readonly lines: number };
}

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
  const parser = parse({
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    skip_records_with_empty_values: true,
    max_record_size: longestLine,
  });
  input.on("error", (error) => parser.destroy(error));
  input.pipe(parser);
  let columns: readonly string[] | undefined;
  try {
    for await (const { record, info } of parser as AsyncIterable<Row>) {
      const line = firstLine(record, info.lines);
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
    yield { line: error.lines, problem: form[error.code] ?? "is not CSV" };
  } finally {
    input.destroy();
  }
}

/** A row is told of when it has ended; a quoted cell may hold line feeds. */
function firstLine(record: readonly string[], last: number): number {
  return last - record.reduce((sum, cell) => sum + (cell.split("\n").length - 1), 0);
}

function wrongColumns(columns: readonly string[]): string | undefined {
  const [only = ""] = columns;
  if (columns.length === 1 && /[;\t]/.test(only)) return "separates its columns by something else than commas";
  const unknown = columns.find((name) => name !== "" && !columnNames.includes(name));
  if (unknown !== undefined) return `must name the columns: ${unknownField(unknown).message}`;
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
  CSV_MAX_RECORD_SIZE: "is longer than 1 MiB",
};

function isCsvError(error: unknown): error is Error & { readonly code: string; readonly lines: number } {
  return error instanceof Error && "code" in error && "lines" in error && typeof error.lines === "number";
}
