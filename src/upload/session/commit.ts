import type { RetryEvent } from "../../http/retry.ts";
import type { VodApi } from "../../vod-api/client.ts";
import type { SessionIdentity } from "./apply.ts";
import { objectPath, toKey } from "../../cos/key.ts";
import { CommitUncertainError, NetworkError, VodApiError, VodupError } from "../../errors.ts";
import { cutText } from "../../http/redact.ts";
import { givenText, entriesOf } from "../../json.ts";
import { isListedApiCode } from "../../vod-api/error-codes.ts";

export interface CommitResult {
  /** Decimal text of up to 20 digits; never a number. */
  readonly fileId: string;
  /** Address of the media; who may fetch it the application's settings say. */
  readonly mediaUrl: string;
  /** Undefined without a cover. */
  readonly coverUrl?: string | undefined;
  /** Of CommitUpload, or of the look-up that settled it; "" where the answer has none. */
  readonly requestId: string;
}

export interface CommitContext {
  readonly api: VodApi;
  readonly session: SessionIdentity;
  readonly subAppId: bigint | undefined;
  /** Whether an earlier run may have committed already. */
  readonly repeated: boolean;
  /**
   * Whether the caller keeps a checkpoint, with which a later run repeats this very commit instead of uploading again.
   */
  readonly resumable: boolean;
  readonly signal: AbortSignal | undefined;
  readonly onRetry: (event: RetryEvent) => void;
}

/** What a second CommitUpload of a session may be told; undocumented, so all that fit count (wire §17.1). */
const unknownSession = new Set([
  "InvalidParameterValue.VodSessionKey",
  "ResourceNotFound",
  "FailedOperation.InvalidVodSessionKey",
]);

/**
 * Confirms an upload: only now does the media exist (wire §10, §11.4).
 *
 * CommitUpload is repeated when its answer is lost: the vendor's own clients do so. If a repetition is told that the
 * session is unknown, the first one may have worked. Then the FileId that the storage path suggests is looked up, and
 * taken only if the media there is stored under this very path.
 *
 * What stays open because no answer came is a passing failure for who keeps a checkpoint: the next run commits the same
 * session again, which makes no second media. For everybody else it is uncertain, since to try again would be to upload
 * again.
 *
 * @throws VodApiError the service's refusal of a first commit
 * @throws NetworkError, VodApiError retryable: no answer came, and a checkpoint can repeat the commit
 * @throws CommitUncertainError nobody can tell: the error holds what is needed to find the media
 */
export async function commitUpload(context: CommitContext): Promise<CommitResult> {
  let repeated = context.repeated;
  const subApp = context.subAppId === undefined ? {} : { SubAppId: context.subAppId };
  const params = { VodSessionKey: context.session.vodSessionKey, ...subApp };
  try {
    const answer = await context.api.call("CommitUpload", params, {
      signal: context.signal,
      idempotent: true,
      onRetry: (event) => {
        repeated ||= mayHaveWorked(event.error);
        context.onRetry(event);
      },
    });
    const { FileId: fileId, MediaUrl: mediaUrl, CoverUrl: coverUrl } = answer;
    const requestId = givenText(answer.RequestId) ?? "";
    if (typeof fileId === "string" && fileId !== "") {
      // Whatever they are, the media exists; and they are kept in journals, one line each.
      return { fileId: cutText(fileId), mediaUrl: urlOf(mediaUrl) ?? "", coverUrl: urlOf(coverUrl), requestId };
    }
    // It worked; only what is needed of its answer is missing, as with one that was lost.
    throw withoutFileId(context, requestId);
  } catch (error) {
    if (context.signal?.aborted === true) throw error;
    if (error instanceof VodApiError && !mayHaveWorked(error)) {
      if (!repeated || !unknownSession.has(error.apiCode)) throw error;
      return lookUp(context, error);
    }
    // What the caller's own code threw, such as a credential provider at a repetition, says nothing of the first one.
    if (!repeated && !(error instanceof VodApiError || error instanceof NetworkError)) throw error;
    // Nothing was ever delivered: the commit certainly did not happen, and running it again is safe.
    if (!repeated && error instanceof NetworkError && error.phase === "connect") throw error;
    return lookUp(context, error);
  }
}

