import type { TaskApi, TaskCallOptions } from "./options.ts";
import { invalidArgument } from "../errors.ts";
import { givenText } from "../json.ts";
import { parseSubAppId } from "../vod-api/client.ts";
import { checkPriority, requireName } from "./arguments.ts";
import { checkLength } from "../upload/options.ts";
import { sessionIdOf, startOnce } from "./session-id.ts";
import { checkNames } from "./option-names.ts";

export interface ProcessOptions extends TaskCallOptions {
  /** −10 to 10, larger goes first. @defaultValue 0 */
  readonly tasksPriority?: number | undefined;
  /** When ProcedureStateChanged is sent: at the end, at every step, never. @defaultValue "Finish" */
  readonly tasksNotifyMode?: "Finish" | "Change" | "None" | undefined;
  /** At most 1000 characters; comes back in the ProcedureStateChanged event. */
  readonly sessionContext?: string | undefined;
  /**
   * Names this run, at most 50 characters: within 7 days a second one of the same name starts nothing and, in the first
   * 3, answers the first one's task. @defaultValue made up for each call
   */
  readonly sessionId?: string | undefined;
  /** Text for Tencent Cloud's own use; sent as it is given. */
  readonly extInfo?: string | undefined;
}

export interface ProcessResult {
  /** For {@link waitForTask}; "" when the flow has nothing but content review. */
  readonly taskId: string;
  /** The one given, or made up: a second call with it starts nothing. */
  readonly sessionId: string;
  /** Whether the SessionId had been used before, and this is the task of that time. */
  readonly duplicate: boolean;
  /** The content review, when the flow has one. */
  readonly reviewTaskId?: string | undefined;
}

/**
 * Runs a task flow on a media that is stored already. Each run is billed.
 *
 * @param target a FileId, or in applications of "FileID + Path" mode `{ mediaStoragePath }`
 * @param procedureName a template's name: one of the account's, or a preset such as `LongVideoPreset`
 * @throws TypeError, RangeError `ERR_INVALID_ARG_VALUE`; VodApiError (`InvalidParameterValue.ProcedureName`, …)
 * @see https://www.tencentcloud.com/document/product/266/34782
 */
export async function processByProcedure(
  api: TaskApi,
  target: string | { readonly mediaStoragePath: string },
  procedureName: string,
  options: ProcessOptions = {},
): Promise<ProcessResult> {
  checkNames(options);
  requireName("procedureName", procedureName, "the name of a task flow template");
  checkPriority("tasksPriority", options.tasksPriority);
  checkLength("sessionContext", options.sessionContext, 1000);
  const { tasksNotifyMode: mode, signal } = options;
  if (mode !== undefined && mode !== "Finish" && mode !== "Change" && mode !== "None") {
    throw invalidArgument("tasksNotifyMode", 'must be "Finish", "Change" or "None"', mode);
  }
  const sessionId = sessionIdOf(options.sessionId);
  const subAppId = parseSubAppId("subAppId", options.subAppId);
  const named = nameTarget(target);
  let reviewTaskId: string | undefined;
  const what = { sessionId, taskType: "Procedure", fileId: named.FileId };
  const started = await startOnce(api, what, { subAppId, signal }, async () => {
    const { TaskId, ReviewAudioVideoTaskId } = await api.call(
      "ProcessMediaByProcedure",
      {
        ...named,
        ProcedureName: procedureName,
        SubAppId: subAppId,
        TasksPriority: options.tasksPriority,
        TasksNotifyMode: mode,
        SessionContext: options.sessionContext,
        SessionId: sessionId,
        ExtInfo: options.extInfo,
      },
      { signal, idempotent: true },
    );
    reviewTaskId = givenText(ReviewAudioVideoTaskId);
    return givenText(TaskId) ?? "";
  });
  return { ...started, sessionId, reviewTaskId };
}

function nameTarget(target: string | { readonly mediaStoragePath: string }): {
  FileId?: string;
  MediaStoragePath?: string;
} {
  if (typeof target === "string") {
    requireName("target", target, "a media's FileId");
    return { FileId: target };
  }
  requireName("target.mediaStoragePath", target?.mediaStoragePath, "a media's path");
  return { MediaStoragePath: target.mediaStoragePath };
}
