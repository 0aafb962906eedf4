import { readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { codeOf, isMissing, readIfThere } from "./private-file.ts";

/** Who holds a lock. A process is known by its number and its start, since numbers come round again. */
interface Holder {
  readonly pid: number;
  /** Clock ticks from boot to the process's start; undefined where the system does not tell. */
  readonly started: string | undefined;
  readonly host: string;
}

/** The lock is held by a process that runs. */
export class LockedError extends Error {
  readonly pid: number;

  constructor(pid: number, path: string) {
    super(`process ${pid} holds ${path}`);
    this.pid = pid;
  }
}

/** Another host's processes cannot be asked: its lock counts while it is touched, which its holder does this often. */
const touchEveryMs = 30_000;
const silentMs = 4 * touchEveryMs;
/** Creating and filling a lock, and taking one over, takes a moment; what is unfinished for longer was left by a crash. */
const unfinishedMs = 5_000;

/**
 * Takes a lock file, also one that a process left which runs no more.
 * @returns gives it back
 * @throws LockedError
 */
export async function takeLock(path: string): Promise<() => Promise<void>> {
  const own: Holder = { pid: process.pid, started: await startOf(process.pid), host: hostname() };
  const text = JSON.stringify(own);
  for (;;) {
    if (await create(path, text)) break;
    const found = await readIfThere(path);
    if (found === undefined) continue;
    const holder = parseHolder(found);
    if (holder === undefined && (await ageOf(path)) < unfinishedMs) await sleep(20);
    else if (holder !== undefined && (await isHeld(holder, path))) throw new LockedError(holder.pid, path);
    else await removeLeft(path, found);
  }
  const touching = setInterval(() => void utimes(path, new Date(), new Date()).catch(() => undefined), touchEveryMs);
  touching.unref();
  return async () => {
    clearInterval(touching);
    if ((await readIfThere(path)) === text) await rm(path, { force: true });
  };
}

/** Whether a lock is there and held. */
export async function isLocked(path: string): Promise<boolean> {
  const holder = parseHolder((await readIfThere(path)) ?? "");
  return holder !== undefined && (await isHeld(holder, path));
}

async function create(path: string, text: string): Promise<boolean> {
  try {
    await writeFile(path, text, { flag: "wx", mode: 0o600 });
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

/**
 * Removes a lock that was left behind, unless it is another one by now. Of two processes that both see it left, one would
 * else remove the new lock of the other; so only one at a time removes.
 */
async function removeLeft(path: string, left: string): Promise<void> {
  const guard = `${path}.takeover`;
  if (!(await create(guard, ""))) {
    if ((await ageOf(guard)) > unfinishedMs) await rm(guard, { force: true });
    return sleep(20);
  }
  try {
    if ((await readIfThere(path)) === left) await rm(path, { force: true });
  } finally {
    await rm(guard, { force: true });
  }
}

async function isHeld(holder: Holder, path: string): Promise<boolean> {
  if (holder.host !== hostname()) return (await ageOf(path)) < silentMs;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    // EPERM: it runs, as another user.
    return codeOf(error) === "EPERM";
  }
  return holder.started === undefined || holder.started === (await startOf(holder.pid));
}

/** Milliseconds since the file was written or touched; Infinity when it is gone. */
async function ageOf(path: string): Promise<number> {
  try {
    return Date.now() - (await stat(path)).mtimeMs;
  } catch (error) {
    if (isMissing(error)) return Infinity;
    throw error;
  }
}

function parseHolder(text: string): Holder | undefined {
  try {
    const value = JSON.parse(text) as Partial<Holder> | null;
    const { pid, started, host } = value ?? {};
    if (!Number.isSafeInteger(pid) || typeof host !== "string") return undefined;
    return { pid: pid as number, started: typeof started === "string" ? started : undefined, host };
  } catch {
    return undefined;
  }
}

async function startOf(pid: number): Promise<string | undefined> {
  try {
    const stats = await readFile(`/proc/${pid}/stat`, "utf8");
    // The second field is the program's name in parentheses, and may itself hold blanks and parentheses.
    return stats.slice(stats.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}
