import type { VodApi } from "../../vod-api/client.ts";
import type { ApplyUploadRequest } from "../../vod-api/types-upload.ts";
import type { RetryEvent } from "../../http/retry.ts";
import type { Certificate } from "./certificate.ts";
import { VodupError, invalidArgument } from "../../errors.ts";
import { givenNumber, givenText } from "../../json.ts";
import { isHostLabel } from "../../cos/endpoint.ts";
import { toKey } from "../../cos/key.ts";
import { cutText, withoutSecrets } from "../../http/redact.ts";
import { secretsIn } from "../../vod-api/envelope.ts";

/** ApplyUpload's request, by its wire names; what was not given is left out. */
export type ApplyFields = Readonly<Record<string, string | number | bigint>>;

/**
 * Whether the service chooses the session's path, which so is nobody else's. One that the caller chose may be another
 * session's, too, and so may what is found there.
 */
export function hasOwnKeys(fields: Readonly<Record<string, unknown>>): boolean {
  return fields["MediaStoragePath"] === undefined;
}

/** What stays the same for the whole life of an upload session. */
export interface SessionIdentity {
  readonly bucket: string;
  readonly region: string;
  /** As the service gives it, with its leading slash. */
  readonly mediaStoragePath: string;
  readonly coverStoragePath?: string | undefined;
  readonly vodSessionKey: string;
}

export interface UploadSession extends SessionIdentity {
  /** Absent when the service gave none: then the caller's own key is used. */
  readonly certificate?: Certificate | undefined;
  /** Epoch milliseconds, by the service's clock. */
  readonly receivedAt: number;
  readonly requestId: string;
}

/**
 * What is done when the temporary certificate of an upload runs out; a function answers a new one for the same session.
 */
export type SessionRefresh =
  "vod-session-key" | "restart" | "none" | ((session: SessionIdentity) => Promise<Certificate>);

/** Characters of each: they are kept in memory, in checkpoints and in every request's headers. */
const longestField = 16_384;

/**
 * Opens an upload session (wire §4.2).
 * @param fields wire names; see ApplyUpload (vod 266/34120)
 * @throws VodApiError, NetworkError
 * @throws VodupError `SESSION_INVALID` for an answer that must not be acted on
 */
export async function applyUpload(
  api: VodApi,
  fields: ApplyFields,
  withCover: boolean,
  now: () => number,
  signal: AbortSignal | undefined,
  onRetry: (event: RetryEvent) => void,
): Promise<UploadSession> {
  const answer = await api.call("ApplyUpload", fields as unknown as ApplyUploadRequest, {
    signal,
    onRetry,
    // With the key of a session it opens none: to repeat it after a lost answer is harmless.
    ...("VodSessionKey" in fields ? { idempotent: true } : {}),
  });
  const secrets = secretsIn({ ...answer });
  const requestId = givenText(answer.RequestId) ?? "";
  const text = (name: "StorageBucket" | "StorageRegion" | "VodSessionKey" | "MediaStoragePath"): string => {
    const value: unknown = answer[name];
    if (typeof value !== "string" || value === "") throw invalidSession(`${name} is missing`, requestId);
    if (value.length > longestField)
      throw invalidSession(`${name} is longer than ${longestField} characters`, requestId);
    return value;
  };
  const session: UploadSession = {
    bucket: text("StorageBucket"),
    region: text("StorageRegion"),
    mediaStoragePath: text("MediaStoragePath"),
    // Whatever stands there belongs to nothing that is sent when there is no cover.
    coverStoragePath: withCover ? givenText(answer.CoverStoragePath) : undefined,
    vodSessionKey: text("VodSessionKey"),
    certificate: readCertificate(answer.TempCertificate, requestId),
    receivedAt: now(),
    requestId,
  };
  checkPlace(session, requestId);
  for (const path of [session.mediaStoragePath, session.coverStoragePath ?? ""]) {
    if (withoutSecrets(path, secrets) !== path) throw invalidSession("a storage path repeats a key", requestId);
  }
  checkKey(session.mediaStoragePath, requestId);
  if (!withCover) return session;
  const { coverStoragePath } = session;
  if (coverStoragePath === undefined) {
    throw invalidSession("CoverStoragePath is missing", requestId);
  }
  checkKey(coverStoragePath, requestId);
  if (coverStoragePath === session.mediaStoragePath) {
    throw invalidSession("media and cover have the same storage path", requestId);
  }
  return session;
}

