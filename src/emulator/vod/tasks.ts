import type { EmulatorClock } from "../clock.ts";
import type { JsonObject } from "../json.ts";
import type { Settings } from "../options.ts";
import type { VodAction, VodCall } from "./context.ts";
import { VodFailure } from "./envelope.ts";
import { TASK_FIELDS } from "./fields.ts";
import { isoTime } from "./time.ts";
import { numberOf, textOf } from "./validate.ts";
import { isJsonObject } from "../json.ts";

type TaskStatus = "WAITING" | "PROCESSING" | "FINISH" | "ABORTED";

export interface TaskRequest {
  readonly taskId: string;
  /** "Procedure", "PullUpload", "DescribeFileAttributes". */
  readonly taskType: string;
  /** The member of DescribeTaskDetail that carries it. */
  readonly field: string;
  readonly subAppId: number;
  readonly sessionId: string;
  readonly sessionContext: string;
  /** What the member holds at a moment. */
  readonly detail: (task: Task) => JsonObject;
  /** Called when the task begins to run. */
  readonly onBegin?: ((task: Task) => void) | undefined;
  /** Called when it has ended, as FINISH or ABORTED. */
  readonly onEnd: (task: Task) => void | Promise<void>;
}

/** A task on its way WAITING → PROCESSING → FINISH (or ABORTED). */
export interface Task extends TaskRequest {
  readonly createTime: number;
  beginTime: number | undefined;
  finishTime: number | undefined;
  status: TaskStatus;
  /** The media, once there is one. */
  fileId: string;
}

/** Tasks can be asked for during three days. */
const KEPT_MS = 3 * 86_400_000;

/** The tasks of all sub-apps, moved on by the clock. */
export class Tasks {
  readonly #settings: Settings;
  readonly #clock: EmulatorClock;
  readonly #tasks = new Map<string, Task>();

  constructor(settings: Settings, clock: EmulatorClock) {
    this.#settings = settings;
    this.#clock = clock;
  }

  start(request: TaskRequest, fileId: string): Task {
    const createTime = this.#clock.now();
    const task: Task = {
      ...request,
      createTime,
      beginTime: undefined,
      finishTime: undefined,
      status: "WAITING",
      fileId,
    };
    this.#tasks.set(task.taskId, task);
    const { waitingMs, processingMs } = this.#settings.tasks;
    this.#clock.schedule(createTime + waitingMs, () => {
      task.status = "PROCESSING";
      task.beginTime = this.#clock.now();
      task.onBegin?.(task);
    });
    this.#clock.schedule(createTime + waitingMs + processingMs, () => void this.#end(task));
    return task;
  }

  find(taskId: string, subAppId: number): Task | undefined {
    const task = this.#tasks.get(taskId);
    return task?.subAppId === subAppId && this.#clock.now() - task.createTime <= KEPT_MS ? task : undefined;
  }

  list(subAppId: number): Task[] {
    return [...this.#tasks.values()].filter((task) => this.find(task.taskId, subAppId) === task);
  }

  async #end(task: Task): Promise<void> {
    task.finishTime = this.#clock.now();
    if (this.#settings.tasks.abort) task.status = "ABORTED";
    try {
      await task.onEnd(task);
      if (task.status !== "ABORTED") task.status = "FINISH";
    } catch {
      // The store failed under it: to the caller the task was given up.
      task.status = "ABORTED";
    }
  }
}

const timeOrEmpty = (ms: number | undefined): string => (ms === undefined ? "" : isoTime(ms));

/** DescribeTaskDetail. */
export const describeTaskDetail: VodAction = ({ context, params, subAppId }) => {
  const taskId = textOf(params, "TaskId") ?? "";
  const task = context.tasks.find(taskId, subAppId);
  if (task === undefined)
    throw new VodFailure("ResourceNotFound", `There is no task ${taskId} of the last three days.`);
  const members = TASK_FIELDS.map((name) => [name, name === task.field ? task.detail(task) : null] as const);
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
export const describeTasks: VodAction = (call: VodCall) => {
  const { context, params, subAppId } = call;
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
