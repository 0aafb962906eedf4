import { invalidArgument } from "../errors.ts";
import { md5Hex } from "../signing/index.ts";
import { eventFields, isEventType } from "./event-types.ts";
import { isJsonObject, type JsonObject } from "../json.ts";

/**
 * What a test wants to say, in the names of `VodEvent`. Members of the body itself, by their wire names (`T`,
 * `FileUploadEvent`…), are merged into it, objects member by member, and win.
 */
export interface TestEventOverrides {
  /** @defaultValue "3.0" */
  readonly format?: "3.0" | "2.0" | undefined;
  /** Makes it an event as it is pulled. */
  readonly handle?: string | undefined;
  readonly fileId?: string | undefined;
  /** @defaultValue "Upload", in format 2.0 "ServerUpload" */
  readonly sourceType?: string | undefined;
  readonly sourceContext?: string | undefined;
  readonly procedureTaskId?: string | undefined;
  readonly taskId?: string | undefined;
  /** @defaultValue "FINISH" */
  readonly status?: string | undefined;
  readonly mediaUrl?: string | undefined;
  readonly [member: string]: unknown;
}

type Filled = Readonly<Record<Exclude<NamedField, "format" | "handle" | "status">, string>> & {
  readonly status: string | undefined;
};
type NamedField = (typeof namedFields)[number];

const namedFields = [
  "format",
  "handle",
  "fileId",
  "sourceType",
  "sourceContext",
  "procedureTaskId",
  "taskId",
  "status",
  "mediaUrl",
] as const;

/** As long as the service's own: 10 minutes (vod ModifyEventConfig, SignKey). */
const signLifeSeconds = 600;

/**
 * The body of an event as the documentation shows it, for testing what takes events: `JSON.stringify` it and post it to
 * your endpoint, or give it to `parseEvent`. Never sent by this library.
 *
 * @param kind an event type; one nobody knows makes a body without content
 * @param signKey adds `T` (10 minutes from now, or the one in `overrides`) and the `Sign` that belongs to it
 * @throws TypeError `ERR_INVALID_ARG_VALUE` when the kind is no name
 *
 * @example
 * const body = createTestEvent("NewFileUpload", { sourceContext: "order 7", procedureTaskId: "task-1" }, signKey);
 */
export function createTestEvent(
  kind: string,
  overrides: TestEventOverrides = {},
  signKey?: string,
): Record<string, unknown> {
  if (typeof kind !== "string" || kind === "") throw invalidArgument("kind", "must be an event type's name", kind);
  const fields = fill(overrides);
  const legacy = overrides.format === "2.0";
  const content = legacy
    ? { version: "4.0", eventType: kind, data: legacyPayload(kind, fields) }
    : { EventType: kind, ...(isEventType(kind) ? { [eventFields[kind]]: payload(kind, fields) } : {}) };
  const wire = Object.entries(overrides).filter(([name]) => !namedFields.some((named) => named === name));
  const body = merge(withHandle(content, overrides.handle, legacy), Object.fromEntries(wire));
  return signKey === undefined ? body : signed(body, signKey);
}

function fill(overrides: TestEventOverrides): Filled {
  const fileId = overrides.fileId ?? "5285890784273533167";
  return {
    fileId,
    sourceType: overrides.sourceType ?? (overrides.format === "2.0" ? "ServerUpload" : "Upload"),
    sourceContext: overrides.sourceContext ?? "",
    procedureTaskId: overrides.procedureTaskId ?? "",
    taskId: overrides.taskId ?? "1250000000-procedurev2-acd4a85d3b1b4f8e9d1f3c5f7a9b2c4dt0",
    status: overrides.status,
    mediaUrl: overrides.mediaUrl ?? `https://1250000000.vod2.myqcloud.com/0a1b2c3dvodsgp1250000000/${fileId}/f0.mp4`,
  };
}

