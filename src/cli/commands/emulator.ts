import { readFile } from "node:fs/promises";
import type { Command } from "../command.ts";
import type { FaultRule } from "../../emulator/index.ts";
import type { SignalError } from "../stopping.ts";
import { UsageError } from "../args.ts";
import { exitCodeOf } from "../exit-codes.ts";
import { parseInteger } from "../numbers.ts";
import { openInBrowser } from "../open-in-browser.ts";
import { stopping } from "../stopping.ts";

type EmulatorFlag = "port" | "tls" | "dir" | "faults" | "discard" | "open" | "no-page";

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
      dir: { value: "DIR", summary: "keep objects as files there (default: in memory)" },
      faults: { value: "FILE", summary: "fault rules, a JSON array" },
      discard: { summary: "keep sizes and checksums only, for load tests" },
      open: { summary: "open its page in the browser" },
      "no-page": { summary: "serve no page at /, and keep no answers for it" },
    },
    notes: [
      'The first line of stdout is JSON: {"origin","vodEndpoint","cosEndpoint","secretId","secretKey","caFile"?}.\n' +
        "GET /requests, /objects, /media and /uploads show what it holds; PUT /faults replaces the rules.",
      "The page at the origin shows uploads, requests with every signature stage, media and events; its address is\n" +
        "printed on stderr. Only this machine can read it: web pages of other origins are refused.",
    ],
  },
  run: async (args, terminal) => {
    const port = args.text("port");
    const faults = args.text("faults");
    const options = {
      port: port === undefined ? undefined : parseInteger("port", port, 0, 65_535),
      tls: args.has("tls"),
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
        await terminal.print(JSON.stringify({ origin, vodEndpoint, cosEndpoint, secretId, secretKey, caFile }));
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

/** What the system refuses is mended by another flag. */
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
