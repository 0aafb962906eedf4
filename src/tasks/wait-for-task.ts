import type { TaskApi, WaitOptions } from "./options.ts";
import type { TaskState } from "./task-state.ts";
import { TaskFailedError, type TaskFailure } from "../errors.ts";
import { parseSubAppId } from "../vod-api/client.ts";
import { requireName } from "./arguments.ts";
import { Waiting, longestWaitMs } from "./polling.ts";
import { describeTask } from "./task-state.ts";
import { checkNames } from "./option-names.ts";

export interface WaitForTaskOptions extends WaitOptions {
  /** @defaultValue 259200000 (3 days), after which the service forgets tasks */
  readonly timeoutMs?: number | undefined;
  /** Called with the task's state after each question. */
  readonly onProgress?: ((state: TaskState) => void) | undefined;
}

/**
 * Waits until a task has ended, and answers it when all of it succeeded. `FINISH` alone is not success: every step of a
 * task flow has its own outcome.
 *
 * @throws TaskFailedError `TASK_FAILED`: aborted, or finished with steps that failed, each in `failures`; what the
 * others made is in {@link describeTask}'s `detail`
 * @throws VodupError `TIMEOUT`; VodApiError when the task is unknown, or more than 3 days old; the signal's reason
 * @see https://www.tencentcloud.com/document/product/266/33431
 */
export async function waitForTask(api: TaskApi, taskId: string, options: WaitForTaskOptions = {}): Promise<TaskState> {
  checkNames(options);
  requireName("taskId", taskId, "a task's id");
  const subAppId = parseSubAppId("subAppId", options.subAppId);
  const waiting = new Waiting(`task ${taskId}`, options, longestWaitMs);
  const state = await waiting.until(async () => {
    const asked = await describeTask(api, taskId, { subAppId, signal: waiting.signal });
    options.onProgress?.(asked);
    return asked.status === "FINISH" || asked.status === "ABORTED" ? asked : undefined;
  });
  if (state.status === "FINISH" && state.failures.length === 0) return state;
  throw taskFailure(state);
}

function taskFailure({ taskId, taskType, status, fileId, failures }: TaskState): TaskFailedError {
  const what = status === "ABORTED" ? "was aborted" : "finished without success";
  const steps = failures.map(describeFailure).join("; ");
  const message = `task ${taskId} (${taskType}) ${what}${steps === "" ? "" : `: ${steps}`}`;
  return new TaskFailedError(message, { taskId, taskType, status, fileId, failures });
}

function describeFailure({ type, definition, errCodeExt, errCode, message }: TaskFailure): string {
  const step = definition === undefined ? type : `${type} ${definition}`;
  const code = errCodeExt === "" ? `code ${errCode}` : errCodeExt;
  return `${step}: ${code}${message === "" ? "" : ` (${message})`}`;
}
