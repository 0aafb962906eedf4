import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import type { Bench } from "./bench.ts";
import { builtCli } from "./built-cli.ts";
import { cleanEnvironment } from "./run-cli.ts";

export interface Shown {
  readonly child: ChildProcessWithoutNullStreams;
  /** What the terminal was given so far. */
  readonly text: () => string;
  /** The exit code. */
  readonly ended: Promise<number | null>;
}

/**
 * Runs a command line of the shell, in which `$vodup` is the built command, on a terminal of its own of so many columns.
 * It is killed after a minute, and the test then fails by its exit code.
 */
export function onTerminal({ folder, env }: Bench, columns: number, line: string): Shown {
  const command = line.replace("$vodup", () => `'${process.execPath}' '${builtCli()}'`);
  const child = spawn("script", ["-qec", `stty cols ${columns}; ${command}`, "/dev/null"], {
    cwd: folder,
    env: cleanEnvironment({ ...env, SHELL: "/bin/sh" }),
  });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  const timer = setTimeout(() => child.kill("SIGKILL"), 60_000);
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(timer);
      child.stdin.end();
      resolve(code);
    });
  });
  return { child, text: () => Buffer.concat(chunks).toString("utf8"), ended };
}
