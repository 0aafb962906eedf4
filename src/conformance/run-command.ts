import { clearInterval, clearTimeout, setInterval, setTimeout } from "node:timers";
import { performance } from "node:perf_hooks";
import { spawn } from "node:child_process";
import { processesOf, type Family } from "./watch.ts";

/** How one run of the command went. */
export interface CommandRun {
  /** Null when a signal ended it, or it did not start. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
  /** Why it was killed, when it was. */
  readonly killed?: "timeout" | "scenario" | "caller" | undefined;
  /** Why it could not be started. */
  readonly startError?: string | undefined;
  /** It ended, but something that it had started went on. */
  readonly leftProcesses: boolean;
}

export interface CommandOptions {
  /** Program and arguments; no shell is in between. */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly timeoutMs: number;
  /** Asked every few milliseconds; the command is killed when it holds. */
  readonly killWhen?: (() => boolean) | undefined;
  /** A text in `env` that no other process of the machine has: finds what leaves the process group. */
  readonly mark?: string | undefined;
  /** Called once the command runs. */
  readonly onStart?: ((family: Family) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What is kept of each of stdout and stderr, bytes: a command may not fill our memory. */
const mostOutput = 2 ** 20;
const pollMs = 10;
/** How long output may still come, and what was started may still be ending, after the process has ended. */
const lastOutputMs = 2_000;
/** Looks at what is left that must all have found something: a machine that stood still for a while is no proof. */
const leastLooks = 50;

/**
 * Runs a command in a process group of its own and never lets it outlive `timeoutMs`: the whole group is killed, and
 * what it started beside it, and nothing else.
 */
export async function runCommand(options: CommandOptions): Promise<CommandRun> {
  const [program = "", ...args] = options.command;
  const started = performance.now();
  const child = spawn(program, args, { env: options.env, stdio: ["ignore", "pipe", "pipe"], detached: true });
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
  const family = child.pid === undefined ? undefined : { leader: child.pid, mark: options.mark ?? noMark };
  if (family !== undefined) options.onStart?.(family);
  let killed: CommandRun["killed"];
  const kill = (why: CommandRun["killed"]): void => {
    killed ??= why;
    killAll(family);
  };
  const timer = setTimeout(() => kill("timeout"), options.timeoutMs);
  const poll = setInterval(() => {
    if (options.killWhen?.() === true) kill("scenario");
  }, pollMs);
  const stop = (): void => kill("caller");
  options.signal?.addEventListener("abort", stop, { once: true });
  if (options.signal?.aborted === true) stop();
  try {
    const exit = await new Promise<{ exitCode: number | null; startError?: string }>((resolve) => {
      child.once("error", (error) => resolve({ exitCode: null, startError: error.message }));
      child.once("exit", (exitCode) => resolve({ exitCode }));
    });
    const durationMs = performance.now() - started;
    // A grandchild that lives on holds the pipes open: it is not waited for.
    const closed = Promise.all([stdout.end, stderr.end]).then(() => true);
    const leftProcesses = !(await isOver(family, closed));
    killAll(family);
    return { ...exit, stdout: stdout.text(), stderr: stderr.text(), durationMs, killed, leftProcesses };
  } finally {
    clearTimeout(timer);
    clearInterval(poll);
    options.signal?.removeEventListener("abort", stop);
    child.stdout.destroy();
    child.stderr.destroy();
  }
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Stands in no environment. */
const noMark = "\0\0";

/** Whether nothing of the command is alive or holds its output open; what is just ending gets its time. */
async function isOver(family: Family | undefined, closed: Promise<unknown>): Promise<boolean> {
  const until = performance.now() + lastOutputMs;
  const stillOpen = (): Promise<boolean> => Promise.race([closed.then(() => false), wait(pollMs).then(() => true)]);
  for (let looks = 1; performance.now() < until || looks < leastLooks; looks += 1) {
    if (await stillOpen()) continue;
    if (family === undefined || processesOf(family).length === 0) return true;
    await wait(pollMs);
  }
  return false;
}

function killAll(family: Family | undefined): void {
  if (family === undefined) return;
  for (const pid of [-family.leader, ...processesOf(family)]) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // Nothing of it is left.
    }
  }
}

function collect(stream: NodeJS.ReadableStream): { end: Promise<void>; text: () => string } {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on("data", (chunk: Buffer) => {
    // The end is what counts: the FileId is the last line.
    chunks.push(chunk);
    size += chunk.length;
    while (size > mostOutput && chunks.length > 1) size -= chunks.shift()?.length ?? 0;
  });
  const end = new Promise<void>((resolve) => {
    stream.once("end", resolve);
    stream.once("close", resolve);
    stream.once("error", () => resolve());
  });
  return { end, text: () => Buffer.concat(chunks).toString("utf8") };
}
