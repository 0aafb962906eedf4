import { isJsonObject, type Json, type JsonObject } from "../json.ts";
import type { EmulatedEvent } from "./event-bodies.ts";

/*
 * Format 2.0 (266/33962), which accounts from before 2019 may still get: the body calls itself version 4.0, its
 * members are camel-case, and an upload by a server says sourceType "ServerUpload".
 */

function member(object: Json | undefined, ...path: readonly string[]): Json {
  let value: Json | undefined = object;
  for (const name of path) value = isJsonObject(value) ? value[name] : undefined;
  return value ?? "";
}

/** `MediaProcessResultSet` → `processTaskList`. */
function processTask(result: Json): JsonObject {
  const task = isJsonObject(result) ? Object.values(result).find((value) => isJsonObject(value)) : undefined;
  return {
    taskType: member(result, "Type"),
    status: member(task, "Status"),
    errCode: member(task, "ErrCode"),
    message: member(task, "Message"),
    input: { definition: member(task, "Input", "Definition") },
    output: { url: member(task, "Output", "Url") },
  };
}

function dataOf({ type, body }: EmulatedEvent): JsonObject {
  switch (type) {
    case "NewFileUpload":
      return {
        status: 0,
        message: "",
        vodTaskId: "",
        continued: 0,
        fileId: member(body, "FileId"),
        fileName: member(body, "MediaBasicInfo", "Name"),
        coverUrl: member(body, "MediaBasicInfo", "CoverUrl"),
        fileUrl: member(body, "MediaBasicInfo", "MediaUrl"),
        transcodeTaskId: "",
        procedureTaskId: member(body, "ProcedureTaskId"),
        sourceType: "ServerUpload",
        sourceContext: member(body, "MediaBasicInfo", "SourceInfo", "SourceContext"),
        author: "",
        streamId: "",
      };
    case "PullComplete":
      return {
        status: member(body, "ErrCode"),
        message: member(body, "Message"),
        vodTaskId: member(body, "TaskId"),
        fileId: member(body, "FileId"),
        fileUrl: member(body, "FileUrl"),
        transcodeTaskId: "",
      };
    case "FileDeleted": {
      const ids = member(body, "FileIdSet");
      return { status: 0, message: "", fileInfo: Array.isArray(ids) ? ids.map((fileId: Json) => ({ fileId })) : [] };
    }
    case "ProcedureStateChanged": {
      const results = member(body, "MediaProcessResultSet");
      return {
        vodTaskId: member(body, "TaskId"),
        status: member(body, "Status"),
        message: "",
        errCode: 0,
        fileId: member(body, "FileId"),
        metaData: {},
        processTaskList: Array.isArray(results) ? results.map(processTask) : [],
      };
    }
    default:
      return body;
  }
}

/** The body of a pushed event in format 2.0. */
export function bodyV2(event: EmulatedEvent): JsonObject {
  return { version: "4.0", eventType: event.type, data: dataOf(event) };
}
