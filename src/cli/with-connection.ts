import type { Arguments, FlagSpec } from "./args.ts";
import type { Outage } from "../index.ts";
import type { Connection, ConnectionFlag } from "./connection.ts";
import type { ExitCode } from "./exit-codes.ts";
import type { Stopping } from "./stopping.ts";
import type { Terminal } from "./terminal.ts";
import { connect, connectionFlags } from "./connection.ts";
import { isDebugging, reportDiagnostics } from "./debug.ts";
import { parseDeadline } from "./numbers.ts";
import { formatDuration } from "./render.ts";
import { stopping } from "./stopping.ts";

export type ApiFlag = ConnectionFlag | "timeout";

/** The flags of a command that talks to the service and may be given a deadline. */
export const apiFlags: Readonly<Record<ApiFlag, FlagSpec>> = {
  timeout: { value: "T", summary: "deadline of the whole run, such as 90s or 2h (default none); then exit code 5" },
  ...connectionFlags,
};

/** Says once that a service is waited for, and once that it is back, however many uploads wait. */
export function outageNotes(args: Arguments<never>, terminal: Terminal): (outage: Outage) => void {
  const typed: Arguments<"json" | "quiet"> = args;
  return (outage) => {
    if (typed.has("quiet")) return;
    const message = outageText(outage);
    if (typed.has("json")) {
      const line = { type: "warning", code: codes[outage.state], message, host: outage.host, awayMs: outage.awayMs };
      void terminal.print(JSON.stringify(line));
    }
    terminal.note(`vodup: note: ${message}`);
  };
}

const codes = { away: "UNREACHABLE", back: "REACHABLE", lost: "UNREACHABLE" } as const;

function outageText({ state, host, error, waitMs, awayMs }: Outage): string {
  const away = formatDuration(awayMs);
  if (state === "back") return `${host} answers again after ${away}; continuing`;
  if (state === "lost") return `${host} did not answer for ${away}, as long as --retry-for allows`;
  return `${host} cannot be reached; waiting up to ${formatDuration(waitMs)} for it: ${error?.message ?? "no answer"}`;
}

/**
 * Runs a command's work with a client, until it is done or the run is stopped; frees everything either way.
 * @param options as of {@link connect}
 */
export async function withConnection(
  args: Arguments<ApiFlag>,
  terminal: Terminal,
  work: (connection: Connection, run: Stopping) => Promise<ExitCode>,
  options: Parameters<typeof connect>[3] = {},
): Promise<ExitCode> {
  const timeout = args.text("timeout");
  const run = stopping(timeout === undefined ? undefined : parseDeadline("timeout", timeout));
  const debug = isDebugging(args.has("debug"), process.env);
  const silence = debug ? reportDiagnostics((line) => terminal.note(line)) : undefined;
  try {
    const connection = await connect(args, process.env, (text) => terminal.note(text), {
      onOutage: outageNotes(args, terminal),
      ...options,
    });
    try {
      return await work(connection, run);
    } finally {
      await connection.close();
    }
  } finally {
    silence?.();
    run.done();
  }
}
