import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Emulator } from "../../src/emulator/index.ts";

const folder = join(import.meta.dirname, "vendor");

export interface VendorRun {
  /** File of `vendor/` that runs the SDK. */
  readonly script: "vod-upload.cjs" | "cos-call.cjs";
  readonly job: unknown;
  /** Working directory; where the SDK may write its caches too. */
  readonly cwd: string;
  readonly preload?: readonly ("sign-with-tc3.cjs" | "redirect.cjs")[];
}

export interface VendorAnswer {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a vendor SDK in a process of its own against the emulator, which must speak TLS. */
export async function runVendor(emulator: Emulator, run: VendorRun): Promise<VendorAnswer> {
  if (emulator.caFile === undefined) throw new Error("the vendor SDKs speak https only: start the emulator with tls");
  const preload = ["redirect.cjs", ...(run.preload ?? [])].flatMap((file) => ["--require", join(folder, file)]);
  const child = spawn(process.execPath, [...preload, join(folder, run.script), JSON.stringify(run.job)], {
    cwd: run.cwd,
    env: {
      PATH: process.env["PATH"],
      HOME: run.cwd,
      NODE_EXTRA_CA_CERTS: emulator.caFile,
      EMULATOR_PORT: new URL(emulator.origin).port,
      SECRET_ID: emulator.secretId,
      SECRET_KEY: emulator.secretKey,
    },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 60_000,
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const [exitCode] = (await once(child, "close")) as [number | null];
  return { exitCode, stdout, stderr };
}
