import type { JsonObject } from "../json.ts";
import { storeBytes } from "../cos/receive.ts";
import type { VodAction, VodCall, VodContext } from "./context.ts";
import { VodFailure } from "./envelope.ts";
import { pullComplete } from "./event-bodies.ts";
import { basicInfo, metaData } from "./media-info.ts";
import type { Media } from "./media-library.ts";
import { isMediaType } from "./media-types.ts";
import { mediaUrl, place } from "./placement.ts";
import { SessionIds } from "./session-ids.ts";
import type { Task } from "./tasks.ts";
import { neverExpires } from "./time.ts";
import { checkProcedure } from "./procedures.ts";
import { procedureOf } from "./upload.ts";
import { checkExpireTime, checkLength, numberOf, textOf } from "./validate.ts";

/** What stands for the pulled file when nothing fetches it. */
const placeholder = Buffer.from("The emulator fetched nothing: this text stands for the file.\n");

interface Pull {
  readonly call: VodCall;
  readonly url: URL;
  readonly mediaType: string;
  readonly region: string;
  media: Media | undefined;
}

/** PullUpload: a task that makes a media of what `pullSource` brings. */
export const pullUpload: VodAction = (call) => {
  const { context, params, subAppId, now } = call;
  const url = sourceUrl(textOf(params, "MediaUrl") ?? "");
  const mediaType = textOf(params, "MediaType") ?? url.pathname.split(".").at(-1) ?? "";
  if (!isMediaType(mediaType) || mediaType.toLowerCase() === "mpd") {
    throw new VodFailure("FailedOperation.MediaType", "The media type cannot be pulled.");
  }
  checkExpireTime(params, now);
  checkLength(params, "SourceContext", 250);
  checkLength(params, "SessionContext", 1000, "InvalidParameterValue.SessionContextTooLong");
  checkLength(params, "SessionId", 50, "InvalidParameterValue.SessionIdTooLong");
  checkProcedure(call);
  const region = textOf(params, "StorageRegion") ?? context.regions.defaultRegion;
  if (!context.regions.isOpen(region)) {
    throw new VodFailure("InvalidParameterValue.StorageRegion", `The storage region ${region} is not open.`);
  }
  const sessionId = textOf(params, "SessionId") ?? "";
  const windowMs = SessionIds.threeDaysMs;
  context.sessionIds.claim({ action: "PullUpload", subAppId, sessionId, now, windowMs });
  return { TaskId: start({ call, url, mediaType, region, media: undefined }, sessionId) };
};

function sourceUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== "http:" && url?.protocol !== "https:") {
    throw new VodFailure("InvalidParameterValue.MediaUrl", "MediaUrl is not an http or https address.");
  }
  return url;
}

function start(pull: Pull, sessionId: string): string {
  const { context, params, subAppId } = pull.call;
  const taskId = `${subAppId}-pull-${context.ids.hex(32)}t0`;
  context.tasks.start(
    {
      taskId,
      taskType: "PullUpload",
      field: "PullUploadTask",
      subAppId,
      sessionId,
      sessionContext: textOf(params, "SessionContext") ?? "",
      detail: (task) => pullTask(task, pull),
      onEnd: async (task) => {
        if (task.status === "ABORTED") return;
        pull.media = await makeMedia(pull, task);
        task.status = "FINISH";
        task.fileId = pull.media?.fileId ?? "";
        context.events.emit(subAppId, pullComplete(pullTask(task, pull)), "task");
      },
    },
    "",
  );
  return taskId;
}

/** Undefined when the source could not be had. */
async function makeMedia(pull: Pull, task: Task): Promise<Media | undefined> {
  const { context, params, subAppId } = pull.call;
  const { settings, ids, clock, bucket } = context;
  const bytes = await fetched(context, pull.url);
  if (bytes === undefined) return undefined;
  const now = clock.now();
  const path = textOf(params, "MediaStoragePath");
  const { fileId, mediaKey } = place(ids, settings, { region: pull.region, mediaType: pull.mediaType, path });
  const body = await storeBytes(bucket.store, bytes);
  await bucket.put({ key: mediaKey, lastModified: now, headers: {}, etag: body.etag }, [body]);
  const media: Media = {
    fileId,
    subAppId,
    key: mediaKey,
    url: mediaUrl(mediaKey, settings),
    coverKey: undefined,
    coverUrl: textOf(params, "CoverUrl") ?? "",
    type: pull.mediaType,
    storageRegion: pull.region,
    size: bytes.length,
    sourceContext: textOf(params, "SourceContext") ?? "",
    fields: params,
    createTime: task.createTime,
    updateTime: now,
    name:
      textOf(params, "MediaName") ??
      pull.url.pathname
        .split("/")
        .at(-1)
        ?.replace(/\.[^.]*$/, "") ??
      "",
    description: "",
    expireTime: textOf(params, "ExpireTime") ?? neverExpires,
    classId: numberOf(params, "ClassId") ?? 0,
    tags: [],
    procedureTaskId: "",
  };
  media.procedureTaskId = procedureOf(context, media, now);
  context.media.add(media);
  return media;
}

async function fetched({ settings }: VodContext, url: URL): Promise<Uint8Array | undefined> {
  if (settings.pullSource === undefined) return placeholder;
  try {
    return await settings.pullSource(url.href);
  } catch {
    // Whatever went wrong there is the source's trouble, as it is for the service.
    return undefined;
  }
}

function pullTask(task: Task, { media }: Pull): JsonObject {
  const ended = task.status === "FINISH";
  const failed = ended && media === undefined;
  return {
    TaskId: task.taskId,
    Status: ended ? "FINISH" : "PROCESSING",
    ErrCode: failed ? 60_000 : 0,
    Message: failed ? "source file error" : ended ? "SUCCESS" : "",
    FileId: media?.fileId ?? "",
    MediaBasicInfo: media === undefined ? null : basicInfo(media),
    MetaData: metaData(media),
    FileUrl: media?.url ?? "",
    ProcedureTaskId: media?.procedureTaskId ?? "",
    ReviewAudioVideoTaskId: "",
    SessionContext: task.sessionContext,
    SessionId: task.sessionId,
    Progress: ended ? 100 : 0,
  };
}