/**
 * Asks for a new certificate of the same session, as the browser's upload API does with its session key. The field is
 * in no published model of this action, so the answer counts only if it names the same objects (open question:
 * wire §12.2).
 */
export async function renewBySessionKey(
  api: VodApi,
  fields: ApplyFields,
  session: SessionIdentity,
  now: () => number,
  signal: AbortSignal,
): Promise<Certificate> {
  const noRetry = (): void => {};
  const withKey = { ...fields, VodSessionKey: session.vodSessionKey };
  const withCover = session.coverStoragePath !== undefined;
  const answer = await applyUpload(api, withKey, withCover, now, signal, noRetry);
  const same =
    answer.bucket === session.bucket &&
    answer.region === session.region &&
    answer.mediaStoragePath === session.mediaStoragePath &&
    answer.coverStoragePath === session.coverStoragePath;
  if (!same) {
    throw new VodupError("SESSION_INVALID", "ApplyUpload with the session key answered with another session", {
      stage: "transfer",
    });
  }
  if (answer.certificate === undefined) throw invalidSession("TempCertificate is missing", answer.requestId);
  return answer.certificate;
}

function readCertificate(value: unknown, requestId: string): Certificate | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  const fields = value as Record<string, unknown>;
  const { SecretId: secretId, SecretKey: secretKey, Token: token } = fields;
  const expiredTime = givenNumber(fields["ExpiredTime"]);
  const texts = [secretId, secretKey, token];
  if (!texts.every((text) => typeof text === "string" && text !== "") || expiredTime === undefined) {
    throw invalidSession("TempCertificate lacks SecretId, SecretKey, Token or ExpiredTime", requestId);
  }
  if (texts.some((text) => (text as string).length > longestField)) {
    throw invalidSession(`TempCertificate has a field longer than ${longestField} characters`, requestId);
  }
  // What no header may hold would fail each request, and be tried again.
  if (texts.some((text) => !/^[\x21-\x7e]+$/.test(text as string))) {
    throw invalidSession("TempCertificate has a field with characters that no key has", requestId);
  }
  const keys = { secretId: secretId as string, secretKey: secretKey as string, token: token as string };
  return { ...keys, expiredTime: Math.max(0, expiredTime) };
}

/** Both become a host name: nothing else may get into the URL that the certificate is sent to. */
function checkPlace({ bucket, region }: SessionIdentity, requestId: string): void {
  if (!isHostLabel(bucket)) throw invalidSession("StorageBucket is not the name of a bucket", requestId);
  if (!isHostLabel(region)) throw invalidSession("StorageRegion is not the name of a region", requestId);
}

function checkKey(path: string, requestId: string): void {
  try {
    toKey(path);
  } catch (cause) {
    throw invalidSession(`the storage path ${JSON.stringify(cutText(path))} cannot be used as a key`, requestId, cause);
  }
}

function invalidSession(why: string, requestId: string, cause?: unknown): VodupError {
  const which = `request ${requestId === "" ? "unknown" : requestId}`;
  return new VodupError("SESSION_INVALID", `ApplyUpload's answer cannot be used: ${why} (${which})`, {
    stage: "apply",
    cause,
  });
}

/** Checks what a caller's refresh function answered. */
export function checkRefreshed(value: Certificate): Certificate {
  const given: unknown = value;
  if (typeof given !== "object" || given === null) {
    throw invalidArgument("sessionRefresh", "must resolve to { secretId, secretKey, token, expiredTime }");
  }
  const { secretId, secretKey, token, expiredTime } = value;
  for (const [name, text] of Object.entries({ secretId, secretKey, token })) {
    if (typeof text !== "string" || text === "") {
      throw invalidArgument("sessionRefresh", `must resolve to a certificate with a non-empty ${name}`);
    }
  }
  if (!Number.isSafeInteger(expiredTime)) {
    throw invalidArgument("sessionRefresh", "must resolve to a certificate with expiredTime in epoch seconds");
  }
  return { secretId, secretKey, token, expiredTime };
}
