import type { RetryEvent } from "../http/retry.ts";
import type { Warning } from "./warning.ts";
import type { SessionRefresh } from "./session/apply.ts";
import type { Checkpoint } from "./state/checkpoint.ts";
import type { ProgressEvent } from "./progress.ts";
import type { UploadSource } from "./source/source.ts";
import { invalidArgument, outOfRange } from "../errors.ts";
import { cosLimits } from "../cos/limits.ts";
import { parseSubAppId } from "../vod-api/client.ts";
import { hasDotSegment } from "../signing/percent-encode.ts";

/** Everything is optional but, where no file name tells it, the media type. Lengths count Unicode code points. */
export interface UploadOptions {
  /**
   * The container's short name, such as `mp4`. A path or file: URL that is `m3u8` or `mpd` by this or by its extension
   * is uploaded with all files of its tree; bytes, streams and http: URLs have no folder, so that of them the manifest
   * alone is sent. @defaultValue the file name's extension, lower-cased
   */
  readonly mediaType?: string | undefined;
  /** @defaultValue the file name up to its last dot */
  readonly mediaName?: string | undefined;
  /** A picture, uploaded with the media. */
  readonly cover?: UploadSource | undefined;
  /** @defaultValue the cover's file name extension, lower-cased */
  readonly coverType?: string | undefined;
  /** The name of a task flow template that is started when the upload is committed. */
  readonly procedure?: string | undefined;
  /** When VOD deletes the media again; in the future. @defaultValue never */
  readonly expireTime?: Date | string | undefined;
  /** A region that was opened in the console, such as `ap-singapore`. @defaultValue the nearest opened one */
  readonly storageRegion?: string | undefined;
  /** The category's number. @defaultValue 0, "Other" */
  readonly classId?: number | undefined;
  /** At most 250 characters; comes back in the NewFileUpload event. */
  readonly sourceContext?: string | undefined;
  /** At most 1000 characters; comes back in the ProcedureStateChanged event. */
  readonly sessionContext?: string | undefined;
  /** Text for Tencent Cloud's own use; sent as it is given. */
  readonly extInfo?: string | undefined;
  /** Where the media is kept, for applications in "FileID + Path" mode: begins with `/`. */
  readonly mediaStoragePath?: string | undefined;
  /** @defaultValue the client's */
  readonly subAppId?: number | bigint | string | undefined;
  /** Bytes of a stream, where they are known; a stream with more or less is an error. */
  readonly size?: number | undefined;
  /** Bytes, 1 MiB to 5 GiB. @defaultValue the client's */
  readonly partSize?: number | "auto" | undefined;
  /** Parts in flight, 1 to 100. @defaultValue the client's */
  readonly concurrency?: number | "auto" | undefined;
  /** Stops the upload, which then rejects with the signal's reason. `onFailure` decides whether its parts are kept. */
  readonly signal?: AbortSignal | undefined;
  /** Called when bytes were acknowledged, and at most five times a second when they only left. Must not block. */
  readonly onProgress?: ((event: ProgressEvent) => void) | undefined;
  /** What an earlier upload of the same source left: it goes on from there. */
  readonly checkpoint?: Checkpoint | undefined;
  /** Called after apply, after each part and around the commit; awaited. Holds the certificate: keep it private. */
  readonly onCheckpoint?: ((checkpoint: Checkpoint) => void | Promise<void>) | undefined;
  /**
   * What becomes of parts when the upload fails.
   * @defaultValue "abort", or "keep-parts" when `checkpoint` or `onCheckpoint` is given
   */
  readonly onFailure?: "abort" | "keep-parts" | ((error: unknown) => "abort" | "keep-parts") | undefined;
  /** @defaultValue "vod-session-key" */
  readonly sessionRefresh?: SessionRefresh | undefined;
  /**
   * Find the files of a HLS or DASH tree by reading its manifests here, without asking the service.
   * @defaultValue false: ParseStreamingManifest says what belongs to it, and is compared with what is read here
   */
  readonly offlineManifest?: boolean | undefined;
  /** Fail when the service names no CRC64 to compare with. @defaultValue false */
  readonly requireCrc64?: boolean | undefined;
  /**
   * Fail, before anything is sent, when the media or the cover has no bytes: what a program that failed leaves behind.
   * Of a stream the first byte is waited for. @defaultValue false
   */
  readonly refuseEmpty?: boolean | undefined;
  /** Called for what is worth knowing and no failure. @defaultValue it goes unheard */
  readonly onWarning?: ((warning: Warning) => void) | undefined;
  /** Called before each repetition of a request. */
  readonly onRetry?: ((event: RetryEvent) => void) | undefined;
}

