import { VodupError } from "../errors.ts";
import { fieldNamesOf, isEventType, type EventType } from "./event-types.ts";
import { entriesOf, givenText, isJsonObject, member, textMember, type JsonObject } from "../json.ts";

/**
 * An event notification in one form, whichever way it came: pushed or pulled, format 3.0 or 2.0. Values are as the
 * service sent them; a field the notification does not have, or leaves empty, is left out.
 */
export interface VodEvent {
  /** `Other` for a type this version does not know; its name is in `raw`. */
  readonly type: EventType | "Other";
  /** 2.0 is the format of applications from before 2019; its bodies call themselves version 4.0. */
  readonly format: "3.0" | "2.0";
  /** Of a pulled event: what ConfirmEvents takes. */
  readonly handle?: string | undefined;
  /** The media; of FileDeleted only when it names exactly one. */
  readonly fileId?: string | undefined;
  /**
   * How the media came to be, verbatim. 2.0 says `ServerUpload`, `ClientUpload` or `Record`; 3.0 says `Upload` for a
   * server's and a client's upload alike, `Record`, `VideoProcessing`, `TrtcRecord`, `WebPageRecord` or `Unknown`.
   */
  readonly sourceType?: string | undefined;
  /** Whether `sourceType` is what an upload by a server is called; undefined without `sourceType`. */
  readonly isServerUpload?: boolean | undefined;
  /** What the uploader gave as sourceContext. */
  readonly sourceContext?: string | undefined;
  /** The task flow the upload started; undefined when it started none. */
  readonly procedureTaskId?: string | undefined;
  /** The task whose state this is: of ProcedureStateChanged, PullComplete and the like. */
  readonly taskId?: string | undefined;
  /** The task's state in words, such as `FINISH`, which is not success. 2.0 has numbers in some places: see `raw`. */
  readonly status?: string | undefined;
  /** Address of the media, as far as the event says it. */
  readonly mediaUrl?: string | undefined;
  /** The notification as it came; Sign, T and handle included. */
  readonly raw: JsonObject;
}

/** 2.0 tells server and client apart, 3.0 has one word for both. */
const serverUploads: ReadonlySet<string> = new Set(["ServerUpload", "Upload"]);

/**
 * Reads one event notification: the body of a callback, an entry of PullEvents' `EventSet`, or one of API 2.0's
 * `eventList`. Members that are null, missing or unknown make no difference (wire §13.1).
 *
 * This proves nothing about who sent it: see `verifyCallback` of `vodup/signing`.
 *
 * @param body JSON text, or the object parsed from it
 * @throws VodupError `EVENT_INVALID` when it is not an object with a non-empty string `EventType` or `eventType`
 * @see https://www.tencentcloud.com/document/product/266/33950 (3.0) and 266/33962 (2.0)
 */
export function parseEvent(body: string | object): VodEvent {
  const raw = typeof body === "string" ? parseText(body) : body;
  if (!isJsonObject(raw)) throw invalid("is not a JSON object");
  const handle = textMember(raw, "EventHandle", "msgHandle");
  const wrapped = member(raw, "eventContent");
  const content = isJsonObject(wrapped) ? wrapped : raw;
  const name = textMember(content, "EventType");
  if (name !== undefined) return view({ format: "3.0", name, handle, content, raw });
  const legacyName = textMember(content, "eventType");
  if (legacyName !== undefined) return view({ format: "2.0", name: legacyName, handle, content, raw });
  throw invalid('has no "EventType" (3.0) and no "eventType" (2.0)');
}

/**
 * What an event is about: the member of a 3.0 body that goes with its type, the `data` of a 2.0 body. Undefined for
 * type `Other`, whose members nobody knows.
 */
export function eventPayload(event: Pick<VodEvent, "type" | "format" | "raw">): JsonObject | undefined {
  if (event.type === "Other") return undefined;
  const wrapped = member(event.raw, "eventContent");
  return payloadOf(event.format, event.type, isJsonObject(wrapped) ? wrapped : event.raw);
}

function payloadOf(format: VodEvent["format"], type: EventType, content: JsonObject): JsonObject | undefined {
  const names = format === "2.0" ? ["data"] : fieldNamesOf(type);
  return names.map((name) => member(content, name)).find(isJsonObject);
}

function view({
  format,
  name,
  handle,
  content,
  raw,
}: Pick<VodEvent, "format" | "handle"> & {
  readonly name: string;
  readonly content: JsonObject;
  readonly raw: JsonObject;
}): VodEvent {
  const type = isEventType(name) ? name : "Other";
  const payload = type === "Other" ? undefined : payloadOf(format, type, content);
  const outer = member(payload, "MediaBasicInfo");
  // A page of the documentation (266/33951) shows this object inside another of the same name.
  const nested = member(outer, "MediaBasicInfo");
  const media = isJsonObject(nested) ? nested : outer;
  const source = member(media, "SourceInfo");
  // One file of a list is named where there is one, and stays in `raw` where there are several.
  const file = soleFile(payload);
  const sourceType = textMember(source, "SourceType") ?? textMember(payload, "sourceType");
  const fields: Partial<VodEvent> = {
    handle,
    fileId: textMember(payload, "FileId", "fileId") ?? textMember(outer, "FileId") ?? file.fileId,
    sourceType,
    isServerUpload: sourceType === undefined ? undefined : serverUploads.has(sourceType),
    sourceContext: textMember(source, "SourceContext") ?? textMember(payload, "sourceContext"),
    procedureTaskId: textMember(payload, "ProcedureTaskId", "procedureTaskId"),
    taskId: textMember(payload, "TaskId", "vodTaskId"),
    status: textMember(payload, "Status", "status"),
    mediaUrl: textMember(media, "MediaUrl") ?? textMember(payload, "FileUrl", "fileUrl") ?? file.mediaUrl,
  };
  const present: Partial<VodEvent> = Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  );
  return { type, format, ...present, raw };
}

/** FileDeleted's only FileId; the file an edit, a composition or (2.0) a clip made. */
function soleFile(payload: unknown): { readonly fileId?: string | undefined; readonly mediaUrl?: string | undefined } {
  const ids = member(payload, "FileIdSet");
  if (Array.isArray(ids)) {
    const named = ids.map(givenText).filter((id) => id !== undefined);
    return named.length === 1 ? { fileId: named[0] } : {};
  }
  const listed = member(payload, "fileInfo");
  const entries = entriesOf(Array.isArray(listed) ? listed : []);
  const legacy = entries.length === 1 ? entries[0] : listed;
  const output = member(payload, "Output");
  return {
    fileId: textMember(output, "FileId") ?? textMember(legacy, "fileId"),
    mediaUrl: textMember(output, "FileUrl") ?? textMember(legacy, "fileUrl"),
  };
}

function parseText(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // The parser's own message quotes the text, which may be anybody's.
    throw invalid("is not JSON");
  }
}

function invalid(why: string): VodupError {
  return new VodupError("EVENT_INVALID", `not a VOD event notification: it ${why}`);
}
