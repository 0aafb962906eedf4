import type { Line } from "./lines.ts";
import type { ManifestRecord } from "./manifest-record.ts";
import { notUtf8 } from "./manifest-record.ts";
import { isJsonObject } from "../json.ts";

/** The entries of an NDJSON manifest: one JSON object a line; blank lines are left out. */
export async function* ndjsonRecords(lines: AsyncIterable<Line>): AsyncGenerator<ManifestRecord> {
  for await (const { number, text, torn } of lines) {
    if (text === undefined) yield { line: number, problem: notUtf8 };
    else if (text.trim() !== "") yield { line: number, ...readObject(text, torn) };
  }
}

function readObject(
  text: string,
  torn: boolean,
): { readonly fields: Readonly<Record<string, unknown>> } | { readonly problem: string } {
  const array = text.trimStart().startsWith("[") ? "; a JSON array becomes NDJSON by: jq -c '.[]'" : "";
  try {
    const value: unknown = JSON.parse(text);
    if (isJsonObject(value)) return { fields: value };
    return { problem: `must be one JSON object, such as {"source":"film.mp4"}${array}` };
  } catch {
    // A parser's own message repeats what it read, and that may hold a key.
    return {
      problem: torn && array === "" ? "is cut off in the middle" : `is not JSON${array}; write one object a line`,
    };
  }
}
