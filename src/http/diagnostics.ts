import { AsyncLocalStorage } from "node:async_hooks";
import { channel } from "node:diagnostics_channel";
import { VodupError } from "../errors.ts";
import { reasonOf } from "../reason-of.ts";

/**
 * The three `node:diagnostics_channel` channels (docs/diagnostics.md). Payloads are plain objects and hold no secret,
 * token or signature: of a request neither query nor headers are told.
 */
const requests = channel("vodup:request");
const retries = channel("vodup:retry");
const uploads = channel("vodup:upload");

/** Which upload sends a request is known far above the place that tells of it. */
const currentUpload = new AsyncLocalStorage<number>();

/** `vodup:request`: one request ended, with an answer or without. */
export interface RequestMessage {
  /** The upload that it belongs to; undefined for other calls, and for uploads begun before anyone subscribed. */
  readonly uploadNumber?: number | undefined;
  /** The VOD action or the COS operation; `InstanceRole` for the metadata service. */
  readonly operation: string;
  /** HTTP method. */
  readonly method: string;
  /** With its port, if one was given. */
  readonly host: string;
  /** Without query. */
  readonly path: string;
  /** HTTP status; undefined when no answer came. */
  readonly status?: number | undefined;
  /** The service's own number for the request: what its support asks for. */
  readonly requestId?: string | undefined;
  /** Bytes of the body that were handed to the socket. */
  readonly sentBytes: number;
  /** Milliseconds from the request's start to the end of the answer. */
  readonly durationMs: number;
  /** When no whole answer came: the error's code such as `NETWORK`, or `ABORTED`. */
  readonly error?: string | undefined;
}

/** `vodup:retry`: a request failed and will be sent again after `delayMs`. */
export interface RetryMessage {
  /** As in {@link RequestMessage}. */
  readonly uploadNumber?: number | undefined;
  /** As in {@link RequestMessage}. */
  readonly operation: string;
  /** How many times it was sent so far. */
  readonly attempt: number;
  /** Milliseconds until it is sent again. */
  readonly delayMs: number;
  /** The error's code, such as `COS_API`. */
  readonly code: string;
  /** The error's message, one line without a secret. */
  readonly message: string;
}

/** `vodup:upload`: an upload began, entered a stage, or ended. */
export interface UploadMessage {
  /** Counted from 1 in this process. */
  readonly uploadNumber: number;
  /** `start` comes first, `done` or `error` last. */
  readonly phase: "start" | "apply" | "transfer" | "commit" | "done" | "error";
  /** How the source is called: its path, a URL without query, or what kind of source it is. */
  readonly source: string;
  /** Bytes of the media, with the segments of a HLS or DASH one; undefined for a stream of unknown length. */
  readonly totalBytes?: number | undefined;
  /** With `done`. */
  readonly fileId?: string | undefined;
  /** With `error`: the error's code, or `ABORTED`. */
  readonly code?: string | undefined;
  /** Milliseconds since `start`. */
  readonly durationMs: number;
}

/** @param describe called only when somebody listens */
export function publishRequest(describe: () => Omit<RequestMessage, "uploadNumber">): void {
  if (!requests.hasSubscribers) return;
  requests.publish({ uploadNumber: currentUpload.getStore(), ...describe() } satisfies RequestMessage);
}

export function publishRetry(detail: { operation: string; attempt: number; delayMs: number; error: unknown }): void {
  if (!retries.hasSubscribers) return;
  const { operation, attempt, delayMs, error } = detail;
  const code = error instanceof VodupError ? error.code : "UNKNOWN";
  const message = reasonOf(error);
  const uploadNumber = currentUpload.getStore();
  retries.publish({ uploadNumber, operation, attempt, delayMs, code, message } satisfies RetryMessage);
}

/** @param describe called only when somebody listens */
export function publishUpload(describe: () => UploadMessage): void {
  if (uploads.hasSubscribers) uploads.publish(describe());
}

/** Runs an upload so that its requests and retries can be told from another's; costs nothing when nobody listens. */
export function withinUpload<T>(uploadNumber: number, work: () => Promise<T>): Promise<T> {
  return requests.hasSubscribers || retries.hasSubscribers ? currentUpload.run(uploadNumber, work) : work();
}
