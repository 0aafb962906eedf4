import type { TaskApi } from "./options.ts";
import type { WaitForTaskOptions } from "./wait-for-task.ts";
import type { UploadOptions } from "../upload/options.ts";
import { VodupError, invalidArgument } from "../errors.ts";
import { givenText } from "../json.ts";
import { checkOptions, expireText } from "../upload/options.ts";
import { parseSubAppId } from "../vod-api/client.ts";
import { checkPriority } from "./arguments.ts";
import { RateGate } from "../http/rate-gate.ts";
import { sessionIdOf, startOnce } from "./session-id.ts";
import { waitForTask } from "./wait-for-task.ts";
import { checkNames } from "./option-names.ts";

/** What the stored media will be, as for an upload. Lengths count Unicode code points. */
type MediaOptions = Pick<
  UploadOptions,
  | "mediaType"
  | "mediaName"
  | "procedure"
  | "expireTime"
  | "storageRegion"
  | "classId"
  | "sourceContext"
  | "sessionContext"
  | "extInfo"
  | "mediaStoragePath"
>;

export interface PullOptions extends MediaOptions, WaitForTaskOptions {
  /** Public address of a cover: gif, jpeg or png. */
  readonly coverUrl?: string | URL | undefined;
  /** −10 to 10, larger goes first. @defaultValue 0 */
  readonly tasksPriority?: number | undefined;
  /**
   * Names this pull, at most 50 characters: within 3 days a second one of the same name starts nothing and answers the
   * first one's task. @defaultValue made up for each call
   */
  readonly sessionId?: string | undefined;
  /** Answer only once the media is stored. @defaultValue false */
  readonly wait?: boolean | undefined;
}

export interface PullResult {
  /** For {@link waitForTask}. */
  readonly taskId: string;
  /** The one given, or made up: a second call with it starts nothing. */
  readonly sessionId: string;
  /** Whether the SessionId had been used before, and this is the task of that time. */
  readonly duplicate: boolean;
  /** With `wait`. */
  readonly fileId?: string | undefined;
  /** With `wait`. */
  readonly mediaUrl?: string | undefined;
  /** With `wait` and `procedure`: the task flow that was started. */
  readonly procedureTaskId?: string | undefined;
}

/** What the vendor's own batch tool keeps to; the service counts a pull's work, not only the request. */
const pullsPerSecond = 5;
const gates = new WeakMap<TaskApi, RateGate>();

/**
 * Has the service download a media by itself. At most 5 a second are started by one client. HLS is downloaded with its
 * segments; DASH is refused by the service.
 *
 * @param url http(s), reachable from the internet. User name, password and query go to the service and to no message or
 * log of ours.
 * @throws TypeError, RangeError `ERR_INVALID_ARG_VALUE`; VodApiError; NetworkError; with `wait` TaskFailedError and
 * VodupError `TIMEOUT`; the signal's reason
 * @see https://www.tencentcloud.com/document/product/266/35575
 */
export async function pullUpload(api: TaskApi, url: string | URL, options: PullOptions = {}): Promise<PullResult> {
  checkNames(options);
  const now = Date.now();
  const { sessionContext, sourceContext, mediaType, mediaName, classId, extInfo, signal } = options;
  const { procedure, storageRegion, expireTime, mediaStoragePath } = options;
  const shared = { sessionContext, sourceContext, mediaType, mediaName, classId, extInfo, signal };
  checkOptions({ ...shared, procedure, storageRegion, expireTime, mediaStoragePath }, now);
  checkPriority("tasksPriority", options.tasksPriority);
  const subAppId = parseSubAppId("subAppId", options.subAppId);
  const sessionId = sessionIdOf(options.sessionId);
  const request = {
    MediaUrl: address("url", url),
    MediaType: mediaType,
    SubAppId: subAppId,
    MediaName: mediaName,
    CoverUrl: options.coverUrl === undefined ? undefined : address("coverUrl", options.coverUrl),
    Procedure: procedure,
    ExpireTime: expireText(expireTime, now),
    StorageRegion: storageRegion,
    ClassId: classId,
    TasksPriority: options.tasksPriority,
    SessionContext: sessionContext,
    SessionId: sessionId,
    ExtInfo: extInfo,
    SourceContext: sourceContext,
    MediaStoragePath: mediaStoragePath,
  };
  await gateOf(api).pass(signal);
  const started = await startOnce(api, { sessionId, taskType: "PullUpload" }, { subAppId, signal }, async () => {
    const { TaskId, RequestId } = await api.call("PullUpload", request, { signal, idempotent: true });
    const taskId = givenText(TaskId);
    if (taskId !== undefined) return taskId;
    const which = `request ${givenText(RequestId) ?? "unknown"}`;
    throw new VodupError("BAD_ANSWER", `PullUpload: the answer has no TaskId, so the pull may have begun (${which})`);
  });
  if (options.wait !== true) return { ...started, sessionId };
  const { fileId, mediaUrl, procedureTaskId } = await waitForTask(api, started.taskId, options);
  return { ...started, sessionId, fileId, mediaUrl, procedureTaskId };
}

function gateOf(api: TaskApi): RateGate {
  const gate = gates.get(api) ?? new RateGate(pullsPerSecond);
  gates.set(api, gate);
  return gate;
}

/** An address may hold a password or a signature, so that no error repeats it. */
function address(field: string, value: string | URL): string {
  const text = value instanceof URL ? value.href : value;
  if (typeof text !== "string" || !URL.canParse(text)) throw invalidArgument(field, "must be an http or https URL");
  const { protocol } = new URL(text);
  if (protocol !== "http:" && protocol !== "https:") {
    throw invalidArgument(field, "must be an http or https URL", protocol);
  }
  return text;
}
