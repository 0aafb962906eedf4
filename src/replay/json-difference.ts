import { isJsonObject } from "../json.ts";

/** Where two JSON values differ, as JSON pointers (RFC 6901). */

export interface JsonDifference {
  readonly pointer: string;
  readonly expected: string;
  readonly actual: string;
}

const absentText = "(absent)";

function show(value: unknown): string {
  return value === undefined ? absentText : JSON.stringify(value);
}

function escapePointer(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}

function fieldsOf(value: unknown[] | Record<string, unknown>): Map<string, unknown> {
  return new Map(Object.entries(value));
}

/**
 * Every leaf at which the values differ; equal values give an empty list. The order of object members is no difference.
 */
export function differences(expected: unknown, actual: unknown, pointer: string = ""): JsonDifference[] {
  const bothLists = Array.isArray(expected) && Array.isArray(actual);
  if (!bothLists && !(isJsonObject(expected) && isJsonObject(actual))) {
    return Object.is(expected, actual) ? [] : [{ pointer, expected: show(expected), actual: show(actual) }];
  }
  const wanted = fieldsOf(expected);
  const found = fieldsOf(actual);
  const names = new Set([...wanted.keys(), ...found.keys()]);
  return [...names].flatMap((name) =>
    differences(wanted.get(name), found.get(name), `${pointer}/${escapePointer(name)}`),
  );
}