/** By name, see refuseUnknown. */
export const uploadOptionNames: Readonly<Record<keyof UploadOptions, true>> = {
  mediaType: true,
  mediaName: true,
  cover: true,
  coverType: true,
  procedure: true,
  expireTime: true,
  storageRegion: true,
  classId: true,
  sourceContext: true,
  sessionContext: true,
  extInfo: true,
  mediaStoragePath: true,
  subAppId: true,
  size: true,
  partSize: true,
  concurrency: true,
  signal: true,
  onProgress: true,
  checkpoint: true,
  onCheckpoint: true,
  onFailure: true,
  sessionRefresh: true,
  offlineManifest: true,
  requireCrc64: true,
  refuseEmpty: true,
  onWarning: true,
  onRetry: true,
};

/** Options that were checked, with what the client says where they say nothing. */
export type SettledOptions = UploadOptions & {
  readonly partSize: number | "auto";
  readonly concurrency: number | "auto";
};

/**
 * Checks an upload's options and fills in the client's: the one place where an upload's part size is decided.
 * @throws TypeError, RangeError `ERR_INVALID_ARG_VALUE`
 */
export function settleOptions(
  options: UploadOptions,
  defaults: Pick<SettledOptions, "partSize" | "concurrency" | "subAppId">,
  now: number,
): SettledOptions {
  checkOptions(options, now);
  return {
    ...options,
    partSize: options.partSize ?? defaults.partSize,
    concurrency: options.concurrency ?? defaults.concurrency,
    subAppId: options.subAppId ?? defaults.subAppId,
  };
}

/**
 * Checks every option that does not depend on the source.
 * @throws TypeError, RangeError `ERR_INVALID_ARG_VALUE`
 */
export function checkOptions(options: UploadOptions, now: number): void {
  checkText("mediaType", options.mediaType, /^[A-Za-z0-9]{1,16}$/, "must be a short name such as mp4");
  checkText("mediaName", options.mediaName, /^.+$/su, "must not be empty");
  checkText("coverType", options.coverType, /^[A-Za-z0-9]{1,16}$/, "must be a short name such as jpg");
  checkText("procedure", options.procedure, /\S/, "must be the name of a task flow template");
  checkText(
    "storageRegion",
    options.storageRegion,
    /^[a-z0-9-]{1,40}$/,
    "must be a region's short name such as ap-singapore",
  );
  checkText("extInfo", options.extInfo, /^/, "must be a string");
  checkLength("sourceContext", options.sourceContext, 250);
  checkLength("sessionContext", options.sessionContext, 1000);
  checkStoragePath(options.mediaStoragePath);
  if (options.classId !== undefined && !Number.isSafeInteger(options.classId)) {
    throw invalidArgument("classId", "must be an integer", options.classId);
  }
  parseSubAppId("subAppId", options.subAppId);
  expireText(options.expireTime, now);
  checkPartSize(options.partSize);
  checkConcurrency(options.concurrency);
  if (options.size !== undefined && (!Number.isSafeInteger(options.size) || options.size < 0)) {
    throw outOfRange("size", "must be a number of bytes", options.size);
  }
  if (typeof options.onFailure !== "function") checkOneOf("onFailure", options.onFailure, ["abort", "keep-parts"]);
  if (typeof options.sessionRefresh !== "function") {
    checkOneOf("sessionRefresh", options.sessionRefresh, ["vod-session-key", "restart", "none"]);
  }
  for (const name of ["onProgress", "onCheckpoint", "onWarning", "onRetry"] as const) {
    if (options[name] !== undefined && typeof options[name] !== "function")
      throw invalidArgument(name, "must be a function");
  }
  if (options.offlineManifest !== undefined && typeof options.offlineManifest !== "boolean") {
    throw invalidArgument("offlineManifest", "must be true or false", options.offlineManifest);
  }
  for (const name of ["requireCrc64", "offlineManifest", "refuseEmpty"] as const) {
    if (options[name] !== undefined && typeof options[name] !== "boolean")
      throw invalidArgument(name, "must be true or false", options[name]);
  }
  if (options.signal !== undefined && !(options.signal instanceof AbortSignal)) {
    throw invalidArgument("signal", "must be an AbortSignal");
  }
}

