import type { Json, JsonObject } from "../json.ts";
import { eventFields } from "./fields.ts";
import { basicInfo, metaData } from "./media-info.ts";
import type { Media } from "./media-library.ts";

/** An event of format 3.0: its type, and the one member that carries it. */
export interface EmulatedEvent {
  readonly type: string;
  readonly field: string;
  readonly body: JsonObject;
}

export function newFileUpload(media: Media): EmulatedEvent {
  return {
    type: "NewFileUpload",
    field: "FileUploadEvent",
    body: {
      FileId: media.fileId,
      MediaBasicInfo: basicInfo(media),
      ProcedureTaskId: media.procedureTaskId,
      ReviewAudioVideoTaskId: "",
      MetaData: metaData(media),
    },
  };
}

/** `parts` as DeleteMedia was given them; none stands for everything. */
export function fileDeleted(fileId: string, parts: readonly JsonObject[]): EmulatedEvent {
  return {
    type: "FileDeleted",
    field: "FileDeleteEvent",
    body: { FileIdSet: [fileId], FileDeleteResultInfo: [{ FileId: fileId, DeleteParts: parts }] },
  };
}

export function procedureStateChanged(task: JsonObject): EmulatedEvent {
  return { type: "ProcedureStateChanged", field: "ProcedureStateChangeEvent", body: task };
}

export function pullComplete(task: JsonObject): EmulatedEvent {
  return { type: "PullComplete", field: "PullCompleteEvent", body: task };
}

export function fileAttributesComplete(task: JsonObject): EmulatedEvent {
  return { type: "DescribeFileAttributesComplete", field: "DescribeFileAttributesCompleteEvent", body: task };
}

/** An event's body of format 3.0 in which every other event member is there and null. */
export function withUnusedMembers(event: EmulatedEvent): JsonObject {
  const members = eventFields.map((name): [string, Json] => [name, name === event.field ? event.body : null]);
  return { EventType: event.type, ...Object.fromEntries(members) };
}
