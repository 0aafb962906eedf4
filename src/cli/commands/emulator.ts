import { readFile } from "node:fs/promises";
import type { Command } from "../command.ts";
import type { Emulator, FaultRule } from "../../emulator/index.ts";
import type { SignalError } from "../stopping.ts";
import { UsageError } from "../args.ts";
import { exitCodeOf } from "../exit-codes.ts";
import { parseInteger } from "../numbers.ts";
import { openInBrowser } from "../open-in-browser.ts";
import { shellQuote } from "../shell-quote.ts";
import { stopping } from "../stopping.ts";

type EmulatorFlag =
  "port" | "tls" | "secret-id" | "secret-key" | "seed" | "dir" | "faults" | "discard" | "env" | "open" | "no-page";

/** `vodup emulator`: the stand-in for other processes, in whatever language they are written. */
export const emulatorCommand: Command<EmulatorFlag> = {
  spec: {
    name: "emulator",
    operands: "",
    summary: "run a strict local stand-in of VOD and COS until SIGINT or SIGTERM",
    count: { least: 0, most: 0 },
    flags: {
      port: { value: "N", summary: "loopback port (default: any free one)" },
      tls: { summary: "serve HTTPS; caFile in the first line is the authority to trust" },
      "secret-id": { value: "ID", summary: "the account's key (default: made at random)" },
      "secret-key": {
        value: "KEY",
        summary: "its secret; a made-up one, as every process of this machine can read it",
      },
      seed: { value: "N", summary: "make every identifier and key repeat from run to run" },
      dir: {
        value: "DIR",
        summary: "keep objects as files there (default: in memory, from 256 MiB in temporary files)",
      },
      faults: { value: "FILE", summary: "fault rules, a JSON array" },
      discard: { summary: "keep sizes and checksums only, for load tests" },
      env: { summary: 'print "export" lines for a shell instead of JSON: eval "$(...)"' },
      open: { summary: "open its page in the browser" },
      "no-page": { summary: "serve no page at /, and keep no answers for it" },
    },
    notes: [
      'The first line of stdout is JSON: {"origin","vodEndpoint","cosEndpoint","secretId","secretKey","caFile"?}.\n' +
        "GET /requests, /objects, /media and /uploads show what it holds; PUT /faults replaces the rules; POST /reset\n" +
        "forgets everything. docs/emulator.md has all of it.",
      "The page at the origin shows uploads, requests with every signature stage, media and events; its address is\n" +
        "printed on stderr. Only this machine can read it: web pages of other origins are refused.",
    ],
  },
  run: async (args, terminal) => {
    const port = args.text("port");
    const seed = args.text("seed");
    const faults = args.text("faults");
    const options = {
      port: port === undefined ? undefined : parseInteger("port", port, 0, 65_535),
      tls: args.has("tls"),
      secretId: args.text("secret-id"),
      secretKey: args.text("secret-key"),
      seed: seed === undefined ? undefined : parseInteger("seed", seed, 0, 2 ** 32 - 1),
      dir: args.text("dir"),
      discard: args.has("discard"),
      page: !args.has("no-page"),
      faults: faults === undefined ? undefined : await readRules(faults),
    };
    if (args.has("open") && !options.page) throw new UsageError("--open and --no-page exclude each other");
    const { startEmulator } = await import("../../emulator/index.ts");
    const run = stopping();
    try {
      const emulator = await startEmulator(options).catch((error: unknown) => {
        throw asUsage(error);
      });
      try {
        const { origin, vodEndpoint, cosEndpoint, secretId, secretKey, caFile } = emulator;
        const first = { origin, vodEndpoint, cosEndpoint, secretId, secretKey, caFile };
        await terminal.deliver(args.has("env") ? exportLines(first) : JSON.stringify(first));
        if (options.page) terminal.note(`page: ${origin}/`);
        if (args.has("open") && !(await openInBrowser(`${origin}/`))) terminal.note("no browser could be started");
        return exitCodeOf(await stopped(run.signal));
      } finally {
        await emulator.close();
      }
    } finally {
      run.done();
    }
  },
};

/** What a shell needs for every command of vodup, and most other clients, to meet the emulator. */
function exportLines(
  emulator: Pick<Emulator, "vodEndpoint" | "cosEndpoint" | "secretId" | "secretKey" | "caFile">,
): string {
  const { vodEndpoint, cosEndpoint, secretId, secretKey, caFile } = emulator;
  const variables = {
    VODUP_VOD_ENDPOINT: vodEndpoint,
    VODUP_COS_ENDPOINT: cosEndpoint,
    TENCENTCLOUD_SECRET_ID: secretId,
    TENCENTCLOUD_SECRET_KEY: secretKey,
    NODE_EXTRA_CA_CERTS: caFile,
  };
  const set = Object.entries(variables).filter(([, value]) => value !== undefined);
  return set.map(([name, value]) => `export ${name}=${shellQuote([String(value)])}`).join("\n");
}

/** What the system refuses is fixed by another flag. */
function asUsage(error: unknown): unknown {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "EADDRINUSE")
    return new UsageError("--port: another program listens there; leave it out for a free one");
  if (code === "EACCES") return new UsageError("--port: this user may not listen there; take one from 1024 up");
  if (code === "EEXIST" || code === "ENOTDIR") return new UsageError("--dir: must be a folder, or not exist yet");
  return error;
}

async function readRules(file: string): Promise<FaultRule[]> {
  const { parseFaultRules } = await import("../../emulator/index.ts");
  try {
    return parseFaultRules(JSON.parse(await readFile(file, "utf8")));
  } catch (error) {
    throw new UsageError(`--faults: ${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function stopped(signal: AbortSignal): Promise<SignalError> {
  return new Promise((resolve) => {
    const answer = (): void => resolve(signal.reason as SignalError);
    if (signal.aborted) answer();
    else signal.addEventListener("abort", answer, { once: true });
  });
}
