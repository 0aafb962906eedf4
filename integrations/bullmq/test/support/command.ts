import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";

/** A command that runs, and all that it has written. */
export interface Command {
  readonly child: ChildProcess;
  readonly said: { out: string; err: string };
  /** Its exit code; null when a signal ended it. */
  readonly exit: Promise<number | null>;
}

export function start([program = "", ...args]: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Command {
  const child = spawn(program, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  const said = { out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (said.out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said.err += text));
  return { child, said, exit: once(child, "close").then(([code]) => code as number | null) };
}

/** Ends what still runs. */
export async function kill({ child, exit }: Command): Promise<void> {
  child.kill("SIGKILL");
  await exit;
}
