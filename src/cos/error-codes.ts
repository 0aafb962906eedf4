import type { RetryClass } from "../http/retry.ts";
import { CosError, NetworkError, SourceError } from "../errors.ts";

/**
 * COS error codes that are not what their status class suggests. A code that is missing here is retried with a status
 * of 500 and above or 429, and final otherwise.
 * @see cos 436/7730 (error table); the advice is ours, docs/errors.md says why
 */
export const cosRetryTable: Readonly<Record<string, RetryClass>> = {
  // The bytes suffered on their way, or came too slowly: the same part, sent again, is fine.
  BadDigest: "backoff",
  EntitySizeNotMatch: "backoff",
  IncompleteBody: "backoff",
  RequestTimeout: "backoff",
  UserNetworkTooSlow: "backoff",
  // Another request on the same object is under way.
  PathConflict: "backoff",
  UploadConflict: "backoff",
  InternalError: "backoff",
  KmsInternalException: "backoff",
  SlowDown: "throttle",
  ServiceUnavailable: "throttle",
  KmsFreqControl: "throttle",
  RequestTimeTooSkewed: "resync-clock",
  ExpiredToken: "refresh-credentials",
  InvalidAccessKeyId: "refresh-credentials",
  NotImplemented: "never",
};

/** The retry class of anything that a COS operation throws (wire §6.20). */
export function classifyCosFailure(error: unknown): RetryClass {
  if (error instanceof NetworkError) {
    if (!error.retryable) return "never";
    return error.reusedSocket ? "now" : error.status === 429 || error.status === 503 ? "throttle" : "backoff";
  }
  // What the bytes are read from has failed for the moment: the request reads them again.
  if (error instanceof SourceError) return error.retryable ? "backoff" : "never";
  if (!(error instanceof CosError)) return "never";
  return classifyCosCode(error.cosCode, error.status, error.message);
}

/**
 * Pure, for the table's test and for other languages.
 * @param message COS has no code of its own for an expired signature: only the message of AccessDenied tells
 */
export function classifyCosCode(cosCode: string, status: number, message: string): RetryClass {
  if (cosCode === "AccessDenied" && /request has expired/i.test(message)) return "resync-clock";
  // 403 reasons are sometimes only in the message of AccessDenied (cos 436/7730).
  if (cosCode === "AccessDenied" && /RequestTimeTooSkewed/.test(message)) return "resync-clock";
  if (cosCode === "AccessDenied" && /InvalidAccessKeyId|ExpiredToken/.test(message)) return "refresh-credentials";
  const known = Object.hasOwn(cosRetryTable, cosCode) ? cosRetryTable[cosCode] : undefined;
  if (known !== undefined) return known;
  if (status === 429) return "throttle";
  return status >= 500 ? "backoff" : "never";
}
