import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startEmulator } from "../../../src/emulator/index.ts";
import type { EmulatorOptions } from "../../../src/emulator/index.ts";
import type { CliResult, RunningCli } from "./run-cli.ts";
import { runCli, startCli } from "./run-cli.ts";

export const mib: number = 2 ** 20;

/** An emulator, a folder, and the command line pointed at both. */
export interface Bench {
  readonly emulator: Awaited<ReturnType<typeof startEmulator>>;
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** Writes a file into the folder and answers its path; of text, or of so many bytes that no two parts are alike. */
  readonly file: (name: string, content: string | number) => Promise<string>;
  readonly run: (args: readonly string[], options?: Parameters<typeof runCli>[1]) => Promise<CliResult>;
  readonly start: (args: readonly string[], options?: Parameters<typeof startCli>[1]) => RunningCli;
  /** Names of the files in the state directory. */
  readonly stateFiles: () => Promise<string[]>;
  /** Requests of an operation so far. */
  readonly count: (operation: string) => number;
  readonly close: () => Promise<void>;
}

export async function openBench(options: EmulatorOptions = {}): Promise<Bench> {
  const emulator = await startEmulator(options);
  const folder = await mkdtemp(join(tmpdir(), "vodup-cli-"));
  const env = {
    HOME: folder,
    XDG_STATE_HOME: join(folder, "state"),
    TENCENTCLOUD_SECRET_ID: emulator.secretId,
    TENCENTCLOUD_SECRET_KEY: emulator.secretKey,
    VODUP_VOD_ENDPOINT: emulator.vodEndpoint,
    VODUP_COS_ENDPOINT: emulator.cosEndpoint,
  };
  const withEnv = (given: Parameters<typeof runCli>[1] = {}): Parameters<typeof runCli>[1] => ({
    cwd: folder,
    ...given,
    env: { ...env, ...given.env },
  });
  return {
    emulator,
    folder,
    env,
    file: async (name, content) => {
      const path = join(folder, name);
      await writeFile(path, typeof content === "string" ? content : bytes(content));
      return path;
    },
    run: (args, given) => runCli(args, withEnv(given)),
    start: (args, given) => startCli(args, withEnv(given)),
    stateFiles: async () => readdir(join(folder, "state/vodup")).catch(() => []),
    count: (operation) => emulator.requests().filter((request) => request.operation === operation).length,
    close: async () => {
      await emulator.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Numbers counted up: each 8-byte word differs from all others. */
export function bytes(size: number): Buffer {
  const words = new BigUint64Array(Math.ceil(size / 8)).map((_, index) => BigInt(index));
  return Buffer.from(words.buffer, 0, size);
}
