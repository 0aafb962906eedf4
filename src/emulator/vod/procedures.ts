import { isJsonObject, type Json, type JsonObject } from "../json.ts";
import { folderOf } from "../sessions.ts";
import type { VodAction, VodCall, VodContext } from "./context.ts";
import { VodFailure } from "./envelope.ts";
import { procedureStateChanged } from "./event-bodies.ts";
import { mediaOf } from "./media.ts";
import { metaData } from "./media-info.ts";
import type { Media } from "./media-library.ts";
import { mediaUrl } from "./placement.ts";
import { SessionIds } from "./session-ids.ts";
import type { Task } from "./tasks.ts";
import { isoTime } from "./time.ts";
import { checkLength, numberOf, objectsOf, textOf } from "./validate.ts";

/** Set of a template → type of its results and the member that carries them (266/33953). */
const KINDS: readonly (readonly [set: string, type: string, member: string, extension: string])[] = [
  ["TranscodeTaskSet", "Transcode", "TranscodeTask", "mp4"],
  ["AnimatedGraphicTaskSet", "AnimatedGraphics", "AnimatedGraphicTask", "gif"],
  ["SnapshotByTimeOffsetTaskSet", "SnapshotByTimeOffset", "SnapshotByTimeOffsetTask", "jpg"],
  ["SampleSnapshotTaskSet", "SampleSnapshot", "SampleSnapshotTask", "jpg"],
  ["ImageSpriteTaskSet", "ImageSprites", "ImageSpriteTask", "jpg"],
  ["CoverBySnapshotTaskSet", "CoverBySnapshot", "CoverBySnapshotTask", "jpg"],
  ["AdaptiveDynamicStreamingTaskSet", "AdaptiveDynamicStreaming", "AdaptiveDynamicStreamingTask", "m3u8"],
];

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

interface SubTask {
  readonly type: string;
  readonly member: string;
  readonly input: JsonObject;
  readonly outputUrl: string;
  readonly fails: boolean;
}

/**
 * Starts a procedure on a media and returns the task's id. A name without template gives a task without sub-tasks:
 * ApplyUpload has no error for it, and what the real service makes of it is not published.
 */
export function startProcedure(context: VodContext, run: ProcedureRun): string {
  const { media } = run;
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
  return KINDS.flatMap(([set, type, member, extension]) =>
    objectsOf(process, set).map((input) => {
      const definition = numberOf(input, "Definition") ?? 0;
      const key = `${folderOf(media.key)}${type.toLowerCase()}.${definition}.${extension}`;
      const fails = fail.includes(type) || fail.includes(`${type}:${definition}`);
      return { type, member, input, outputUrl: mediaUrl(key, context.settings), fails };
    }),
  );
}

/** A cover snapshot becomes the media's cover, as on the real service; no picture is made. */
function takeCover(media: Media, subTasks: readonly SubTask[]): void {
  const snapshot = subTasks.find((one) => one.type === "CoverBySnapshot" && !one.fails);
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
    MediaProcessResultSet: subTasks.map((subTask) => result(task, subTask)),
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

function result(task: Task, { type, member, input, outputUrl, fails }: SubTask): JsonObject {
  const ended = task.status === "FINISH";
  const failed = ended && fails;
  const definition = input["Definition"] ?? 0;
  const body: JsonObject = {
    Status: failed ? "FAIL" : ended ? "SUCCESS" : "PROCESSING",
    ErrCodeExt: failed ? "SourceFileError" : "",
    ErrCode: failed ? 60_000 : 0,
    Message: failed ? "source file error" : ended ? "SUCCESS" : "",
    Progress: ended && !failed ? 100 : 0,
    Input: input,
    Output: ended && !failed ? output(type, definition, outputUrl) : null,
    BeginProcessTime: task.beginTime === undefined ? "" : isoTime(task.beginTime),
    FinishTime: task.finishTime === undefined ? "" : isoTime(task.finishTime),
  };
  const members = KINDS.map(([, , name]): [string, Json] => [name, name === member ? body : null]);
  return { Type: type, ...Object.fromEntries(members) };
}

function output(type: string, definition: Json, url: string): JsonObject {
  switch (type) {
    case "CoverBySnapshot":
      return { CoverUrl: url };
    case "SampleSnapshot":
    case "ImageSprites":
      return { Definition: definition, ImageUrlSet: [url] };
    case "SnapshotByTimeOffset":
      return { Definition: definition, PicInfoSet: [{ TimeOffset: 0, Url: url, WaterMarkDefinition: [] }] };
    default:
      return { Definition: definition, Url: url, Size: 0 };
  }
}

/** ProcessMediaByProcedure: 266/34782. */
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
  context.sessionIds.claim("ProcessMediaByProcedure", subAppId, sessionId, now, SessionIds.SEVEN_DAYS_MS);
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
