import type { JsonObject } from "../json.ts";
import { bucketName, folderOf, type UploadSession } from "../sessions.ts";
import type { VodAction, VodCall, VodContext } from "./context.ts";
import { VodFailure } from "./envelope.ts";
import { newFileUpload } from "./event-bodies.ts";
import type { Media } from "./media-library.ts";
import { checkTypes, isManifestType } from "./media-types.ts";
import { mediaUrl, place } from "./placement.ts";
import { checkProcedure, startProcedure } from "./procedures.ts";
import { neverExpires } from "./time.ts";
import { checkExpireTime, checkLength, numberOf, textOf } from "./validate.ts";

/**
 * ApplyUpload (266/34120): opens a session, or with the undocumented VodSessionKey renews the certificate of one, as
 * the option `sessionRefresh` has it (wire §4).
 */
export const applyUpload: VodAction = (call) => {
  const { context, params } = call;
  checkTypes(params);
  checkExpireTime(params, call.now);
  checkLength(params, "SourceContext", 250);
  checkLength(params, "SessionContext", 1000);
  checkProcedure(call);
  const region = textOf(params, "StorageRegion") ?? context.regions.defaultRegion;
  if (!context.regions.isOpen(region)) {
    throw new VodFailure("FailedOperation", `The storage region ${region} is not open for this account.`);
  }
  checkPath(call);
  return answerApply(call, renewed(call) ?? openSession(call, region));
};

function checkPath({ context, params }: VodCall): void {
  const path = textOf(params, "MediaStoragePath");
  if (path === undefined) return;
  const fits = path.startsWith("/") && !path.endsWith("/") && !/\/\.{0,2}(\/|$)/.test(path);
  if (!context.settings.mediaStoragePath || !fits) {
    throw new VodFailure("InvalidParameterValue.MediaStoragePath", "The parameter `MediaStoragePath` is not allowed.");
  }
}

/** The session a VodSessionKey asks for; undefined when a new one is to be opened. */
function renewed({ context, params, subAppId }: VodCall): UploadSession | undefined {
  const key = textOf(params, "VodSessionKey");
  if (key === undefined || context.settings.sessionRefresh === "new-session") return undefined;
  const session = context.sessions.byKey(key);
  if (session === undefined || session.subAppId !== subAppId || session.state === "committed") {
    throw new VodFailure("InvalidParameterValue.VodSessionKey", "The session key is invalid or has expired.");
  }
  return session;
}

function openSession({ context, params, subAppId, now }: VodCall, region: string): UploadSession {
  const { ids, settings, sessions } = context;
  const mediaType = textOf(params, "MediaType") ?? "";
  const path = textOf(params, "MediaStoragePath");
  const placement = place(ids, settings, { region, mediaType, path, coverType: textOf(params, "CoverType") });
  return sessions.open({
    ...placement,
    subAppId,
    region,
    bucket: bucketName(region, settings),
    fields: params,
    openedAt: now,
    hasSegments: isManifestType(mediaType),
  });
}

function answerApply({ context, now }: VodCall, session: UploadSession): JsonObject {
  const certificate = context.sessions.certify(session, now);
  return {
    StorageBucket: session.bucket,
    StorageRegion: session.region,
    VodSessionKey: session.vodSessionKey,
    MediaStoragePath: `/${session.mediaKey}`,
    CoverStoragePath: session.coverKey === undefined ? null : `/${session.coverKey}`,
    TempCertificate: {
      SecretId: certificate.secretId,
      SecretKey: certificate.secretKey,
      Token: certificate.token,
      ExpiredTime: certificate.expiresAt / 1000,
    },
  };
}

/** CommitUpload (266/34119): makes the uploaded object a media, and tells of it (wire §10). */
export const commitUpload: VodAction = (call) => {
  const { context, params, subAppId } = call;
  const session = context.sessions.byKey(textOf(params, "VodSessionKey") ?? "");
  if (session === undefined) throw unknownSession();
  if (session.subAppId !== subAppId) {
    throw new VodFailure("InvalidParameterValue.SubAppId", "The session belongs to another sub-app.");
  }
  if (session.state === "committed") return answerAgain(context, session);
  const object = context.bucket.object(session.mediaKey);
  if (object === undefined) throw notUploaded();

  session.state = "committed";
  const media = createMedia(call, session);
  context.media.add(media);
  context.events.emit(subAppId, newFileUpload(media), "upload");
  return answerCommit(media);
};

const unknownSession = (): VodFailure =>
  new VodFailure("InvalidParameterValue.VodSessionKey", "The session key is invalid or has expired.");

const notUploaded = (): VodFailure => new VodFailure("ResourceNotFound", "The media file has not been uploaded.");

function answerAgain({ settings, media }: VodContext, session: UploadSession): JsonObject {
  const committed = media.find(session.fileId, session.subAppId);
  if (settings.secondCommit === "unknown-session") throw unknownSession();
  if (settings.secondCommit === "resource-not-found" || committed === undefined) throw notUploaded();
  return answerCommit(committed);
}

function answerCommit({ fileId, url, coverUrl }: Media): JsonObject {
  return { FileId: fileId, MediaUrl: url, CoverUrl: coverUrl };
}

function createMedia(call: VodCall, session: UploadSession): Media {
  const { context, now } = call;
  const { settings, bucket } = context;
  const { fields, fileId, subAppId } = session;
  const coverKey = session.coverKey !== undefined && bucket.object(session.coverKey) ? session.coverKey : undefined;
  const fileName = session.mediaKey.slice(folderOf(session.mediaKey).length);
  const media: Media = {
    fileId,
    subAppId,
    key: session.mediaKey,
    url: mediaUrl(session.mediaKey, settings),
    coverKey,
    coverUrl: coverKey === undefined ? "" : mediaUrl(coverKey, settings),
    type: textOf(fields, "MediaType") ?? "",
    storageRegion: session.region,
    size: sizeOf(context, session),
    sourceContext: textOf(fields, "SourceContext") ?? "",
    fields,
    createTime: now,
    updateTime: now,
    name: textOf(fields, "MediaName") ?? fileName.replace(/\.[^.]*$/, ""),
    description: "",
    expireTime: textOf(fields, "ExpireTime") ?? neverExpires,
    classId: numberOf(fields, "ClassId") ?? 0,
    tags: [],
    procedureTaskId: "",
  };
  media.procedureTaskId = procedureOf(context, media, now);
  return media;
}

/** Starts the procedure named at ApplyUpload and returns its task's id; "" without one. */
export function procedureOf(context: VodContext, media: Media, now: number): string {
  const procedureName = textOf(media.fields, "Procedure") ?? "";
  if (procedureName === "") return "";
  return startProcedure(context, {
    media,
    procedureName,
    sessionContext: textOf(media.fields, "SessionContext") ?? "",
    sessionId: "",
    tasksPriority: numberOf(media.fields, "TasksPriority") ?? 0,
    tasksNotifyMode: "Finish",
    now,
  });
}

function sizeOf({ bucket }: VodContext, session: UploadSession): number {
  const folder = folderOf(session.mediaKey);
  const own = bucket
    .objects()
    .filter(({ key }) =>
      session.hasSegments ? key.startsWith(folder) && key !== session.coverKey : key === session.mediaKey,
    );
  return own.reduce((sum, object) => sum + object.size, 0);
}
