import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { startEmulator, type Emulator, type EmulatorOptions } from "../../src/emulator/index.ts";
import { builtCli } from "../cli/support/built-cli.ts";
import { cleanEnvironment } from "../cli/support/run-cli.ts";

export interface ProgramOptions {
  readonly args?: readonly string[] | undefined;
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Modules loaded before the program (`node --require`). */
  readonly preload?: readonly string[] | undefined;
  /** What is left after this is killed. @defaultValue 20000 */
  readonly limitMs?: number | undefined;
}

export interface Outcome {
  /** The exit code, or the name of the signal that ended the program. */
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcessWithoutNullStreams;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly ended: Promise<Outcome>;
  /** Resolves with the match when stdout has it. @throws {Error} with what there was, when the program ends before */
  waitFor(pattern: RegExp): Promise<RegExpExecArray>;
}

/**
 * Somebody else's project: an empty folder in which this package, as built now, is installed. Its programs are written
 * for the real service and name its hosts; every connection they make ends at the project's own emulator.
 */
export interface UserProject {
  readonly folder: string;
  readonly emulator: Emulator;
  /** Writes a file into the folder and answers its path. */
  write(name: string, content: string | Uint8Array): Promise<string>;
  /** Runs a program of the folder, or a shell script given as text. */
  start(program: { readonly file: string } | { readonly shell: string }, options?: ProgramOptions): Running;
  run(program: { readonly file: string } | { readonly shell: string }, options?: ProgramOptions): Promise<Outcome>;
  close(): Promise<void>;
}

/** Sends every connection of a process to EMULATOR_PORT, under the name it believes to speak to. */
export const redirect: string = join(import.meta.dirname, "../interop/vendor/redirect.cjs");

export async function openProject(options: EmulatorOptions = {}): Promise<UserProject> {
  const emulator = await startEmulator({ tls: true, ...options });
  const folder = await mkdtemp(join(tmpdir(), "vodup-user-"));
  const main = builtCli();
  const modules = join(folder, "node_modules");
  await mkdir(join(modules, ".bin"), { recursive: true });
  await symlink(join(dirname(main), "../.."), join(modules, "vodup"), "junction");
  await writeFile(join(folder, "package.json"), JSON.stringify({ name: "somebodys-backend", private: true }));
  const command = join(modules, ".bin/vodup");
  await writeFile(command, `#!/bin/sh\nexec "${process.execPath}" "${main}" "$@"\n`);
  await chmod(command, 0o755);

  const environment = ({ env, preload = [redirect] }: ProgramOptions): NodeJS.ProcessEnv =>
    cleanEnvironment({
      HOME: folder,
      XDG_STATE_HOME: join(folder, ".state"),
      PATH: [join(modules, ".bin"), process.env["PATH"]].join(delimiter),
      TENCENTCLOUD_SECRET_ID: emulator.secretId,
      TENCENTCLOUD_SECRET_KEY: emulator.secretKey,
      NODE_EXTRA_CA_CERTS: emulator.caFile,
      NODE_OPTIONS: preload.map((file) => `--require=${JSON.stringify(file)}`).join(" "),
      EMULATOR_PORT: new URL(emulator.origin).port,
      ...env,
    });

  const start: UserProject["start"] = (program, given = {}) => {
    const [name, ...args] =
      "file" in program
        ? [process.execPath, "--unhandled-rejections=strict", program.file]
        : ["bash", "-euo", "pipefail", "-c", program.shell, "bash"];
    const child = spawn(name, [...args, ...(given.args ?? [])], { cwd: folder, env: environment(given) });
    return follow(child, given.limitMs ?? 20_000);
  };

  return {
    folder,
    emulator,
    write: async (name, content) => {
      const path = join(folder, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, content);
      return path;
    },
    start,
    run: (program, given) => start(program, given).ended,
    close: async () => {
      await emulator.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function follow(child: ChildProcessWithoutNullStreams, limitMs: number): Running {
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  child.stdin.on("error", () => undefined);
  child.stdin.end();
  const timer = setTimeout(() => child.kill("SIGKILL"), limitMs);
  const ended = new Promise<Outcome>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      resolve({ code: code ?? signal ?? "?", stdout, stderr });
    });
  });
  const waitFor = async (pattern: RegExp): Promise<RegExpExecArray> => {
    for (;;) {
      const match = pattern.exec(stdout);
      if (match !== null) return match;
      const more = new Promise<undefined>((resolve) => child.stdout.once("data", () => resolve(undefined)));
      const outcome = await Promise.race([more, ended]);
      if (outcome === undefined || pattern.test(stdout)) continue;
      throw new Error(`ended with ${outcome.code} without ${pattern.source}\n${outcome.stdout}\n${outcome.stderr}`);
    }
  };
  return { child, stdout: () => stdout, stderr: () => stderr, ended, waitFor };
}
