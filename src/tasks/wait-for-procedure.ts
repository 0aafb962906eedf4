import type { TaskApi } from "./options.ts";
import type { TaskState } from "./task-state.ts";
import type { WaitForTaskOptions } from "./wait-for-task.ts";
import { performance } from "node:perf_hooks";
import { parseSubAppId } from "../vod-api/client.ts";
import { requireName } from "./arguments.ts";
import { findTask } from "./find-task.ts";
import { Waiting, longestWaitMs, milliseconds } from "./polling.ts";
import { waitForTask } from "./wait-for-task.ts";
import { checkNames } from "./option-names.ts";

export interface WaitForProcedureOptions extends WaitForTaskOptions {
  /** Milliseconds within which the task flow has to appear, 1 to an hour. @defaultValue 60000 */
  readonly startTimeoutMs?: number | undefined;
}

const presetStartMs = 60_000;
const longestStartMs = 3_600_000;

/**
 * Waits for the task flow that an upload started (option `procedure`), and answers it when all of it succeeded. The
 * commit does not tell the task's id, so it is looked for by the media; no event is taken from anybody.
 *
 * @throws TaskFailedError as `waitForTask`; VodupError `TIMEOUT`, also when no task flow appears: there may be no
 * template of that name, which the service does not say; the signal's reason
 */
export async function waitForProcedure(
  api: TaskApi,
  fileId: string,
  options: WaitForProcedureOptions = {},
): Promise<TaskState> {
  checkNames(options);
  requireName("fileId", fileId, "a media's FileId");
  const subAppId = parseSubAppId("subAppId", options.subAppId);
  const startMs = milliseconds("startTimeoutMs", options.startTimeoutMs, longestStartMs) ?? presetStartMs;
  const timeoutMs = milliseconds("timeoutMs", options.timeoutMs, longestWaitMs) ?? longestWaitMs;
  const startedAt = performance.now();
  const waiting = new Waiting(
    `the start of a task flow on media ${fileId}`,
    { ...options, timeoutMs: Math.min(startMs, timeoutMs) },
    presetStartMs,
  );
  const { TaskId } = await waiting.until(() =>
    findTask(api, { FileId: fileId }, ({ TaskType }) => TaskType === "Procedure", {
      subAppId,
      signal: waiting.signal,
    }),
  );
  const leftMs = Math.max(1, Math.round(timeoutMs - (performance.now() - startedAt)));
  return waitForTask(api, TaskId, { ...options, timeoutMs: leftMs });
}
