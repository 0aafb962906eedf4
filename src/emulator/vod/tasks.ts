import type { EmulatorClock } from "../clock.ts";
import type { JsonObject } from "../json.ts";
import type { Settings } from "../options.ts";

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
const keptMs = 3 * 86_400_000;

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
    return task?.subAppId === subAppId && this.#clock.now() - task.createTime <= keptMs ? task : undefined;
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
