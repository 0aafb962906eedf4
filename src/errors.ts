import type { ErrorCode, Stage } from "./error-codes.ts";
import { inspect } from "node:util";

export type { ErrorCode, Stage };

export interface VodupErrorOptions {
  readonly cause?: unknown;
  readonly stage?: Stage | undefined;
  /** Whether the same call may succeed later. @defaultValue false */
  readonly retryable?: boolean | undefined;
  /** How many times the failing request was sent. @defaultValue 1 */
  readonly attempts?: number | undefined;
}

/**
 * The base of every error that vodup makes. Two kinds are not of this class: a caller's mistake is a `TypeError` or
 * `RangeError` with `code: "ERR_INVALID_ARG_VALUE"`, and an abort rejects with the caller's own `signal.reason`.
 */
export class VodupError extends Error {
  readonly code: ErrorCode;
  stage: Stage | undefined;
  readonly retryable: boolean;
  attempts: number;
  /** The file that it is about, where an upload has many: a segment of a HLS tree. */
  declare file?: string;
  /**
   * What `upload` needs to go on where it stopped, where that is possible. Not enumerable, because it holds the
   * short-lived certificate of the upload: it never shows in logs, `inspect()` or JSON unless you ask for it.
   */
  declare readonly checkpoint?: object;

  constructor(code: ErrorCode, message: string, options: VodupErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.stage = options.stage;
    this.retryable = options.retryable ?? false;
    this.attempts = options.attempts ?? 1;
  }

  /** The fields of the error, for structured logs. Holds no secret, token or signature, and no checkpoint. */
  toJSON(): Record<string, unknown> {
    const fields: Record<string, unknown> = { name: this.name, message: this.message };
    return Object.assign(fields, this);
  }
}

/** The VOD API answered, and its answer is an error (`Response.Error`, or the old `{code, message, codeDesc}`). */
export class VodApiError extends VodupError {
  readonly action: string;
  /** The service's own code, such as `InvalidParameterValue.MediaType`. */
  readonly apiCode: string;
  readonly requestId: string | undefined;
  /** What to do about it, where the code has a known remedy. */
  readonly hint: string | undefined;
  /** What a `Retry-After` header asked for, in milliseconds from its receipt. */
  readonly retryAfterMs: number | undefined;

  constructor(
    message: string,
    detail: {
      action: string;
      apiCode: string;
      requestId: string | undefined;
      hint?: string | undefined;
      retryAfterMs?: number | undefined;
    },
    options?: VodupErrorOptions,
  ) {
    super("VOD_API", message, options);
    this.action = detail.action;
    this.apiCode = detail.apiCode;
    this.requestId = detail.requestId;
    this.hint = detail.hint;
    this.retryAfterMs = detail.retryAfterMs;
  }
}

/** What a COS error answer says; every field but `operation` and `status` may be missing on the wire. */
export interface CosErrorDetail {
  readonly operation: string;
  readonly status: number;
  readonly cosCode: string;
  readonly requestId?: string | undefined;
  readonly traceId?: string | undefined;
  readonly serverTime?: string | undefined;
  readonly stringToSign?: string | undefined;
  readonly formatString?: string | undefined;
  readonly formatDiff?: readonly string[] | undefined;
  readonly retryAfterMs?: number | undefined;
}