function payload(kind: string, fields: Filled): JsonObject {
  const task = { TaskId: fields.taskId, Status: fields.status ?? "FINISH", ErrCode: 0, Message: "" };
  const session = { SessionContext: "", SessionId: "" };
  switch (kind) {
    case "NewFileUpload":
      return {
        FileId: fields.fileId,
        MediaBasicInfo: basicInfo(fields),
        ProcedureTaskId: fields.procedureTaskId,
        ReviewAudioVideoTaskId: "",
      };
    case "PullComplete":
      return {
        ...task,
        FileId: fields.fileId,
        MediaBasicInfo: basicInfo(fields),
        FileUrl: fields.mediaUrl,
        ProcedureTaskId: fields.procedureTaskId,
        ReviewAudioVideoTaskId: "",
        ...session,
      };
    case "ProcedureStateChanged":
      return {
        ...task,
        FileId: fields.fileId,
        FileName: "test",
        FileUrl: fields.mediaUrl,
        MediaProcessResultSet: [],
        AiContentReviewResultSet: [],
        AiAnalysisResultSet: [],
        AiRecognitionResultSet: [],
        TasksPriority: 0,
        TasksNotifyMode: "Finish",
        ...session,
        Operator: "",
        OperationType: "",
      };
    case "FileDeleted":
      return { FileIdSet: [fields.fileId], FileDeleteResultInfo: [{ FileId: fields.fileId, DeleteParts: [] }] };
    default:
      return { ...task, FileId: fields.fileId, FileUrl: fields.mediaUrl, ...session };
  }
}

function legacyPayload(kind: string, fields: Filled): JsonObject {
  const { fileId, taskId: vodTaskId, mediaUrl: fileUrl } = fields;
  switch (kind) {
    case "NewFileUpload":
      return {
        fileId,
        fileName: "test",
        coverUrl: "",
        fileUrl,
        transcodeTaskId: "",
        procedureTaskId: fields.procedureTaskId,
        sourceType: fields.sourceType,
        sourceContext: fields.sourceContext,
        author: "",
        streamId: "",
      };
    case "ProcedureStateChanged":
      return {
        vodTaskId,
        status: fields.status ?? "FINISH",
        message: "",
        errCode: 0,
        fileId,
        metaData: {},
        processTaskList: [],
      };
    case "FileDeleted":
      return { status: 0, message: "", fileInfo: [{ fileId }] };
    default:
      return { status: fields.status ?? 0, message: "", vodTaskId, fileId, fileUrl, transcodeTaskId: "" };
  }
}

function basicInfo(fields: Filled): JsonObject {
  return {
    Name: "test",
    Description: "",
    CreateTime: "2026-01-09T16:36:22Z",
    UpdateTime: "2026-01-09T16:36:24Z",
    ExpireTime: "9999-12-31T23:59:59Z",
    ClassId: 0,
    ClassName: "Other",
    ClassPath: "Other",
    CoverUrl: "",
    Type: "mp4",
    MediaUrl: fields.mediaUrl,
    TagSet: [],
    StorageRegion: "ap-singapore",
    SourceInfo: { SourceType: fields.sourceType, SourceContext: fields.sourceContext },
    Vid: fields.fileId,
  };
}

function withHandle(content: JsonObject, handle: string | undefined, legacy: boolean): JsonObject {
  if (handle === undefined) return content;
  return legacy ? { msgHandle: handle, eventContent: content } : { EventHandle: handle, ...content };
}

function signed(body: Record<string, unknown>, signKey: string): Record<string, unknown> {
  const { T = Math.floor(Date.now() / 1000) + signLifeSeconds, Sign, ...rest } = body;
  return { ...rest, Sign: Sign ?? md5Hex(`${signKey}${String(T)}`), T };
}

function merge(base: JsonObject, over: JsonObject): Record<string, unknown> {
  const merged: Record<string, unknown> = { ...base };
  for (const [name, value] of Object.entries(over)) {
    const below = merged[name];
    merged[name] = isJsonObject(below) && isJsonObject(value) ? merge(below, value) : value;
  }
  return merged;
}
