import { isJsonObject, type JsonObject } from "../json.ts";
import type { VodAction } from "./context.ts";
import { VodFailure } from "./envelope.ts";
import { taskFields } from "./fields.ts";
import { isoTime } from "./time.ts";
import { numberOf, textOf } from "./validate.ts";

const timeOrEmpty = (ms: number | undefined): string => (ms === undefined ? "" : isoTime(ms));

/** DescribeTaskDetail. */
export const describeTaskDetail: VodAction = ({ context, params, subAppId }) => {
  const taskId = textOf(params, "TaskId") ?? "";
  const task = context.tasks.find(taskId, subAppId);
  if (task === undefined)
    throw new VodFailure("ResourceNotFound", `There is no task ${taskId} of the last three days.`);
  const members = taskFields.map((name) => [name, name === task.field ? task.detail(task) : null] as const);
  return {
    TaskType: task.taskType,
    Status: task.status,
    CreateTime: isoTime(task.createTime),
    BeginProcessTime: timeOrEmpty(task.beginTime),
    FinishTime: timeOrEmpty(task.finishTime),
    ...Object.fromEntries(members),
  };
};

function inRange(params: JsonObject, name: string, time: number | undefined): boolean {
  const range = params[name];
  if (!isJsonObject(range)) return true;
  const after = Date.parse(textOf(range, "After") ?? "1970-01-01T00:00:00Z");
  const before = Date.parse(textOf(range, "Before") ?? "9999-12-31T23:59:59Z");
  return time !== undefined && time >= after && time <= before;
}

/** DescribeTasks, newest first unless sorted; the ScrollToken is the position. */
export const describeTasks: VodAction = ({ context, params, subAppId }) => {
  const status = textOf(params, "Status");
  const fileId = textOf(params, "FileId");
  const ascending = isJsonObject(params["Sort"]) && params["Sort"]["Order"] === "Asc";
  const matching = context.tasks
    .list(subAppId)
    .filter(
      (task) => (status === undefined || task.status === status) && (fileId === undefined || task.fileId === fileId),
    )
    .filter((task) => inRange(params, "CreateTime", task.createTime) && inRange(params, "FinishTime", task.finishTime))
    .sort((a, b) => (ascending ? a.createTime - b.createTime : b.createTime - a.createTime));
  const start = Number(textOf(params, "ScrollToken") ?? "0");
  if (!Number.isInteger(start)) throw new VodFailure("InvalidParameterValue", "The ScrollToken is not one of ours.");
  const end = start + Math.min(numberOf(params, "Limit") ?? 10, 100);
  return {
    TaskSet: matching.slice(start, end).map((task) => ({
      TaskId: task.taskId,
      Status: task.status,
      FileId: task.fileId,
      TaskType: task.taskType,
      CreateTime: isoTime(task.createTime),
      BeginProcessTime: timeOrEmpty(task.beginTime),
      FinishTime: timeOrEmpty(task.finishTime),
      SessionId: task.sessionId,
      SessionContext: task.sessionContext,
    })),
    ScrollToken: end < matching.length ? String(end) : "",
  };
};
