import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Command } from "../command.ts";
import type { Terminal } from "../terminal.ts";
import { createListener, type EventListener } from "../../events/index.ts";
import { UsageError } from "../args.ts";
import { eventLine } from "../event-line.ts";
import { parseInteger, parseDeadline } from "../numbers.ts";
import { stopping } from "../stopping.ts";

/** `vodup listen`: receives pushed events, one a line. */
export const listenCommand: Command<"port" | "host" | "sign-key-env" | "max" | "timeout"> = {
  spec: {
    name: "listen",
    operands: "",
    summary: "receive pushed events over HTTP and print each as one line of JSON",
    count: { least: 0, most: 0 },
    flags: {
      port: { value: "N", summary: "port to listen at; 0 takes any free one, printed on stderr" },
      host: { value: "ADDRESS", summary: "address to listen at (default 127.0.0.1, for a proxy or tunnel in front)" },
      "sign-key-env": { value: "NAME", summary: "variable with the SignKey; other callbacks are refused with 403" },
      max: { value: "N", summary: "end after N events (default: run until SIGINT or SIGTERM)" },
      timeout: { value: "T", summary: "deadline of the whole run, such as 90s or 2h (default none); then exit code 5" },
    },
    notes: [
      "Events are POSTed as JSON to any path. They are answered 200 before they are printed, and the service does not\n" +
        "send again what was answered. Without --sign-key-env anybody who reaches the port can post; with it, anybody who\n" +
        "has seen one callback can post others for some minutes: the signature covers the key and the time, not the event.",
    ],
  },
  run: async (args, terminal) => {
    const port = args.text("port");
    if (port === undefined) throw new UsageError("--port must be given: --port N");
    const max = args.text("max");
    const timeout = args.text("timeout");
    const settings = {
      port: parseInteger("port", port, 0, 65_535),
      host: args.text("host") ?? "127.0.0.1",
      signKey: readKey(args.text("sign-key-env"), process.env),
      most: max === undefined ? Infinity : parseInteger("max", max, 1, Number.MAX_SAFE_INTEGER),
    };
    const run = stopping(timeout === undefined ? undefined : parseDeadline("timeout", timeout));
    try {
      await receive(settings, terminal, run.signal);
      return 0;
    } finally {
      run.done();
    }
  },
};

interface Settings {
  readonly port: number;
  readonly host: string;
  readonly signKey: string | undefined;
  readonly most: number;
}

/** Receives until there were enough; rejects with the signal's reason, or when stdout takes nothing any more. */
async function receive(settings: Settings, terminal: Terminal, signal: AbortSignal): Promise<void> {
  const { signKey, most } = settings;
  let enough = (): void => undefined;
  let fail = (_reason: unknown): void => undefined;
  const finished = new Promise<void>((resolve, reject) => {
    enough = resolve;
    fail = reject;
  });
  // It is waited for only once the port is open; a signal may come before.
  finished.catch(() => undefined);
  let printed = 0;
  const listener: EventListener = createListener({
    signKey,
    concurrency: 1,
    onEvent: async (event) => {
      await terminal.deliver(eventLine(event));
      printed += 1;
      if (printed >= most) enough();
    },
    onError: (error) => fail(error),
    onRefused: ({ status, reason }) => terminal.note(`vodup: note: refused a request: ${status} ${reason}`),
  });
  const server = createServer(listener);
  const stop = (): void => fail(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  try {
    signal.throwIfAborted();
    await listenAt(server, settings);
    const { address, port } = server.address() as AddressInfo;
    terminal.note(`vodup: listening on http://${address.includes(":") ? `[${address}]` : address}:${port}/`);
    if (signKey === undefined) terminal.note("vodup: note: without --sign-key-env nobody checks who posts");
    await finished;
  } finally {
    signal.removeEventListener("abort", stop);
    // What was answered 200 is printed, whatever ends this.
    await listener.close();
    server.close();
    server.closeIdleConnections();
  }
}

async function listenAt(server: Server, { port, host }: Settings): Promise<void> {
  try {
    await once(server.listen(port, host), "listening");
  } catch (error) {
    const why = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new Error(`cannot listen at ${host} port ${port}: ${why}`, { cause: error });
  }
}

function readKey(name: string | undefined, env: NodeJS.ProcessEnv): string | undefined {
  if (name === undefined) return undefined;
  const key = env[name] ?? "";
  if (key === "") throw new UsageError(`--sign-key-env: the variable ${name} is not set, or empty`);
  return key;
}
