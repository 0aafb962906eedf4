import type { UploadOptions, UploadResult } from "../../index.ts";
import type { Arguments } from "../args.ts";
import type { Connection } from "../connection.ts";
import type { RememberedTask } from "../../state/remembered-upload.ts";
import type { Stopping } from "../stopping.ts";
import type { UploadFlag } from "./flags.ts";
import type { FinishedSources } from "./finished.ts";
import type { UploadOutput } from "./output.ts";
import type { ExitCode } from "../exit-codes.ts";
import { exitCodeOf, verdictOf } from "../exit-codes.ts";
import { RememberedUpload, PrintError } from "../../state/remembered-upload.ts";
import { openMemory } from "./memory.ts";
import { shownSource, sourceOf } from "../../shown-source.ts";
import { openInput } from "./standard-input.ts";
import { DeadlineError } from "../stopping.ts";

/** What all sources of a command line share, but for the output. */
export interface UploadTask {
  readonly args: Arguments<UploadFlag>;
  readonly options: UploadOptions;
  readonly connection: Connection;
  readonly run: Stopping;
  readonly output: UploadOutput;
  /** Undefined where nothing is remembered, and for a single source, whose checkpoint is enough. */
  readonly finished: FinishedSources | undefined;
}

export interface UploadOutcome {
  /** The one that this source would have alone. */
  readonly code: ExitCode;
  /** Whether the same command goes on where this one stopped. */
  readonly resumable: boolean;
  /** The id of what is kept in the state directory. */
  readonly id?: string | undefined;
}

/**
 * Uploads one source of the command line, tells how it went, and leaves behind what its exit code promises.
 * @param index its place on the command line
 */
export async function uploadOne(task: UploadTask, source: string, index: number): Promise<UploadOutcome> {
  const { args, output, run, connection } = task;
  let upload: RememberedUpload | undefined;
  let result: UploadResult | undefined;
  try {
    run.signal.throwIfAborted();
    const earlier = await task.finished?.recall(source, index);
    if (earlier !== undefined) {
      await output.stored(earlier);
      await output.result(earlier);
      return { code: 0, resumable: false };
    }
    const remember = await task.finished?.watch(source, index);
    const warn = (message: string): void => output.warning({ code: "NO_STATE", message });
    output.waiting(opening(source));
    upload = new RememberedUpload(
      rememberedTask(task, source),
      source,
      await openMemory(args, connection.target, source, warn),
    );
    result = await upload.send();
    // Until it was told, and all is over that the command is for, running the command again must not upload again.
    await tell(result, () => output.stored(result as UploadResult));
    if (args.has("wait")) await waitForProcessing(task, result.fileId);
    await tell(result, () => output.result(result as UploadResult));
    await remember?.(result);
    await upload.forget();
    return { code: 0, resumable: false };
  } catch (error) {
    const resumable = (await upload?.leave(error)) ?? false;
    output.error(error);
    return { code: outcomeCode(error, result !== undefined && !resumable), resumable, id: upload?.id };
  } finally {
    await upload?.close();
  }
}

function rememberedTask({ args, options, connection, run, output }: UploadTask, source: string): RememberedTask {
  const { client } = connection;
  const { signal } = run;
  const open = (): ReturnType<RememberedTask["open"]> =>
    source === "-" ? openInput({ ...options, signal }, connection) : sourceOf(source);
  return { client, options, signal, keepParts: args.has("keep-parts"), open, judge: verdictOf, news: output };
}

/** With a task flow waits for its success, and without one until the media can be found. */
async function waitForProcessing({ args, connection, run, output }: UploadTask, fileId: string): Promise<void> {
  const { signal } = run;
  if (args.has("procedure")) {
    output.waiting("waiting for the task flow to start");
    const onProgress = output.processing;
    output.processed(await connection.client.waitForProcedure(fileId, { signal, onProgress }));
    return;
  }
  output.waiting("waiting until the media can be found");
  await connection.client.waitForUpload(fileId, { signal });
}

function opening(source: string): string {
  if (source === "-") return "waiting for standard input";
  return `${/^https?:/i.test(source) ? "opening" : "reading"} ${shownSource(source)}`;
}

async function tell(result: UploadResult, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (cause) {
    throw new PrintError(result.fileId, cause);
  }
}

/** What is uploaded and not remembered would be uploaded twice, were it said that running again is safe. */
function outcomeCode(error: unknown, isStoredForGood: boolean): ExitCode {
  // Nobody reads the FileId, and somebody has to.
  const code = error instanceof PrintError ? exitCodeOf(error.cause) || 1 : exitCodeOf(error);
  return code === 5 && isStoredForGood && !(error instanceof DeadlineError) ? 1 : code;
}
