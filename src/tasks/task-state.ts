import type { TaskApi, TaskCallOptions } from "./options.ts";
import type { TaskFailure } from "../errors.ts";
import type { DescribeTaskDetailResponse } from "../vod-api/types-tasks.ts";
import { parseSubAppId } from "../vod-api/client.ts";
import { requireName } from "./arguments.ts";
import { isJsonObject, textMember } from "../json.ts";
import { checkNames } from "./option-names.ts";

/** A task as it stands. */
export interface TaskState {
  readonly taskId: string;
  /** Such as `Procedure` or `PullUpload`. */
  readonly taskType: string;
  /** `WAITING`, `PROCESSING`, `FINISH` (which is not success: see `failures`) or `ABORTED`. */
  readonly status: string;
  /** 0 to 100: the task's own, or the mean of its steps; undefined where the service tells none. */
  readonly progress?: number | undefined;
  /** Steps that failed so far, or the task itself. */
  readonly failures: readonly TaskFailure[];
  /** The media it works on, or made. */
  readonly fileId?: string | undefined;
  readonly mediaUrl?: string | undefined;
  /** The task flow that a pull started. */
  readonly procedureTaskId?: string | undefined;
  /** All that DescribeTaskDetail said: outputs, times, inputs. */
  readonly detail: DescribeTaskDetailResponse;
}

/**
 * Asks about a task once.
 * @throws VodApiError `ResourceNotFound` or `InvalidParameterValue.TaskId` also when the task is more than 3 days old
 */
export async function describeTask(api: TaskApi, taskId: string, options: TaskCallOptions = {}): Promise<TaskState> {
  checkNames(options);
  requireName("taskId", taskId, "a task's id");
  const SubAppId = parseSubAppId("subAppId", options.subAppId);
  const detail = await api.call("DescribeTaskDetail", { TaskId: taskId, SubAppId }, { signal: options.signal });
  return readTask(taskId, detail);
}

/** The normalised view of DescribeTaskDetail's answer. */
export function readTask(taskId: string, detail: DescribeTaskDetailResponse): TaskState {
  const task = payloadOf(detail);
  return {
    taskId,
    taskType: detail.TaskType,
    status: detail.Status,
    progress: progressOf(task),
    failures: failuresOf(task, detail.TaskType),
    fileId: textMember(task, "FileId") ?? textMember(objectOf(task, "Output"), "FileId"),
    mediaUrl: textMember(objectOf(task, "MediaBasicInfo"), "MediaUrl") ?? textMember(task, "FileUrl"),
    procedureTaskId: textMember(task, "ProcedureTaskId"),
    detail,
  };
}

type Fields = Readonly<Record<string, unknown>>;

/** The one member of the answer that is filled: which one goes with the type is not a rule, but only one is there. */
function payloadOf(detail: DescribeTaskDetailResponse): Fields {
  return Object.values(detail).find(isJsonObject) ?? {};
}

/**
 * Every step that failed, wherever it stands: the result sets of a task flow, the sets of other tasks, or the task
 * itself. A step says so by `FAIL`, or by a code beside a state that is not `SUCCESS`.
 */
function failuresOf(task: Fields, taskType: string): TaskFailure[] {
  const failures = steps(task).flatMap(({ type, step }) => (hasFailed(step) ? [failure(type, step)] : []));
  // What a flow says of itself repeats what a step said, where there is one.
  return failures.length === 0 && hasFailed(task) ? [failure(taskType, task)] : failures;
}

function hasFailed(step: Fields): boolean {
  const status = step["Status"];
  if (status === "FAIL") return true;
  if (status === "SUCCESS") return false;
  const code = step["ErrCode"];
  return (textMember(step, "ErrCodeExt") ?? "") !== "" || (typeof code === "number" && code !== 0);
}

function failure(type: string, step: Fields): TaskFailure {
  const definition = objectOf(step, "Input")?.["Definition"];
  const errCode = step["ErrCode"];
  return {
    type,
    ...(typeof definition === "number" ? { definition } : {}),
    errCodeExt: textMember(step, "ErrCodeExt") ?? "",
    errCode: typeof errCode === "number" ? errCode : 0,
    message: textMember(step, "Message") ?? "",
  };
}

/** The steps of all `…Set` members: an entry is a step itself, or has one in the member that goes with its `Type`. */
function steps(task: Fields): { readonly type: string; readonly step: Fields }[] {
  const entries = Object.entries(task)
    .filter(([name]) => name.endsWith("Set"))
    .flatMap(([name, set]) => (Array.isArray(set) ? set.filter(isJsonObject).map((entry) => ({ name, entry })) : []));
  return entries.flatMap(({ name, entry }) => {
    const type = textMember(entry, "Type") ?? textMember(entry, "TaskType") ?? name.replace(/(Task)?(Result)?Set$/, "");
    if (isStep(entry)) return [{ type, step: entry }];
    return Object.values(entry)
      .filter((value) => isJsonObject(value) && isStep(value))
      .map((step) => ({ type, step: step as Fields }));
  });
}

function isStep(value: Fields): boolean {
  return typeof value["Status"] === "string";
}

function progressOf(task: Fields): number | undefined {
  if (typeof task["Progress"] === "number") return task["Progress"];
  // A step that ended, either way, is over and done with, whatever it says of its progress.
  const shares = steps(task).map(({ step }) =>
    step["Status"] === "SUCCESS" || step["Status"] === "FAIL" ? 100 : step["Progress"],
  );
  const known = shares.filter((share) => typeof share === "number");
  if (known.length === 0) return undefined;
  return Math.round(known.reduce((sum, share) => sum + share, 0) / known.length);
}

function objectOf(value: Fields | undefined, name: string): Fields | undefined {
  const member = value?.[name];
  return isJsonObject(member) ? member : undefined;
}
