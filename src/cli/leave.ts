import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** How long what is left of a command's work with files may take. */
const graceMs = 100;
const lookMs = 10;

type Execve = (file: string, args: readonly string[], env: Readonly<Record<string, string>>) => void;

/**
 * Ends a process in which a read of a file hangs, such as of a network drive whose server is gone: it occupies a
 * thread, which `process.exit()` waits for. Does nothing where nothing hangs.
 * @param code the exit code. Where the system and Node have no way to end so, and Node before 22.15 has none, it is
 * that of SIGKILL
 */
export async function leaveHanging(code: number): Promise<void> {
  for (let waited = 0; hasFileRequest(); waited += lookMs) {
    if (waited >= graceMs) return leaveAtOnce(code);
    await delay(lookMs);
  }
}

/** As `process.exit()`, also where a read of a file hangs. */
export function leaveAtOnce(code: number): void {
  if (!hasFileRequest()) process.exit(code);
  // As process.exit() does: the progress line is removed then.
  process.emit("exit", code);
  const signal = code === 130 ? "SIGINT" : code === 143 ? "SIGTERM" : undefined;
  const { execve } = process as { execve?: Execve };
  if (signal === undefined && execve !== undefined && existsSync("/bin/sh")) {
    process.removeAllListeners("warning");
    // Another program in this process's place ends its threads.
    execve.call(process, "/bin/sh", ["sh", "-c", `exit ${code}`], {});
  }
  if (signal !== undefined) process.removeAllListeners(signal);
  process.kill(process.pid, signal ?? "SIGKILL");
}

/** Whether a file is being read, written or closed. */
function hasFileRequest(): boolean {
  // Other runtimes have it not, or as an empty list.
  const { getActiveResourcesInfo } = process as Partial<Pick<NodeJS.Process, "getActiveResourcesInfo">>;
  return getActiveResourcesInfo?.call(process).some((name) => name.startsWith("FSReq")) ?? false;
}
