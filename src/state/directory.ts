import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { isMissing, readOwn } from "./private-file.ts";
import { homeFolder } from "../home.ts";
import { systemCode } from "../reason-of.ts";

/** What the state directory keeps of one unfinished upload. `checkpoint` is the library's, and is checked by it. */
export interface StateEntry {
  readonly version: 1;
  /** Absolute path, or a URL. */
  readonly source: string;
  /** The flags of the command that began it, `--name=value`, with what the environment added: any directory will do. */
  readonly flags: readonly string[];
  readonly checkpoint: unknown;
}

/** `$XDG_STATE_HOME/vodup`, by default `~/.local/state/vodup`. A relative XDG_STATE_HOME does not count (XDG 0.8). */
export function stateDirectory(env: NodeJS.ProcessEnv): string {
  const base = env["XDG_STATE_HOME"] ?? "";
  return join(isAbsolute(base) ? base : join(homeFolder(), ".local", "state"), "vodup");
}

/** The name of an upload's state: the same for the same source, destination and kind of media. */
export function stateId(identity: readonly (string | undefined)[]): string {
  return createHash("sha256").update(JSON.stringify(identity)).digest("hex").slice(0, 16);
}

export function entryFile(directory: string, id: string): string {
  return join(directory, `${id}.json`);
}

export function lockFile(directory: string, id: string): string {
  return join(directory, `${id}.lock`);
}

/** The ids of all uploads in the directory, in no order of meaning; those of a batch are longer. */
export async function entryIds(directory: string): Promise<string[]> {
  try {
    const names = await readdir(directory);
    return names.flatMap((name) => /^([0-9a-f]{16}|[0-9a-f]{32})\.json$/.exec(name)?.[1] ?? []).sort();
  } catch (error) {
    if (isMissing(error) || systemCode(error) === "ENOTDIR") return [];
    throw error;
  }
}

/** Reads an entry; undefined when it is gone, or is none. */
export async function readEntry(directory: string, id: string): Promise<StateEntry | undefined> {
  const text = await readOwn(entryFile(directory, id));
  return text === undefined ? undefined : parseEntry(text);
}

function parseEntry(text: string): StateEntry | undefined {
  try {
    const value = JSON.parse(text) as Partial<StateEntry> | null;
    const { version, source, flags, checkpoint } = value ?? {};
    const isEntry = version === 1 && typeof source === "string" && Array.isArray(flags);
    return isEntry && flags.every((flag) => typeof flag === "string")
      ? { version, source, flags, checkpoint }
      : undefined;
  } catch {
    return undefined;
  }
}
