import type { Check } from "../../doctor/check.ts";
import type { Setup } from "../../doctor/diagnose.ts";
import type { Arguments } from "../args.ts";
import type { Command } from "../command.ts";
import type { ConnectionFlag } from "../connection.ts";
import type { ExitCode } from "../exit-codes.ts";
import type { Terminal } from "../terminal.ts";
import { connectionFlags, readTarget, wantsMetadata } from "../connection.ts";
import { isDebugging, reportDiagnostics } from "../debug.ts";
import { parseDeadline } from "../numbers.ts";
import { stopping } from "../stopping.ts";
import { stateDirectory } from "../../state/directory.ts";

type DoctorFlag = Exclude<ConnectionFlag, "retries"> | "storage-region" | "timeout" | "json";

const { retries: _, ...flags } = connectionFlags;

/** `vodup doctor`: what uploads from this machine need, one finding after the other, each with its remedy. */
export const doctorCommand: Command<DoctorFlag> = {
  spec: {
    name: "doctor",
    operands: "",
    summary: "look for what would stop uploads from this machine",
    count: { least: 0, most: 0 },
    flags: {
      "storage-region": { value: "NAME", summary: "region that uploads name (default: the application's own)" },
      timeout: { value: "T", summary: "deadline of the whole run, such as 90s (default 60s); then exit code 5" },
      json: { summary: 'one line of JSON for each finding, and last {"type":"result","failed","exitCode"}' },
      ...flags,
    },
    notes: [
      "Nothing is changed and nothing is uploaded. Looked at: Node, state directory, credentials, proxy, endpoint, clock, key, application,\n" +
        "storage region, events, COS. Each is pass, fail or unknown; unknown is not a failure. In JSON a finding is\n" +
        '{"type":"check","name","status","detail","remedy"?}.',
      "Exit code 0 without a failure; else that of the first one, as an upload would end: 4 for credentials, key and clock,\n" +
        "5 for the network, 2 for a wrong setting in the environment, 1 for anything else.",
    ],
  },
  run: async (args, terminal) => {
    const timeout = args.text("timeout");
    const run = stopping(timeout === undefined ? 60_000 : parseDeadline("timeout", timeout));
    const silence = isDebugging(args.has("debug"), process.env)
      ? reportDiagnostics((line) => terminal.note(line))
      : undefined;
    try {
      return await report(args, terminal, run.signal);
    } finally {
      silence?.();
      run.done();
    }
  },
};

async function report(args: Arguments<DoctorFlag>, terminal: Terminal, signal: AbortSignal): Promise<ExitCode> {
  const { diagnose } = await import("../../doctor/diagnose.ts");
  const { env } = process;
  const emulator = args.has("emulator") ? await startLocal() : undefined;
  const failures: Check[] = [];
  try {
    for await (const check of diagnose(await setupOf(args, env, emulator, signal))) {
      if (check.status === "fail") failures.push(check);
      const { cause: _cause, ...line } = check;
      await terminal.print(args.has("json") ? JSON.stringify({ type: "check", ...line }) : textOf(check));
    }
  } finally {
    await emulator?.close();
  }
  const exitCode = await exitCodeFor(failures[0]);
  const failed = failures.map(({ name }) => name);
  if (args.has("json")) await terminal.print(JSON.stringify({ type: "result", failed, exitCode }));
  return exitCode;
}

async function startLocal() {
  const { startEmulator } = await import("../../emulator/index.ts");
  return startEmulator({ discard: true });
}

async function setupOf(
  args: Arguments<DoctorFlag>,
  env: NodeJS.ProcessEnv,
  emulator: Awaited<ReturnType<typeof startLocal>> | undefined,
  signal: AbortSignal,
): Promise<Setup> {
  const target = readTarget(args);
  const metadata = wantsMetadata(args.text("credentials"));
  const { defaultCredentials } = await import("../../index.ts");
  const common = {
    site: target.site as Setup["site"],
    region: target.region,
    subAppId: target.subAppId,
    storageRegion: args.text("storage-region"),
    stateDirectory: stateDirectory(process.env),
    nodeVersion: process.versions.node,
    signal,
  };
  if (emulator === undefined) {
    const { vodEndpoint, cosEndpoint } = target;
    return {
      ...common,
      vodEndpoint,
      cosEndpoint,
      env,
      credentials: defaultCredentials({ env, metadata, profile: args.text("profile") }),
    };
  }
  const { vodEndpoint, cosEndpoint, secretId, secretKey } = emulator;
  const credentials = async () => ({ secretId, secretKey, source: "the emulator inside this process" });
  // What is inside this process needs no proxy.
  const { HTTPS_PROXY: _upper, https_proxy: _lower, ...direct } = env;
  return { ...common, vodEndpoint, cosEndpoint, env: direct, credentials };
}

/** `pass     clock           right`, and the remedy below. */
function textOf({ name, status, detail, remedy }: Check): string {
  const line = `${status.padEnd(8)} ${name.padEnd(15)} ${detail}`;
  return remedy === undefined ? line : `${line}\n${" ".repeat(25)}→ ${remedy}`;
}

async function exitCodeFor(failure: Check | undefined): Promise<ExitCode> {
  if (failure === undefined) return 0;
  const { exitCodeOf } = await import("../exit-codes.ts");
  if (failure.cause !== undefined) return exitCodeOf(failure.cause);
  // What an upload would meet: the service refuses the signature, or the key.
  return failure.name === "clock" || failure.name === "credentials" ? 4 : 1;
}
