import { readFile } from "node:fs/promises";
import { UsageError } from "../args.ts";
import { closest } from "../../suggest.ts";

/** The settings of each profile, by the names of their flags. */
export type Profiles = ReadonlyMap<string, ReadonlyMap<string, string>>;

/**
 * Reads a config file: TOML, a table for each profile, in it settings by the names of their flags.
 * @param known the flags that may be there
 * @throws UsageError naming the file and the line or setting; values are never repeated
 */
export async function readConfig(path: string, known: readonly string[]): Promise<Profiles> {
  const text = await textOf(path);
  const { parse } = await import("#smol-toml");
  let tables: Readonly<Record<string, unknown>>;
  try {
    // Of an application's number beyond 2^53 no digit may be lost.
    tables = parse(text.replace(/^\uFEFF/, ""), { integersAsBigInt: true });
  } catch (error) {
    const { line, message = "" } = error as { readonly line?: number; readonly message?: string };
    // Below its first line the message shows the text around the mistake.
    const why = message.split("\n")[0]?.replace(/^Invalid TOML document: /, "") ?? "";
    throw wrong(path, `line ${line ?? "?"} is not TOML: ${why}`);
  }
  return new Map(Object.entries(tables).map(([name, table]) => [name, profileOf(path, name, table, known)]));
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    const { code = "unknown error" } = cause as NodeJS.ErrnoException;
    throw new UsageError(`cannot read ${path} (${code}); fix its permissions, or remove it`);
  }
}

function profileOf(path: string, name: string, table: unknown, known: readonly string[]): ReadonlyMap<string, string> {
  if (typeof table !== "object" || table === null || Array.isArray(table) || table instanceof Date) {
    throw wrong(path, `${name} stands outside of a profile; put it below [default] or below a profile of your own`);
  }
  return new Map(
    Object.entries(table).map(([typed, value]: [string, unknown]) => {
      const flag = typed.replaceAll("_", "-");
      if (/^(?:secret-(?:id|key)|(?:session-)?token)$/.test(flag)) {
        throw wrong(path, `${typed} in [${name}] is a key; keys belong in ~/.tencentcloud/credentials`);
      }
      if (!known.includes(flag)) throw wrong(path, `unknown setting ${typed} in [${name}]; ${remedy(flag, known)}`);
      if (typeof value !== "string" && typeof value !== "bigint") {
        throw wrong(path, `${typed} in [${name}] must be text in quotes, or an integer`);
      }
      return [flag, String(value)];
    }),
  );
}

function remedy(flag: string, known: readonly string[]): string {
  const likely = closest(flag, known);
  return likely === undefined ? `known settings: ${known.join(", ")}` : `did you mean ${likely}?`;
}

function wrong(path: string, why: string): UsageError {
  return new UsageError(`${path}: ${why}`);
}
