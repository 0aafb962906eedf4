import { randomUUID } from "node:crypto";
import type { TaskApi, TaskCallOptions } from "./options.ts";
import { VodApiError, outOfRange } from "../errors.ts";
import { checkLength } from "../upload/options.ts";
import { findTask } from "./find-task.ts";

/** At most 50 characters (vod PullUpload and ProcessMediaByProcedure, SessionId). */
const mostCharacters = 50;

/**
 * The SessionId of a request: the caller's, or one made up for this call. With one, the request may be repeated: the
 * service refuses the second instead of doing it twice.
 * @throws TypeError, RangeError `ERR_INVALID_ARG_VALUE`
 */
export function sessionIdOf(given: string | undefined): string {
  checkLength("sessionId", given, mostCharacters);
  if (given === "") throw outOfRange("sessionId", "must not be empty; leave it out to have one made");
  return given ?? randomUUID();
}

/**
 * Runs a request that has a SessionId. When the service says that it has had this SessionId before, because the
 * caller repeats itself or because the answer to the first try was lost, the task of that time is looked up.
 *
 * @returns the task's id, and whether it had been started before
 * @throws the service's refusal when the task cannot be found: it is more than 3 days old
 */
export async function startOnce(
  api: TaskApi,
  what: { readonly sessionId: string; readonly taskType: string; readonly fileId?: string | undefined },
  options: TaskCallOptions,
  start: () => Promise<string>,
): Promise<{ readonly taskId: string; readonly duplicate: boolean }> {
  try {
    return { taskId: await start(), duplicate: false };
  } catch (error) {
    if (!(error instanceof VodApiError && error.apiCode === "InvalidParameterValue.SessionId")) throw error;
    const found = await findTask(
      api,
      { FileId: what.fileId },
      (task) => task.SessionId === what.sessionId && task.TaskType === what.taskType,
      options,
    );
    if (found === undefined) throw error;
    return { taskId: found.TaskId, duplicate: true };
  }
}