function urlOf(value: unknown): string | undefined {
  const text = givenText(value);
  return text === undefined ? undefined : cutText(text);
}

function withoutFileId({ api }: CommitContext, requestId: string): NetworkError {
  const where = { host: api.host, phase: "body", status: 200 } as const;
  const message = `CommitUpload: the answer has no FileId (request ${requestId || "unknown"})`;
  return new NetworkError("BAD_ANSWER", message, where, { retryable: true, stage: "commit" });
}

/**
 * InternalError is also what the gateway says when the service behind it was too slow, and a 5xx with a code that
 * nobody has listed may mean the same.
 */
function mayHaveWorked(error: unknown): boolean {
  if (error instanceof NetworkError) return error.phase !== "connect";
  if (!(error instanceof VodApiError)) return false;
  return error.apiCode.startsWith("InternalError") || (error.retryable && !isListedApiCode(error.apiCode));
}

/**
 * The FileId inside a storage path such as `/9ce0cd925285890784273533167/x.mp4`: 8 hex characters, then the FileId.
 * wire §11.4.
 */
export function candidateFileId(mediaStoragePath: string): string | undefined {
  const directory = mediaStoragePath.split("/").at(-2) ?? "";
  return /^[0-9a-f]{8}(\d{15,20})$/.exec(directory)?.[1];
}

async function lookUp(context: CommitContext, why: unknown): Promise<CommitResult> {
  const { session } = context;
  const fileId = candidateFileId(session.mediaStoragePath);
  const requestId = why instanceof VodApiError ? why.requestId : undefined;
  const open = (reason: string, error: unknown): unknown => {
    if (context.resumable) {
      if (why instanceof VodupError && why.retryable) return why;
      if (error instanceof VodupError && error.retryable) return error;
    }
    return uncertain(context, reason, requestId, error);
  };
  if (fileId === undefined) throw open("its storage path suggests no FileId", why);
  const subApp = context.subAppId === undefined ? {} : { SubAppId: context.subAppId };
  const request = { FileIds: [fileId], Filters: ["basicInfo"], ...subApp };
  const answer = await context.api
    .call("DescribeMediaInfos", request, { signal: context.signal })
    .catch((error: unknown) => {
      if (context.signal?.aborted === true) throw error;
      throw open("asking for the media failed too", error);
    });
  const info = entriesOf(answer.MediaInfoSet).find((media) => media.FileId === fileId)?.BasicInfo;
  const mediaUrl = givenText(info?.MediaUrl) ?? "";
  if (!isStoredAt(mediaUrl, objectPath(toKey(session.mediaStoragePath)))) {
    throw open("no media is stored under the session's path", why);
  }
  return { fileId, mediaUrl, coverUrl: urlOf(info?.CoverUrl), requestId: givenText(answer.RequestId) ?? "" };
}

/** Whether a MediaUrl's path is this storage path: as it stands, or decoded once (wire §10.5). */
export function isStoredAt(mediaUrl: string, mediaStoragePath: string): boolean {
  const path = /^[a-z]+:\/\/[^/]+(\/.*)$/is.exec(mediaUrl)?.[1];
  if (path === undefined) return false;
  return path === mediaStoragePath || decoded(path.replace(/[?#].*$/s, "")) === mediaStoragePath;
}

/** A text that is not encoded may hold a per cent sign that begins no escape. */
function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

function uncertain(
  context: CommitContext,
  why: string,
  requestId: string | undefined,
  cause: unknown,
): CommitUncertainError {
  const { mediaStoragePath, vodSessionKey } = context.session;
  const fileId = candidateFileId(mediaStoragePath);
  const hint = fileId === undefined ? "" : `, FileId ${fileId} if the path shows it`;
  return new CommitUncertainError(
    `CommitUpload may or may not have taken effect: ${why}; look for a media stored at ${mediaStoragePath}${hint} ` +
      `before uploading again (request ${requestId ?? "unknown"})`,
    { vodSessionKey, mediaStoragePath, candidateFileId: fileId, requestId },
    { cause },
  );
}
