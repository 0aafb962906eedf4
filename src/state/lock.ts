import { clearInterval, setInterval } from "node:timers";
import { performance } from "node:perf_hooks";
import { randomUUID } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { lstat, readFile, readlink, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { isMissing, readIfThere } from "./private-file.ts";
import { systemCode } from "../reason-of.ts";

/**
 * Who holds a lock. A process number means something within one boot of one kernel and one PID namespace only: two
 * containers, or two machines made from one image, may share a host name and every number. Within them a process is
 * known by its number and its start, since numbers come round again.
 */
interface Holder {
  readonly pid: number;
  /** Clock ticks from boot to the process's start; undefined where the system does not tell. */
  readonly started: string | undefined;
  readonly host: string;
  /** The kernel's number of this boot; undefined where there is none (macOS, Windows). */
  readonly boot: string | undefined;
  /** The PID namespace, such as `pid:[4026531836]`. */
  readonly namespace: string | undefined;
}

/** A lock that this process has taken. */
export interface HeldLock {
  /**
   * Asked before every step that cannot be taken back. A process that was stopped for so long that its lock counted as
   * left behind may find that another one has taken over.
   * @throws LostLockError
   */
  check(): Promise<void>;
  /** Whether it is still this process's, asked at once; false too when that cannot be seen. */
  isOurs(): boolean;
  /** Gives it back, unless it is another's by now. */
  release(): Promise<void>;
}

/** The lock was taken over by another process while this one stood still. */
export class LostLockError extends Error {
  constructor(path: string) {
    super(`${path} was taken over by another process`);
  }
}

/** The lock is held by a process that runs. */
export class LockedError extends Error {
  readonly pid: number;

  constructor(pid: number, path: string) {
    super(`process ${pid} holds ${path}`);
    this.pid = pid;
  }
}

/** A process elsewhere cannot be asked: its lock counts while it is touched, which its holder does this often. */
const touchEveryMs = 30_000;
const silentMs = 4 * touchEveryMs;
/**
 * Creating and filling a lock, and taking one over, takes a moment; what is unfinished for longer was left by a crash.
 */
const unfinishedMs = 5_000;

/**
 * Takes a lock file, also one that a process left which no longer runs.
 * @throws LockedError
 */
export async function takeLock(path: string): Promise<HeldLock> {
  const own = await thisProcess();
  // No two locks are alike: what is read back tells for certain whose it is.
  const text = JSON.stringify({ ...own, nonce: randomUUID() });
  // By a clock that never jumps: a lock from the future would stay unfinished.
  const begun = performance.now();
  for (;;) {
    if (await create(path, text)) break;
    const waitedMs = performance.now() - begun;
    if (waitedMs > 4 * unfinishedMs)
      throw new Error(`${path} can be neither taken nor removed; look at it and remove it`);
    await refuseLink(path);
    const found = await readIfThere(path);
    if (found === undefined) continue;
    const holder = parseHolder(found);
    if (holder === undefined && Math.max(await ageOf(path), waitedMs) < unfinishedMs) await sleep(20);
    else if (holder !== undefined && (await isHeld(holder, own, path))) throw new LockedError(holder.pid, path);
    else await removeLeft(path, found);
  }
  // At once: it is asked four times for each file of a batch, and the thread pool costs more than the read.
  const isOwn = (): boolean => readNow(path) === text;
  const touch = async (): Promise<void> => {
    if (isOwn()) await utimes(path, new Date(), new Date());
  };
  const touching = setInterval(() => void touch().catch(() => undefined), touchEveryMs);
  touching.unref();
  return {
    isOurs: () => {
      try {
        return isOwn();
      } catch {
        return false;
      }
    },
    check: async () => {
      if (!isOwn()) throw new LostLockError(path);
    },
    release: async () => {
      clearInterval(touching);
      if (isOwn()) await rm(path, { force: true });
    },
  };
}

function readNow(path: string): string | undefined {
  let file: number | undefined;
  try {
    // Not blocking: where others may write, one may have put a pipe into its place.
    file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    return fstatSync(file).size > longestLock ? "" : readFileSync(file, "utf8");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** Bytes; ours have some 200. */
const longestLock = 4_096;

/** Whether a lock is there and held. */
export async function isLocked(path: string): Promise<boolean> {
  const holder = parseHolder((await readIfThere(path).catch(unknown)) ?? "");
  return holder !== undefined && (await isHeld(holder, await thisProcess(), path));
}

async function thisProcess(): Promise<Holder> {
  const [started, boot, namespace] = await Promise.all([
    startOf(process.pid),
    readFile("/proc/sys/kernel/random/boot_id", "utf8").then((text) => text.trim(), unknown),
    readlink("/proc/self/ns/pid").catch(unknown),
  ]);
  return { pid: process.pid, started, host: hostname(), boot, namespace };
}

function unknown(): undefined {
  return undefined;
}

/** A link that leads nowhere can be neither created nor read. */
async function refuseLink(path: string): Promise<void> {
  const found = await lstat(path).catch(unknown);
  if (found?.isSymbolicLink() === true) throw new Error(`${path} is a symbolic link, which is not followed; remove it`);
}

async function create(path: string, text: string): Promise<boolean> {
  try {
    await writeFile(path, text, { flag: "wx", mode: 0o600 });
    return true;
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    throw error;
  }
}

/**
 * Removes a lock that was left behind, unless it is another one by now. Of two processes that both see it left, one
 * would else remove the new lock of the other; so only one at a time removes.
 */
async function removeLeft(path: string, left: string): Promise<void> {
  const guard = `${path}.takeover`;
  if (!(await create(guard, ""))) {
    if (Math.abs(await ageOf(guard)) > unfinishedMs) await rm(guard, { force: true });
    return sleep(20);
  }
  try {
    if ((await readIfThere(path)) === left) await rm(path, { force: true });
  } finally {
    await rm(guard, { force: true });
  }
}

async function isHeld(holder: Holder, own: Holder, path: string): Promise<boolean> {
  // From the future: a clock was set meanwhile, and nobody touches it.
  if (!isAskable(holder, own)) return Math.abs(await ageOf(path)) < silentMs;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    // EPERM: it runs, as another user.
    return systemCode(error) === "EPERM";
  }
  return holder.started === undefined || holder.started === (await startOf(holder.pid));
}

/** Whether the holder's process number means the same process here. */
function isAskable(holder: Holder, own: Holder): boolean {
  if (process.platform !== "linux") return holder.boot === undefined && holder.host === own.host;
  if (own.boot === undefined || own.namespace === undefined) return false;
  return holder.boot === own.boot && holder.namespace === own.namespace;
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
    const value = JSON.parse(text) as Partial<Record<keyof Holder, unknown>> | null;
    const { pid, host, started, boot, namespace } = value ?? {};
    if (!Number.isSafeInteger(pid) || (pid as number) <= 0 || typeof host !== "string") return undefined;
    return { pid: pid as number, host, started: textOf(started), boot: textOf(boot), namespace: textOf(namespace) };
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
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
