import type { Arguments, CommandSpec } from "./args.ts";
import type { ExitCode } from "./exit-codes.ts";
import type { Terminal } from "./terminal.ts";

/** What a file of commands/ exports. */
export interface Command<Flag extends string = string> {
  readonly spec: CommandSpec<Flag>;
  /** Help about what the operands name; undefined when they name nothing that has its own. */
  explain?(argv: readonly string[]): string | undefined;
  /** @throws anything: run.ts makes a message and an exit code of it */
  run(args: Arguments<Flag>, terminal: Terminal): Promise<ExitCode>;
}

export interface CommandEntry {
  /** One or two words. */
  readonly name: string;
  readonly summary: string;
  /** Loads the command, and with it whatever it needs, only when it is called. */
  readonly load: () => Promise<Command>;
}
