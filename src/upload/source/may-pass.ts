import { SourceError, VodupError } from "../../errors.ts";
import { reasonOf, systemCode } from "../../reason-of.ts";

/**
 * What a file system says while its server, its disk or this process is busy or away: the same file may be read later.
 * A network drive that was exported again gives ESTALE to who had it open.
 */
const passing = new Set([
  "EAGAIN",
  "EBUSY",
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTDOWN",
  "EHOSTUNREACH",
  "EINTR",
  "EIO",
  "EMFILE",
  "ENETDOWN",
  "ENETUNREACH",
  "ENFILE",
  "ENOBUFS",
  "ENOLCK",
  "ENOMEM",
  "ENOTCONN",
  "EPIPE",
  "EREMOTEIO",
  "ESTALE",
  "ETIMEDOUT",
]);

/** Whether a source that failed so may be read another time: what vodup's own errors say, or the system's code. */
export function mayPass(cause: unknown): boolean {
  if (cause instanceof VodupError) return cause.retryable;
  return passing.has(systemCode(cause) ?? "");
}

/** @param cause whatever reading failed with: a caller's stream may be destroyed with anything */
export function readingFailed(label: string, cause: unknown): SourceError {
  const why = reasonOf(cause);
  return new SourceError("SOURCE_FAILED", `reading ${label} failed: ${why}`, { cause, retryable: mayPass(cause) });
}

/** @param how what shows it */
export function changed(label: string, how: string): SourceError {
  return new SourceError(
    "SOURCE_CHANGED",
    `${label} changed while it was being uploaded: ${how}; upload it again once it is complete`,
  );
}
