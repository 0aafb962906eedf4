import type { ErrorCode } from "../index.ts";
import type { Verdict } from "../state/remembered-upload.ts";
import { RecordError } from "../batch/records.ts";
import { isRefusal } from "../batch/in-vain.ts";
import { SourceError, VodupError } from "../index.ts";
import { OutputError } from "./standard-output.ts";
import { DeadlineError, SignalError } from "./stopping.ts";

/** What each means is in "vodup --help"; a code that is not known to a script is a failure. */
export type ExitCode = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 130 | 143;

const temporary = 5;

/** Codes of the library whose exit code does not depend on the error's details. */
const fixed: Readonly<Partial<Record<ErrorCode, ExitCode>>> = {
  SOURCE_NOT_FOUND: 3,
  SOURCE_UNREADABLE: 3,
  SOURCE_CHANGED: 3,
  SOURCE_FAILED: 3,
  SOURCE_TOO_LARGE: 3,
  MANIFEST_INVALID: 3,
  INTEGRITY: 6,
  CERTIFICATE_EXPIRED: temporary,
  TIMEOUT: temporary,
  // Another vodup is at it.
  CHECKPOINT_LOCKED: temporary,
  // Running again is what neither of these must suggest: one needs a decision, the other may exist already.
  CHECKPOINT_INVALID: 1,
  CHECKPOINT_MISMATCH: 1,
  CHECKPOINT_EXPIRED: 1,
  COMMIT_UNCERTAIN: 1,
};

/** The exit code that tells a script what to do about an error. Pure. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof SignalError) return error.signal === "SIGINT" ? 130 : 143;
  if (error instanceof DeadlineError || error instanceof RecordError) return temporary;
  if (error instanceof OutputError) return error.isUnread ? 0 : temporary;
  if (isUsage(error)) return 2;
  if (!(error instanceof VodupError)) return 1;
  if (isRefusal(error)) return 4;
  if (error instanceof SourceError && error.retryable) return temporary;
  return fixed[error.code] ?? (error.retryable ? temporary : 1);
}

/** What an exit code says of what was sent: 5, 130 and 143 keep it, and with 2 nothing was sent. */
export function verdictOf(error: unknown): Verdict {
  const code = exitCodeOf(error);
  if (code === 2) return "mistake";
  return code === temporary || code === 130 || code === 143 ? "passing" : "final";
}

/**
 * The exit code of several sources: 0 when all are done, the common code when all failed alike, 7 otherwise.
 * A run that was stopped as a whole, by a signal or its deadline, says so.
 */
export function exitCodeOfAll(codes: readonly ExitCode[], stopped: ExitCode | undefined): ExitCode {
  if (stopped !== undefined) return stopped;
  const [first = 0] = codes;
  return codes.every((code) => code === first) ? first : 7;
}

function isUsage(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_INVALID_ARG_VALUE";
}
