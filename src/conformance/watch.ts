import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";

/** Larger files are no place for a key to be found in. */
const mostBytes = 2 ** 20;

/** The processes of a command: those of its group, and those that have its environment though they left the group. */
export interface Family {
  /** Process id of the command, which leads its group. */
  readonly leader: number;
  /** A text that stands in the environment of this run only. */
  readonly mark: string;
}

/** Process ids of what is alive of a command. Empty where the system has no /proc. */
export function processesOf({ leader, mark }: Family): number[] {
  // What it has started has later numbers: the other processes of the machine need not be looked at.
  return processIds().filter((pid) => pid >= leader && pid !== process.pid && isOf(pid, leader, mark));
}

function processIds(): number[] {
  try {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

function isOf(pid: number, leader: number, mark: string): boolean {
  // After the name, which is in parentheses and may hold anything: state, parent, process group.
  const [, state = "", , group = ""] = /\) (\S+) (\d+) (\d+)/.exec(readText(`/proc/${pid}/stat`)) ?? [];
  if (state === "" || state === "Z" || state === "X") return false;
  return Number(group) === leader || readText(`/proc/${pid}/environ`).includes(mark);
}

function readText(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

/** What the command shows while it waits for an answer: files it has written, and the arguments of its processes. */
export class Watch {
  readonly #folder: string;
  readonly #media: string;
  readonly #seen = new Map<string, string>();
  readonly #files = new Map<string, string>();
  readonly #arguments = new Set<string>();

  constructor(folder: string, media: string) {
    this.#folder = folder;
    this.#media = media;
  }

  /** Everything that was written into a file, by its path. */
  get files(): ReadonlyMap<string, string> {
    return this.#files;
  }

  get arguments(): readonly string[] {
    return [...this.#arguments];
  }

  /** Looks at once, without giving way: the command is waiting for the answer to its request meanwhile. */
  look(family: Family | undefined): void {
    for (const path of filesBelow(this.#folder)) if (path !== this.#media) this.#read(path);
    if (family === undefined) return;
    for (const pid of processesOf(family)) this.#arguments.add(readText(`/proc/${pid}/cmdline`).replaceAll("\0", " "));
  }

  #read(path: string): void {
    const { size, mtimeMs } = statSync(path, { throwIfNoEntry: false }) ?? { size: Infinity, mtimeMs: 0 };
    const stamp = `${size} ${mtimeMs}`;
    if (size > mostBytes || this.#seen.get(path) === stamp) return;
    this.#seen.set(path, stamp);
    const name = relative(this.#folder, path);
    const earlier = this.#files.get(name);
    const text = readText(path);
    // A file that is written again and again counts for all it ever held.
    if (earlier === undefined) this.#files.set(name, text);
    else if (!earlier.includes(text)) this.#files.set(name, `${earlier}\n${text}`.slice(-4 * mostBytes));
  }
}

function filesBelow(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  } catch {
    // Something went away while it was read: the next look sees the rest.
    return [];
  }
}
