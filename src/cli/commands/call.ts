import type { Command } from "../command.ts";
import { text } from "node:stream/consumers";
import { readFile } from "node:fs/promises";
import { UsageError } from "../args.ts";
import { actionHelp, knownActions } from "../api/action-help.ts";
import { apiFlags, withConnection, type ApiFlag } from "../with-connection.ts";

/** `vodup call`: any action of the API, signed and repeated where that is harmless. */
export const callCommand: Command<ApiFlag> = {
  spec: {
    name: "call",
    operands: "ACTION [JSON|@FILE|-]",
    summary: "call any action of the API and print its response as JSON",
    count: { least: 1, most: 2 },
    flags: apiFlags,
    notes: [
      "The parameters are one JSON object with the names of the API; - reads it from standard input, @FILE from a file. " +
        "SubAppId is added from --sub-app-id. Nothing is checked before it is sent: the service judges actions and fields.",
      `"vodup call ACTION --help" lists the fields of these actions: ${knownActions.join(", ")}.`,
    ],
  },
  explain: actionHelp,
  run: async (args, terminal) => {
    const [action = "", given] = args.operands;
    if (!/^[A-Z][A-Za-z0-9]*$/.test(action)) {
      throw new UsageError('ACTION must be the name of an API action, such as DescribeTasks; see "vodup call --help"');
    }
    return withConnection(args, terminal, async ({ client }, { signal }) => {
      const params = await readParameters(given);
      const response = await client.call(action, params, { signal });
      await terminal.print(JSON.stringify(response, undefined, process.stdout.isTTY ? 2 : 0));
      return 0;
    });
  },
};

/** @throws UsageError; nothing of what was read is repeated, since it may hold a key */
async function readParameters(given: string | undefined): Promise<Record<string, unknown>> {
  if (given === undefined) return {};
  const source =
    given === "-" ? await text(process.stdin) : given.startsWith("@") ? await fileText(given.slice(1)) : given;
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch {
    throw new UsageError(`the parameters are not JSON; write them like '{"FileIds":["123"]}'`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new UsageError(`the parameters must be one JSON object, such as '{"Limit":10}'`);
  }
  refuseRounded(value);
  return value as Record<string, unknown>;
}

function fileText(path: string): Promise<string> {
  return readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`cannot read ${path} (${error.code ?? "unknown error"})`);
  });
}

/** Beyond 2^53 JavaScript's numbers are not what was written. */
function refuseRounded(value: unknown): void {
  if (typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value)) {
    throw new UsageError("an integer of the parameters is beyond 2^53; give an application with --sub-app-id instead");
  }
  if (typeof value === "object" && value !== null) for (const member of Object.values(value)) refuseRounded(member);
}