/** @throws RangeError `ERR_INVALID_ARG_VALUE` outside 1 MiB to 5 GiB */
export function checkPartSize(value: number | "auto" | undefined): void {
  if (value === undefined || value === "auto") return;
  if (!Number.isSafeInteger(value) || value < cosLimits.minPartSize || value > cosLimits.maxPartSize) {
    throw outOfRange(
      "partSize",
      'must be "auto" or a number of bytes from 1 MiB (1048576) to 5 GiB (5368709120)',
      value,
    );
  }
}

/** @throws RangeError `ERR_INVALID_ARG_VALUE` outside 1 to 100 */
export function checkConcurrency(value: number | "auto" | undefined): void {
  if (value === undefined || value === "auto") return;
  if (!Number.isInteger(value) || value < 1 || value > 100) {
    throw outOfRange("concurrency", 'must be "auto" or an integer from 1 to 100', value);
  }
}

/** An ISO 8601 time as the service takes it; a string is passed on as it was given. */
export function expireText(value: Date | string | undefined, now: number): string | undefined {
  if (value === undefined) return undefined;
  const field = "expireTime";
  const isText = typeof value === "string";
  if (!isText && !(value instanceof Date)) throw invalidArgument(field, "must be a Date or an ISO 8601 string", value);
  // Date.parse takes much more than ISO 8601, and each engine something else.
  if (isText && !/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/.test(value)) {
    throw invalidArgument(field, "must be ISO 8601 with a time zone, such as 2030-01-31T00:00:00Z", value);
  }
  const time = isText ? Date.parse(value) : value.getTime();
  if (Number.isNaN(time) || (isText && !isOfTheCalendar(value))) {
    throw invalidArgument(field, "is not a point in time", value);
  }
  if (time <= now) throw outOfRange(field, "must be in the future: the media would be deleted at once", value);
  return isText ? value : value.toISOString().replace(/\.\d+Z$/, "Z");
}

/** Date.parse takes the 30th of February for the 2nd of March: the media would be deleted on another day. */
function isOfTheCalendar(time: string): boolean {
  const day = time.slice(0, 10);
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
}

function checkStoragePath(path: string | undefined): void {
  if (path === undefined) return;
  const field = "mediaStoragePath";
  if (typeof path !== "string" || !path.startsWith("/")) throw invalidArgument(field, 'must begin with "/"', path);
  if (hasDotSegment(path)) {
    throw invalidArgument(field, 'must not contain "." or ".." segments', path);
  }
  if (path.endsWith("/")) throw invalidArgument(field, "must name a file, not a folder", path);
}

function checkText(field: string, value: string | undefined, form: RegExp, message: string): void {
  if (value === undefined) return;
  if (typeof value !== "string" || !form.test(value)) throw invalidArgument(field, message, value);
}

/** Counts Unicode code points, as the service does. @throws TypeError, RangeError `ERR_INVALID_ARG_VALUE` */
export function checkLength(field: string, value: string | undefined, most: number): void {
  if (value === undefined) return;
  if (typeof value !== "string") throw invalidArgument(field, "must be a string", value);
  const length = Array.from(value).length;
  if (length > most) throw outOfRange(field, `must have at most ${most} characters, this has ${length}`);
}

function checkOneOf(field: string, value: unknown, allowed: readonly string[]): void {
  if (value === undefined || allowed.includes(value as string)) return;
  throw invalidArgument(field, `must be one of ${allowed.map((name) => `"${name}"`).join(", ")}`, value);
}
