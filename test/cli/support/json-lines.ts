import { schemaErrors } from "../../support/schema-errors.ts";

/** The schema in `fixtures/schema` of every line that a command prints with `--json`. */
export const withFlag: Readonly<Record<string, string>> = {
  upload: "cli-upload",
  "uploads resume": "cli-upload",
  "uploads list": "cli-uploads-list",
  batch: "cli-batch",
  pull: "cli-pull",
  media: "cli-media",
  "sub-apps": "cli-sub-apps",
  config: "cli-config",
  doctor: "cli-doctor",
  "sign tc3": "cli-sign-tc3",
  "sign cos": "cli-sign-cos",
  "sign client": "cli-sign-client",
};

/** Of those that print JSON always. */
export const always: Readonly<Record<string, string>> = {
  events: "cli-events",
  "events config": "cli-events-config",
  listen: "cli-events",
  emulator: "cli-emulator",
  replay: "cli-replay",
  call: "cli-call",
};

/** The schema that every line of a command's standard output follows; undefined when it prints text. */
function schemaOf(args: readonly string[]): string | undefined {
  const own = args.includes("--") ? args.slice(0, args.indexOf("--")) : args;
  if (own.some((word) => ["--help", "-h", "--env"].includes(word))) return undefined;
  const named = (table: Readonly<Record<string, string>>): string | undefined =>
    table[own.slice(0, 2).join(" ")] ?? table[own[0] ?? ""];
  return own.includes("--json") ? named(withFlag) : named(always);
}

/**
 * What is wrong with the JSON lines of a run; undefined when all follow their schema, or it prints none.
 * @param isCut whether the process was killed, so that its last line may be half of one
 */
export function jsonProblem(args: readonly string[], stdout: string, isCut: boolean): string | undefined {
  const schema = schemaOf(args);
  if (schema === undefined) return undefined;
  const lines = stdout.split("\n");
  const rest = lines.pop();
  if (rest !== "" && !isCut) return `the last line has no line feed: ${rest}`;
  for (const line of lines) {
    const errors = lineErrors(schema, line);
    if (errors !== undefined) return `a line does not follow ${schema}.schema.json: ${line}\n${errors}`;
  }
  return undefined;
}

function lineErrors(schema: string, line: string): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    return String(error);
  }
  const errors = schemaErrors(schema, value);
  if (errors.length === 0) return undefined;
  return errors
    .map(({ schemaPath, message, params }) => `  ${schemaPath} ${message} ${JSON.stringify(params)}`)
    .join("\n");
}