/** The object storage answered with an error: a 4xx/5xx with `x-cos-request-id`, or a 200 with `<Error>`. */
export class CosError extends VodupError {
  readonly operation: string;
  readonly status: number;
  readonly cosCode: string;
  readonly requestId: string | undefined;
  readonly traceId: string | undefined;
  /** The server's clock (ISO 8601, UTC), sent with "Request has expired". */
  readonly serverTime: string | undefined;
  /** The string to sign as the server computed it; only with SignatureDoesNotMatch. */
  readonly stringToSign: string | undefined;
  /** The HttpString as the server computed it, the security token's value replaced; only with SignatureDoesNotMatch. */
  readonly formatString: string | undefined;
  /** Line by line, where the server's HttpString differs from ours; only with SignatureDoesNotMatch. */
  readonly formatDiff: readonly string[] | undefined;
  /** What a `Retry-After` header asked for, in milliseconds from its receipt. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, detail: CosErrorDetail, options?: VodupErrorOptions) {
    super("COS_API", message, options);
    this.operation = detail.operation;
    this.status = detail.status;
    this.cosCode = detail.cosCode;
    this.requestId = detail.requestId;
    this.traceId = detail.traceId;
    this.serverTime = detail.serverTime;
    this.stringToSign = detail.stringToSign;
    this.formatString = detail.formatString;
    this.formatDiff = detail.formatDiff;
    this.retryAfterMs = detail.retryAfterMs;
  }
}

/** How far a request got before its connection failed. */
export type NetworkPhase = "connect" | "headers" | "body";

/** No usable answer: the connection failed, went silent, or something that is not the service answered. */
export class NetworkError extends VodupError {
  readonly host: string;
  readonly phase: NetworkPhase;
  /** The HTTP status, if an answer had begun. */
  readonly status: number | undefined;
  /** True when the connection had served an answer before: the server closed it while it was idle. */
  readonly reusedSocket: boolean;
  /** What a `Retry-After` header asked for, in milliseconds from its receipt. */
  readonly retryAfterMs: number | undefined;

  constructor(
    code: "NETWORK" | "TIMEOUT" | "BAD_ANSWER" | "PROXY",
    message: string,
    detail: {
      host: string;
      phase: NetworkPhase;
      status?: number | undefined;
      reusedSocket?: boolean | undefined;
      retryAfterMs?: number | undefined;
    },
    options?: VodupErrorOptions,
  ) {
    super(code, message, options);
    this.host = detail.host;
    this.phase = detail.phase;
    this.status = detail.status;
    this.reusedSocket = detail.reusedSocket ?? false;
    this.retryAfterMs = detail.retryAfterMs;
  }
}

/** The source cannot be read, or is not the one it was: the codes that begin with `SOURCE_`. */
export class SourceError extends VodupError {}

/** What was stored is not what was sent. Nothing was committed. */
export class IntegrityError extends VodupError {
  readonly algorithm: "crc64" | "md5" | "size";
  readonly expected: string;
  readonly actual: string | undefined;

  constructor(
    message: string,
    detail: { algorithm: "crc64" | "md5" | "size"; expected: string; actual: string | undefined },
    options?: VodupErrorOptions,
  ) {
    super("INTEGRITY", message, options);
    this.algorithm = detail.algorithm;
    this.expected = detail.expected;
    this.actual = detail.actual;
  }
}

/** The checkpoint cannot be used; nothing was sent because of it. */
export class CheckpointError extends VodupError {
  /** The field of the checkpoint that does not fit, such as `source.size`. */
  readonly field: string | undefined;

  constructor(
    code: "CHECKPOINT_INVALID" | "CHECKPOINT_MISMATCH" | "CHECKPOINT_EXPIRED" | "CHECKPOINT_LOCKED",
    message: string,
    detail: { field?: string | undefined } = {},
    options?: VodupErrorOptions,
  ) {
    super(code, message, options);
    this.field = detail.field;
  }
}

/** A HLS or DASH tree cannot be uploaded as it is. Everything that is wrong with it is listed at once. */
export class ManifestError extends VodupError {
  /** One line each: which manifest, where in it, which file, and what is wrong with it. */
  readonly problems: readonly string[];

  /** @param manifest as the caller named it */
  constructor(manifest: string, problems: readonly string[], options?: VodupErrorOptions) {
    const shown = problems.slice(0, 10).join("; ");
    const more = problems.length > 10 ? `; and ${problems.length - 10} more` : "";
    super("MANIFEST_INVALID", `${manifest} cannot be uploaded: ${shown}${more}`, options);
    this.problems = problems;
  }
}

/** What must be known to find a media whose CommitUpload got no clear answer. */
export class CommitUncertainError extends VodupError {
  /** Not enumerable: its holder can commit the upload, so it is for the caller's code and never for a log. */
  declare readonly vodSessionKey: string;
  readonly mediaStoragePath: string;
  /** The FileId that the storage path suggests; an inference, not a promise of the service. */
  readonly candidateFileId: string | undefined;
  readonly requestId: string | undefined;

