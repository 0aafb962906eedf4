import type { UploadOptions, UploadResult, UploadSource } from "../index.ts";
import type { Arguments } from "./args.ts";
import type { Connection } from "./connection.ts";
import type { ExitCode } from "./exit-codes.ts";
import type { Stopping } from "./stopping.ts";
import type { UploadFlag } from "./upload-flags.ts";
import type { UploadOutput } from "./upload-output.ts";
import { exitCodeOf } from "./exit-codes.ts";
import { sourceOf } from "./upload-flags.ts";

export interface UploadTask {
  readonly args: Arguments<UploadFlag>;
  readonly options: UploadOptions;
  readonly connection: Connection;
  readonly run: Stopping;
  readonly output: UploadOutput;
}

/**
 * Uploads one source of the command line and tells how it went.
 * @returns the exit code it would have alone
 */
export async function uploadOne(task: UploadTask, source: string): Promise<ExitCode> {
  const { output, run } = task;
  try {
    run.signal.throwIfAborted();
    const input = source === "-" ? process.stdin : sourceOf(source);
    await output.result(await send(task, input));
    return 0;
  } catch (error) {
    output.error(error);
    return exitCodeOf(error);
  }
}

function send({ args, options, connection, run, output }: UploadTask, input: UploadSource): Promise<UploadResult> {
  return connection.client.upload(input, {
    ...options,
    signal: run.signal,
    onProgress: output.progress,
    onRetry: output.retry,
    onWarning: output.warning,
    onFailure: args.has("keep-parts") ? "keep-parts" : "abort",
  });
}
