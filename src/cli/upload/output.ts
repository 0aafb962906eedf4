import type { Checkpoint, ProgressEvent, RetryEvent, TaskState, UploadResult, Warning } from "../../index.ts";
import type { Arguments } from "../args.ts";
import type { Terminal } from "../terminal.ts";
import type { UploadFlag } from "./flags.ts";
import { resultFields } from "../../batch/records.ts";
import { performance } from "node:perf_hooks";
import { progressView } from "../render.ts";
import { describeError, errorFields, reportError } from "../report-error.ts";
import { shownSource } from "../../shown-source.ts";
import { formatSize, parseSize } from "../sizes.ts";
import { visibleLine } from "../terminal.ts";

/** Where one source's news go: text for people, or one JSON object a line. */
export interface UploadOutput {
  readonly progress: (event: ProgressEvent) => void;
  /** Something is waited for before bytes can move. */
  readonly waiting: (reason: string) => void;
  readonly retry: (event: RetryEvent) => void;
  readonly warning: (warning: { readonly code: Warning["code"] | "NO_STATE"; readonly message: string }) => void;
  readonly checkpoint: (checkpoint: Checkpoint) => void;
  /** The media exists. @returns when stdout has taken it; @throws OutputError when it did not */
  readonly stored: (result: UploadResult) => Promise<void>;
  /** The task flow that is waited for is under way. */
  readonly processing: (task: TaskState) => void;
  /** The task flow that was waited for has succeeded. */
  readonly processed: (task: TaskState) => void;
  /** All is done. @returns as `stored` */
  readonly result: (result: UploadResult) => Promise<void>;
  readonly error: (error: unknown) => void;
}

/** Of `--retries`. */
const presetRetries = 5;

/** JSON lines of progress come at most so often; the first and last of a phase always. */
const leastJsonGapMs = 100;

export function outputOf(
  terminal: Terminal,
  source: string,
  options: { readonly args: Arguments<UploadFlag>; readonly debug: boolean },
): UploadOutput {
  const shown = shownSource(source);
  return options.args.has("json") ? jsonOutput(terminal, shown, options) : textOutput(terminal, shown, options);
}

function textOutput(
  terminal: Terminal,
  source: string,
  { args, debug }: { readonly args: Arguments<UploadFlag>; readonly debug: boolean },
): UploadOutput {
  const quiet = args.has("quiet");
  const line = !quiet && !args.has("no-progress") && (process.env["CI"] ?? "") === "";
  const rate = args.text("limit-rate");
  const limitRate = rate === undefined ? undefined : parseSize("limit-rate", rate);
  const view = progressView(terminal, { wanted: line, limitRate });
  const attempts = Number(args.text("retries") ?? presetRetries) + 1;
  let retries = 0;
  let resumedBytes = 0;
  return {
    progress: (event) => {
      resumedBytes = event.resumedBytes;
      view.show(event, retries);
    },
    waiting: (reason) => view.wait(reason),
    retry: ({ operation, attempt, delayMs, error }) => {
      retries += 1;
      view.wait(`${operation} failed: try ${attempt + 1} of ${attempts}%t (${describeError(error).code})`, delayMs);
    },
    // Even then: what is uploaded is not what the manifest says, as it is read here.
    warning: ({ code, message }) =>
      (quiet && code !== "MANIFEST_DIFFERENCE") || terminal.note(`vodup: note: ${message}`),
    checkpoint: () => undefined,
    stored: async ({ fileId }) => {
      view.end();
      const shown = visibleLine(fileId);
      await terminal.deliver(args.operands.length > 1 ? `${shown}\t${visibleLine(source)}` : shown);
    },
    processing: ({ status, progress = 0 }) =>
      view.wait(status === "WAITING" ? "the task flow is queued" : `task flow ${Math.round(progress)}%`),
    processed: ({ taskType, taskId }) => quiet || terminal.note(`  ${taskType} ${taskId} succeeded`),
    result: async (result) => {
      view.end();
      if (quiet || !terminal.isInteractive) return;
      const name = args.operands.length > 1 ? `${source}: ` : "";
      terminal.note(`  ${visibleLine(name)}${summary(result, { resumedBytes, limitRate })}`);
    },
    error: (error) => {
      view.end();
      reportError(terminal, error, { source: source === "-" ? undefined : source, debug });
    },
  };
}

/** What was stored, and how. The speed is this run's, as that of the progress line. */
export function summary(
  { mediaUrl, transfer }: UploadResult,
  {
    resumedBytes = 0,
    limitRate = Infinity,
  }: { readonly resumedBytes?: number; readonly limitRate?: number | undefined },
): string {
  const { bytes, parts, resumedParts, retries, verified, durationMs } = transfer;
  const perSecond = Math.min(limitRate, Math.round((Math.max(0, bytes - resumedBytes) / durationMs) * 1000));
  const speed = durationMs > 0 ? `, ${formatSize(perSecond)}/s` : "";
  const earlier = resumedParts > 0 ? ` (${resumedParts} sent earlier)` : "";
  const how = parts > 1 ? ` in ${parts} parts${earlier}` : "";
  const again = retries > 0 ? `, ${retries} ${retries === 1 ? "retry" : "retries"}` : "";
  return `${formatSize(bytes)}${how}${speed}${again}, verified by ${verified}: ${mediaUrl}`;
}

function jsonOutput(
  terminal: Terminal,
  source: string,
  { args, debug }: { readonly args: Arguments<UploadFlag>; readonly debug: boolean },
): UploadOutput {
  const line = (type: string, fields: object): Promise<void> =>
    terminal.deliver(JSON.stringify({ type, source, ...fields }));
  // The upload goes on without its news; the last line is the one that must arrive.
  const news = (type: string, fields: object): void => void line(type, fields).catch(() => undefined);
  let last = -Infinity;
  let phase: string | undefined;
  return {
    progress: (event) => {
      if (args.has("no-progress")) return;
      const now = performance.now();
      if (event.phase === phase && event.sentBytes !== event.totalBytes && now - last < leastJsonGapMs) return;
      last = now;
      phase = event.phase;
      news("progress", progressFields(event));
    },
    retry: ({ operation, attempt, delayMs, error }) => {
      const { code, message } = describeError(error);
      news("retry", { operation, attempt, delayMs, code, message });
    },
    warning: ({ code, message }) => news("warning", { code, message }),
    checkpoint: ({ state, objects }) => {
      const parts = Object.values(objects).reduce(
        (sum, object) => sum + (object.done?.parts ?? object.parts.length),
        0,
      );
      news("checkpoint", { state, parts });
    },
    waiting: () => undefined,
    processing: () => undefined,
    // Without --wait it would say what the result says at once.
    stored: async (result) => (args.has("wait") ? line("stored", resultFields(result)) : undefined),
    processed: ({ taskId, taskType, status }) => news("processed", { taskId, taskType, status }),
    result: (result) => line("result", resultFields(result)),
    error: (error) => {
      news("error", errorFields(error));
      reportError(terminal, error, { source: source === "-" ? undefined : source, debug });
    },
  };
}

function progressFields(event: ProgressEvent): Readonly<Record<string, unknown>> {
  const { phase, file, sentBytes, writtenBytes, totalBytes, parts, concurrency, bytesPerSecond, etaMs } = event;
  return {
    phase,
    file,
    sentBytes,
    writtenBytes,
    totalBytes: totalBytes ?? null,
    parts: { done: parts.done, total: parts.total ?? null },
    concurrency,
    bytesPerSecond,
    etaMs: etaMs ?? null,
  };
}
