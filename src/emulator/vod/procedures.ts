import { isJsonObject, type JsonObject } from "../json.ts";
import { folderOf } from "../sessions.ts";
import type { VodAction, VodCall, VodContext } from "./context.ts";
import { VodFailure } from "./envelope.ts";
import { procedureStateChanged } from "./event-bodies.ts";
import { mediaOf } from "./media.ts";
import { metaData } from "./media-info.ts";
import type { Media } from "./media-library.ts";
import { mediaUrl } from "./placement.ts";
import { SessionIds } from "./session-ids.ts";
import { subTaskKinds, subTaskResult, type SubTask } from "./sub-tasks.ts";
import type { Task } from "./tasks.ts";
import { checkLength, numberOf, objectsOf, textOf } from "./validate.ts";

export interface ProcedureRun {
  readonly media: Media;
  readonly procedureName: string;
  readonly sessionContext: string;
  readonly sessionId: string;
  readonly tasksPriority: number;
  /** "Finish", "Change" or "None". */
  readonly tasksNotifyMode: string;
  readonly now: number;
}

/**
 * Starts a procedure on a media and returns the task's id; "" for a name without template, unless the options say
 * otherwise: ApplyUpload has no error for it, and what the real service makes of it is not published (wire §17.10).
 */
export function startProcedure(context: VodContext, run: ProcedureRun): string {
  const { media } = run;
  const known = context.templates.find(run.procedureName, media.subAppId) !== undefined;
  if (!known && context.settings.unknownProcedure !== "empty-task") return "";
  const subTasks = plan(context, run);
  const taskId = `${context.settings.appId}-procedurev2-${context.ids.hex(32)}t0`;
  const detail = (task: Task): JsonObject => procedureTask(task, run, subTasks);
  const notify = (task: Task): void => {
    context.events.emit(media.subAppId, procedureStateChanged(detail(task)), "task");
  };
  context.tasks.start(
    {
      taskId,
      taskType: "Procedure",
      field: "ProcedureTask",
      subAppId: media.subAppId,
      sessionId: run.sessionId,
      sessionContext: run.sessionContext,
      detail,
      onBegin: run.tasksNotifyMode === "Change" ? notify : undefined,
      onEnd: (task) => {
        if (task.status === "ABORTED") return;
        task.status = "FINISH";
        takeCover(media, subTasks);
        if (run.tasksNotifyMode !== "None") notify(task);
      },
    },
    media.fileId,
  );
  return taskId;
}

function plan(context: VodContext, { media, procedureName }: ProcedureRun): SubTask[] {
  const template = context.templates.find(procedureName, media.subAppId);
  const process = template?.content["MediaProcessTask"];
  if (!isJsonObject(process)) return [];
  const { fail } = context.settings.tasks;
  return subTaskKinds.flatMap((kind) =>
    objectsOf(process, kind.set).map((input) => {
      const definition = numberOf(input, "Definition") ?? 0;
      const key = `${folderOf(media.key)}${kind.type.toLowerCase()}.${definition}.${kind.extension}`;
      const fails = fail.includes(kind.type) || fail.includes(`${kind.type}:${definition}`);
      return { kind, input, definition, outputUrl: mediaUrl(key, context.settings), fails };
    }),
  );
}

/** A cover snapshot becomes the media's cover, as on the real service; no picture is made. */
function takeCover(media: Media, subTasks: readonly SubTask[]): void {
  const snapshot = subTasks.find((one) => one.kind.type === "CoverBySnapshot" && !one.fails);
  if (snapshot !== undefined) media.coverUrl = snapshot.outputUrl;
}

function procedureTask(task: Task, run: ProcedureRun, subTasks: readonly SubTask[]): JsonObject {
  const { media } = run;
  return {
    TaskId: task.taskId,
    Status: task.status === "FINISH" ? "FINISH" : "PROCESSING",
    ErrCode: 0,
    Message: "",
    FileId: media.fileId,
    FileName: media.name,
    FileUrl: media.url,
    MetaData: metaData(media),
    MediaProcessResultSet: subTasks.map((subTask) => subTaskResult(task, subTask)),
    AiContentReviewResultSet: [],
    AiAnalysisResultSet: [],
    AiRecognitionResultSet: [],
    TasksPriority: run.tasksPriority,
    TasksNotifyMode: run.tasksNotifyMode,
    SessionContext: run.sessionContext,
    SessionId: run.sessionId,
    Operator: "",
    OperationType: "",
  };
}

/** Refuses a Procedure that no template has, where the options ask for that. */
export function checkProcedure({ context, params, subAppId }: VodCall): void {
  const name = textOf(params, "Procedure") ?? "";
  if (name === "" || context.settings.unknownProcedure !== "refused") return;
  if (context.templates.find(name, subAppId) !== undefined) return;
  throw new VodFailure("InvalidParameterValue", `There is no procedure template ${name}.`);
}

/** ProcessMediaByProcedure. */
export const processMediaByProcedure: VodAction = (call) => {
  const { context, params, subAppId, now } = call;
  const procedureName = textOf(params, "ProcedureName") ?? "";
  if (context.templates.find(procedureName, subAppId) === undefined) {
    throw new VodFailure("InvalidParameterValue.ProcedureName", `There is no procedure template ${procedureName}.`);
  }
  checkLength(params, "SessionContext", 1000, "InvalidParameterValue.SessionContextTooLong");
  checkLength(params, "SessionId", 50, "InvalidParameterValue.SessionIdTooLong");
  const media = target(call);
  const sessionId = textOf(params, "SessionId") ?? "";
  const windowMs = SessionIds.sevenDaysMs;
  context.sessionIds.claim({ action: "ProcessMediaByProcedure", subAppId, sessionId, now, windowMs });
  const taskId = startProcedure(context, {
    media,
    procedureName,
    sessionId,
    sessionContext: textOf(params, "SessionContext") ?? "",
    tasksPriority: numberOf(params, "TasksPriority") ?? 0,
    tasksNotifyMode: textOf(params, "TasksNotifyMode") ?? "Finish",
    now,
  });
  return { TaskId: taskId, ReviewAudioVideoTaskId: "", ImportMediaKnowledgeTaskIdSet: [] };
};

/** One of FileId and MediaStoragePath. */
function target(call: VodCall): Media {
  const { context, params, subAppId } = call;
  const path = textOf(params, "MediaStoragePath");
  if (path === undefined && textOf(params, "FileId") !== undefined) return mediaOf(call);
  const media = path === undefined ? undefined : context.media.findByPath(path, subAppId);
  if (media === undefined) throw new VodFailure("InvalidParameterValue.FileId", "No media is named.");
  return media;
}
