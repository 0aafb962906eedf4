import { spawn } from "node:child_process";
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { unexpectedWarning } from "../../support/warnings.ts";
import { unprivilegedCommand } from "../../support/unprivileged.ts";
import { builtCli } from "./built-cli.ts";
import { jsonProblem } from "./json-lines.ts";

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

/**
 * Starts the built command line. `ended` rejects, with all that was said, when a line of its JSON does not follow its
 * schema, when Node warned of something, and when it was killed since it was not over after `limitMs`.
 */
export function startCli(
  args: readonly string[],
  options: {
    readonly env?: Readonly<Record<string, string | undefined>>;
    readonly cwd?: string;
    readonly input?: string | Uint8Array;
    readonly limitMs?: number;
    /** Without root's right to read everything. */
    readonly unprivileged?: boolean;
    /** What a shell is to do with the command's streams and limits: "$@" is the command. */
    readonly shell?: string;
  } = {},
): RunningCli {
  const command = [process.execPath, "--unhandled-rejections=strict", builtCli(), ...args];
  const shelled = options.shell === undefined ? command : ["sh", "-c", options.shell, "sh", ...command];
  const [program = "", ...rest] = options.unprivileged === true ? unprivilegedCommand(shelled) : shelled;
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
  let isOverdue = false;
  const limitMs = options.limitMs ?? 30_000;
  const timer = setTimeout(() => {
    isOverdue = true;
    child.kill("SIGKILL");
  }, limitMs);
  const ended = new Promise<CliResult>((resolve, reject) => {
    child.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      const result = { code: code ?? signal ?? "?", stdout: stdout(), stderr: stderr() };
      const problem = isOverdue ? `not over after ${limitMs} ms` : problemOf(args, result, signal !== null);
      if (problem === undefined) resolve(result);
      else reject(new Error(`vodup ${args.join(" ")}: ${problem}\n${JSON.stringify(result, undefined, 2)}`));
    });
  });
  return { child, stdout, stderr, ended };
}

/** What no run may show, whatever its test looks at. */
function problemOf(args: readonly string[], { stdout, stderr }: CliResult, isCut: boolean): string | undefined {
  return unexpectedWarning(stderr) ?? jsonProblem(args, stdout, isCut);
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
