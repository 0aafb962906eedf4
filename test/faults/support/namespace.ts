import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { builtCli } from "../../cli/support/built-cli.ts";
import { cleanEnvironment } from "../../cli/support/run-cli.ts";

const unshare = ["--fork", "--pid", "--mount-proc", "--kill-child"] as const;
const waysIn: readonly (readonly string[])[] = [unshare, ["--user", "--map-root-user", ...unshare]];

/** The arguments of `unshare` that this machine allows; undefined where a process cannot have a PID namespace of its own. */
const way = waysIn.find((args) => spawnSync("unshare", [...args, "true"]).status === 0);

export const hasNamespaces: boolean = way !== undefined;

export interface Contained {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly ended: Promise<number | string>;
  /** Stops the program inside as a frozen container stops, and lets it go on. */
  freeze(): void;
  thaw(): void;
  kill(): void;
}

/** The built command in a PID namespace of its own, as in a container that shares host name, network and volume. */
export function startContained(
  args: readonly string[],
  { env, cwd }: { readonly env: Readonly<Record<string, string>>; readonly cwd: string },
): Contained {
  const command = [...(way ?? []), process.execPath, builtCli(), ...args];
  const child = spawn("unshare", command, { cwd, env: cleanEnvironment(env), stdio: ["ignore", "pipe", "pipe"] });
  const chunks: Record<"stdout" | "stderr", string> = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    child[name]?.setEncoding("utf8").on("data", (text: string) => (chunks[name] += text));
  const ended = new Promise<number | string>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve(code ?? signal ?? "?"));
  });
  const signal = (name: NodeJS.Signals): void => {
    try {
      for (const pid of childrenOf(child.pid ?? 0)) process.kill(pid, name);
    } catch {
      // It has ended meanwhile.
    }
  };
  return {
    child,
    stdout: () => chunks.stdout,
    stderr: () => chunks.stderr,
    ended,
    freeze: () => signal("SIGSTOP"),
    thaw: () => signal("SIGCONT"),
    kill: () => signal("SIGKILL"),
  };
}

/** By their numbers in this namespace. */
function childrenOf(parent: number): number[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const stats = readFileSync(`/proc/${name}/stat`, "utf8");
      return Number(stats.slice(stats.lastIndexOf(")") + 2).split(" ")[1]) === parent ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}
