/**
 * Types shared by several actions of the VOD API (version 2018-07-17).
 *
 * Conventions of every `types-*.ts` file in this folder:
 * - Names are the service's own, PascalCase and all, so that they can be found in its documentation.
 * - `foo?: T | undefined` may be left out; `T | null` may be null. In answers the two go together: the service sends
 *   null in one place and drops the field in another for the same "nothing there".
 * - Values the service adds to over time (task states, event types, source types…) are plain `string`; the docstring
 *   lists what is known. Closed unions appear in requests only, where the documentation names a fixed pair or triple.
 * - Points in time are ISO 8601 text, with `Z` or with an offset such as `+08:00`. Identifiers are text: a FileId has
 *   up to 20 digits and does not fit a JavaScript number.
 * - `fixtures/spec/vod-actions.json` says the same to other languages; a test keeps the two equal.
 */

/** Id of a sub-application; sent as a bare JSON integer. */
export type SubAppId = number | bigint;

/** What almost every request can carry. */
export interface SubAppScope {
  /**
   * Sub-application the call is for. Accounts opened since 2023-12-25 must give it even for their default application.
   */
  SubAppId?: SubAppId | undefined;
}

/** The answer of an action that returns nothing but a RequestId. */
export interface EmptyResponse {}

/**
 * An object whose fields this library does not list: AI recognition and review results, image processing, subtitle
 * styling, DRM and the like. They are deep, change monthly and play no part in uploading.
 */
export type RawObject = Readonly<Record<string, unknown>>;

/**
 * A task whose own input and output are not listed here (2017-era tasks, watermark extraction, quality inspection,
 * Mini Program publishing, MPS and AIGC tasks). The fields below are common to most of them; the rest is `unknown`.
 */
export interface RawTask {
  TaskId?: string | undefined;
  /** Mostly `PROCESSING` or `FINISH`; absent from the 2017-era tasks. */
  Status?: string | undefined;
  /** 0 is success. */
  ErrCode?: number | undefined;
  /** Empty is success, otherwise a dotted code such as `SourceFileError.NoVideoMedia`. */
  ErrCodeExt?: string | undefined;
  Message?: string | undefined;
  readonly [field: string]: unknown;
}

/** The two strings a caller may attach to a task and gets back with its result. */
export interface TaskSession {
  /** Opaque text passed through to the result, at most 1000 characters. */
  SessionContext: string;
  /** De-duplication id, at most 50 characters; "" means none. */
  SessionId: string;
}

/** Key and value of a resource tag. */
export interface ResourceTag {
  TagKey: string;
  TagValue: string;
}

/** A half-open span of time: `After` ≤ t < `Before`. */
export interface TimeRange {
  /** ISO 8601, inclusive. */
  After?: string | undefined;
  /** ISO 8601, exclusive. */
  Before?: string | undefined;
}

/** Order of a listing. */
export interface SortBy {
  /** Name of the field to sort by; each action says which it accepts. */
  Field: string;
  /** `Asc` or `Desc`; some actions show it in lower case. */
  Order: string;
}
