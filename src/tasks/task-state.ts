import type { TaskApi, TaskCallOptions } from "./options.ts";
import type { TaskFailure } from "../errors.ts";
import type { DescribeTaskDetailResponse } from "../vod-api/types-tasks.ts";
import { parseSubAppId } from "../vod-api/client.ts";
import { requireName } from "./arguments.ts";
import { givenNumber, isJsonObject, textMember } from "../json.ts";
import { checkNames } from "./option-names.ts";

/** A task as it stands. */
export interface TaskState {
  /** As DescribeTaskDetail takes it. */
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
  /** Address of that media; undefined where the task says none. */
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
  const taskType = textMember(detail, "TaskType") ?? "";
  const task = payloadOf(detail, taskType);
  return {
    taskId,
    taskType,
    status: textMember(detail, "Status") ?? "",
    progress: progressOf(task),
    failures: failuresOf(task, taskType),
    fileId: textMember(task, "FileId") ?? textMember(objectOf(task, "Output"), "FileId"),
    mediaUrl: textMember(objectOf(task, "MediaBasicInfo"), "MediaUrl") ?? textMember(task, "FileUrl"),
    procedureTaskId: textMember(task, "ProcedureTaskId"),
    detail,
  };
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * The one member of the answer that is filled. Which one goes with the type is not quite a rule, so that any will do
 * where none has the name; unused ones may be null, `{}` or left out.
 */
function payloadOf(detail: DescribeTaskDetailResponse, taskType: string): Fields {
  const filled = Object.entries(detail).flatMap(([name, value]: [string, unknown]) =>
    isJsonObject(value) && Object.keys(value).length > 0 ? [{ name, value }] : [],
  );
  const named = filled.find(({ name }) => name === `${taskType}Task` || name === taskType);
  return (named ?? filled.find(({ name }) => name.endsWith("Task")) ?? filled[0])?.value ?? {};
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
  return textMember(step, "ErrCodeExt") !== undefined || (givenNumber(step["ErrCode"]) ?? 0) !== 0;
}

function failure(type: string, step: Fields): TaskFailure {
  const definition = givenNumber(objectOf(step, "Input")?.["Definition"]);
  return {
    type,
    ...(definition === undefined ? {} : { definition }),
    errCodeExt: textMember(step, "ErrCodeExt") ?? "",
    errCode: givenNumber(step["ErrCode"]) ?? 0,
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
  return textMember(value, "Status", "ErrCodeExt") !== undefined || givenNumber(value["ErrCode"]) !== undefined;
}

function progressOf(task: Fields): number | undefined {
  const own = givenNumber(task["Progress"]);
  if (own !== undefined) return own;
  // A step that ended, either way, is over and done with, whatever it says of its progress.
  const shares = steps(task).map(({ step }) =>
    step["Status"] === "SUCCESS" || step["Status"] === "FAIL" ? 100 : givenNumber(step["Progress"]),
  );
  const known = shares.filter((share) => share !== undefined);
  if (known.length === 0) return undefined;
  return Math.round(known.reduce((sum, share) => sum + share, 0) / known.length);
}

function objectOf(value: Fields | undefined, name: string): Fields | undefined {
  const member = value?.[name];
  return isJsonObject(member) ? member : undefined;
}
