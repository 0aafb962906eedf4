import { spawn } from "node:child_process";
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { unexpectedWarning } from "../../support/warnings.ts";
import { unprivilegedCommand } from "../../support/unprivileged.ts";
import { builtCli } from "./built-cli.ts";

export interface CliResult {
  /** The exit code, or the name of the signal that ended the process. */
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningCli {
  readonly child: ChildProcessWithoutNullStreams;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly ended: Promise<CliResult>;
}

/** What a test's process would pass on and change the outcome. */
const foreign =
  /^(?:TENCENTCLOUD_|VODUP_|XDG_STATE_HOME$|https?_proxy$|no_proxy$|NODE_OPTIONS$|CI$|NO_COLOR$|FORCE_COLOR$|VITEST)/i;

export function cleanEnvironment(env: Readonly<Record<string, string | undefined>> = {}): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !foreign.test(name));
  return { ...Object.fromEntries(inherited), ...env };
}

/** Starts the built command line; what is left of it after `limitMs` is killed, and the test fails by that. */
export function startCli(
  args: readonly string[],
  options: {
    readonly env?: Readonly<Record<string, string | undefined>>;
    readonly cwd?: string;
    readonly input?: string | Uint8Array;
    readonly limitMs?: number;
    /** Without root's right to read everything. */
    readonly unprivileged?: boolean;
  } = {},
): RunningCli {
  const command = [process.execPath, "--unhandled-rejections=strict", builtCli(), ...args];
  const [program = "", ...rest] = options.unprivileged === true ? unprivilegedCommand(command) : command;
  const child = spawn(program, rest, {
    cwd: options.cwd,
    env: cleanEnvironment(options.env),
  });
  const read = (stream: NodeJS.ReadableStream): (() => string) => {
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    return () => Buffer.concat(chunks).toString("utf8");
  };
  const [stdout, stderr] = [read(child.stdout), read(child.stderr)];
  child.stdin.on("error", () => undefined);
  child.stdin.end(options.input);
  const timer = setTimeout(() => child.kill("SIGKILL"), options.limitMs ?? 30_000);
  const ended = new Promise<CliResult>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      const warning = unexpectedWarning(stderr());
      if (warning !== undefined) reject(new Error(`vodup ${args.join(" ")}: ${warning}`));
      else resolve({ code: code ?? signal ?? "?", stdout: stdout(), stderr: stderr() });
    });
  });
  return { child, stdout, stderr, ended };
}

export function runCli(...parameters: Parameters<typeof startCli>): Promise<CliResult> {
  return startCli(...parameters).ended;
}

/** Waits until something is so; the condition is asked again and again, since it lies in another process. */
export async function until(condition: () => boolean, what: string, limitMs = 8_000): Promise<void> {
  const end = Date.now() + limitMs;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`waited in vain for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
