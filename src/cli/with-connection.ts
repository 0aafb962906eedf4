import type { Arguments, FlagSpec } from "./args.ts";
import type { Connection, ConnectionFlag } from "./connection.ts";
import type { ExitCode } from "./exit-codes.ts";
import type { Stopping } from "./stopping.ts";
import type { Terminal } from "./terminal.ts";
import { connect, connectionFlags } from "./connection.ts";
import { isDebugging, reportDiagnostics } from "./debug.ts";
import { parseSeconds } from "./numbers.ts";
import { stopping } from "./stopping.ts";

export type ApiFlag = ConnectionFlag | "timeout";

/** The flags of a command that talks to the service and may be given a deadline. */
export const apiFlags: Readonly<Record<ApiFlag, FlagSpec>> = {
  timeout: { value: "SECONDS", summary: "deadline of the whole run (default none); then exit code 5" },
  ...connectionFlags,
};

/**
 * Runs a command's work with a client, until it is done or the run is stopped; frees everything either way.
 * @param rates as of {@link connect}
 */
export async function withConnection(
  args: Arguments<ApiFlag>,
  terminal: Terminal,
  work: (connection: Connection, run: Stopping) => Promise<ExitCode>,
  rates: Parameters<typeof connect>[3] = {},
): Promise<ExitCode> {
  const timeout = args.text("timeout");
  const run = stopping(timeout === undefined ? undefined : parseSeconds("timeout", timeout) * 1000);
  const debug = isDebugging(args.has("debug"), process.env);
  const silence = debug ? reportDiagnostics((line) => terminal.note(line)) : undefined;
  try {
    const connection = await connect(args, process.env, (text) => terminal.note(text), rates);
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
