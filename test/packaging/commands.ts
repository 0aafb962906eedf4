import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

export const root: string = join(import.meta.dirname, "../..");

export interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program without a shell; a failing one is an outcome and not an error. */
export async function run(
  program: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = {},
): Promise<Outcome> {
  try {
    const options = { cwd, env: { ...cleanEnvironment(), ...env }, maxBuffer: 2 ** 26, timeout: 170_000 };
    const { stdout, stderr } = await promisify(execFile)(program, args, options);
    return { exitCode: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code?: unknown; stdout?: string; stderr?: string };
    if (typeof code !== "number") throw error;
    return { exitCode: code, stdout: stdout ?? "", stderr: stderr ?? "" };
  }
}

/** @throws {Error} with what the program wrote, when it fails */
export async function succeed(
  program: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = {},
): Promise<string> {
  const { exitCode, stdout, stderr } = await run(program, args, cwd, env);
  if (exitCode !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${exitCode}\n${stdout}\n${stderr}`);
  return stdout;
}

/** Without what the package manager tells its children: an npm in a test must not believe to run in the project. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env).filter(
    ([name]) => !/^(npm_(?!config_)|NODE_OPTIONS$|VITEST|NODE_ENV$)/i.test(name),
  );
  return Object.fromEntries(entries);
}