  constructor(
    message: string,
    detail: {
      vodSessionKey: string;
      mediaStoragePath: string;
      candidateFileId: string | undefined;
      requestId: string | undefined;
    },
    options?: VodupErrorOptions,
  ) {
    super("COMMIT_UNCERTAIN", message, { ...options, stage: "commit" });
    Object.defineProperty(this, "vodSessionKey", { value: detail.vodSessionKey, enumerable: false });
    this.mediaStoragePath = detail.mediaStoragePath;
    this.candidateFileId = detail.candidateFileId;
    this.requestId = detail.requestId;
  }
}

/** One step of a task that did not succeed; or the task itself, where it has no steps. */
export interface TaskFailure {
  /** The step's type, such as `Transcode` or `Porn`, or the task's. */
  readonly type: string;
  /** The template the step was made by. */
  readonly definition?: number | undefined;
  /** Such as `SourceFileError.NoVideoMedia`; "" where the service gives only a number. */
  readonly errCodeExt: string;
  readonly errCode: number;
  readonly message: string;
}

/** A task ended without success: aborted, or finished with steps that failed. What it works on exists all the same. */
export class TaskFailedError extends VodupError {
  readonly taskId: string;
  /** Such as `Procedure` or `PullUpload`. */
  readonly taskType: string;
  /** `FINISH` or `ABORTED`. */
  readonly status: string;
  /** Undefined where there is no media: a pull that failed. */
  readonly fileId: string | undefined;
  /** Empty when the task was aborted before any step failed. */
  readonly failures: readonly TaskFailure[];

  constructor(
    message: string,
    detail: Pick<TaskFailedError, "taskId" | "taskType" | "status" | "fileId" | "failures">,
    options?: VodupErrorOptions,
  ) {
    super("TASK_FAILED", message, options);
    this.taskId = detail.taskId;
    this.taskType = detail.taskType;
    this.status = detail.status;
    this.fileId = detail.fileId;
    this.failures = detail.failures;
  }
}

const names: readonly [new (...args: never[]) => VodupError, string][] = [
  [VodupError, "VodupError"],
  [VodApiError, "VodApiError"],
  [CosError, "CosError"],
  [NetworkError, "NetworkError"],
  [SourceError, "SourceError"],
  [IntegrityError, "IntegrityError"],
  [CheckpointError, "CheckpointError"],
  [ManifestError, "ManifestError"],
  [CommitUncertainError, "CommitUncertainError"],
  [TaskFailedError, "TaskFailedError"],
];
// A minifier renames classes, and logs are searched for the name. And a process may hold this module twice (import and
// require, two versions): an error of either copy is one of both, by its brand.
for (const [type, name] of names) {
  const brand = Symbol.for(`vodup.${name}`);
  Object.defineProperties(type.prototype, { name: { value: name, configurable: true }, [brand]: { value: true } });
  const isBranded = (error: unknown): boolean => typeof error === "object" && error !== null && brand in error;
  const value = function isInstance(this: unknown, error: unknown): boolean {
    return this === type ? isBranded(error) : Function.prototype[Symbol.hasInstance].call(this, error);
  };
  Object.defineProperty(type, Symbol.hasInstance, { value });
}

/** Attaches a checkpoint so that no log shows it (see {@link VodupError.checkpoint}). */
export function attachCheckpoint(error: VodupError, checkpoint: object): void {
  Object.defineProperty(error, "checkpoint", { value: checkpoint, enumerable: false, configurable: true });
}

/** A caller's mistake, in Node's own form: thrown before anything is sent. */
export function invalidArgument(field: string, message: string, value?: unknown): TypeError & { code: string } {
  return Object.assign(new TypeError(argumentText(field, message, value)), { code: "ERR_INVALID_ARG_VALUE" });
}

/** As {@link invalidArgument}, for a value of the right type that is out of range. */
export function outOfRange(field: string, message: string, value?: unknown): RangeError & { code: string } {
  return Object.assign(new RangeError(argumentText(field, message, value)), { code: "ERR_INVALID_ARG_VALUE" });
}

function argumentText(field: string, message: string, value: unknown): string {
  if (value === undefined) return `${field}: ${message}`;
  const shown = inspect(value, { depth: 0, maxStringLength: 60, breakLength: Infinity });
  return `${field}: ${message} (got ${shown})`;
}
