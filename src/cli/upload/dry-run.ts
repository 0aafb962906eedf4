import type { UploadOptions, UploadPlan } from "../../index.ts";
import type { Arguments } from "../args.ts";
import type { Connection } from "../connection.ts";
import type { ExitCode } from "../exit-codes.ts";
import type { Terminal } from "../terminal.ts";
import type { UploadFlag } from "./flags.ts";
import type { UploadOutput } from "./output.ts";
import { exitCodeOf, exitCodeOfAll } from "../exit-codes.ts";
import { shownSource, sourceOf } from "../../shown-source.ts";
import { formatSize } from "../sizes.ts";
import { visibleLine } from "../terminal.ts";

/**
 * `upload --dry-run`: finds every mistake that can be found without sending anything, and prints what would be sent.
 */
export async function dryRun(
  args: Arguments<UploadFlag>,
  options: UploadOptions,
  { client, checkCredentials }: Connection,
  terminal: Terminal,
  outputs: readonly { readonly source: string; readonly output: UploadOutput }[],
): Promise<ExitCode> {
  const codes: ExitCode[] = [];
  for (const { source, output } of outputs) {
    try {
      const plan = await client.plan(source === "-" ? process.stdin : sourceOf(source), options);
      await checkCredentials();
      await terminal.print(planLine(shownSource(source), plan, args.has("json")));
      codes.push(0);
    } catch (error) {
      output.error(error);
      codes.push(exitCodeOf(error));
    }
  }
  return exitCodeOfAll(codes, undefined);
}

/** What would be sent of a source, as text or as one line of JSON. */
export function planLine(shown: string, plan: UploadPlan, asJson: boolean): string {
  return asJson ? JSON.stringify({ type: "plan", source: shown, ...plan }) : planText(shown, plan);
}

function planText(source: string, { endpoint, fields, objects }: UploadPlan): string {
  const parameters = Object.entries(fields).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  const transfers = objects.map(({ file, size, transfer, partSize, partCount }) => {
    const whole = size === undefined ? "unknown size" : formatSize(size);
    const how =
      transfer === "put" ? "in one PUT" : `in ${partCount ?? "any number of"} parts of ${formatSize(partSize)}`;
    return `  ${visibleLine(file)}: ${whole} ${how}`;
  });
  return [
    `${visibleLine(source)} would be uploaded through ${endpoint.vod}`,
    `  ApplyUpload ${parameters.join(" ")}`,
    ...transfers,
    "  CommitUpload",
  ].join("\n");
}
