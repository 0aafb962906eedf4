import { channel } from "node:diagnostics_channel";
import { VodupError } from "../errors.ts";

/**
 * The three `node:diagnostics_channel` channels. Payloads are plain objects and hold no secret, token or signature:
 * a request's query is cut to its names, and of its headers only those of {@link safeHeaders} are given.
 */
const requests = channel("vodup:request");
const retries = channel("vodup:retry");
const uploads = channel("vodup:upload");

/** `vodup:request`: one request ended, with an answer or without. */
export interface RequestMessage {
  readonly method: string;
  readonly host: string;
  /** Without query. */
  readonly path: string;
  /** The VOD action or the COS operation. */
  readonly operation: string;
  /** Undefined when no answer came. */
  readonly status?: number | undefined;
  readonly requestId?: string | undefined;
  readonly sentBytes: number;
  readonly durationMs: number;
  /** The error's code when no usable answer came, such as `NETWORK`. */
  readonly error?: string | undefined;
}

/** `vodup:retry`: a request failed and will be sent again after `delayMs`. */
export interface RetryMessage {
  readonly operation: string;
  /** How many times it was sent so far. */
  readonly attempt: number;
  readonly delayMs: number;
  readonly code: string;
  readonly message: string;
}

/** `vodup:upload`: an upload began, changed its phase, or ended. */
export interface UploadMessage {
  readonly uploadNumber: number;
  readonly phase: "start" | "apply" | "transfer" | "commit" | "done" | "error";
  readonly source: string;
  readonly totalBytes?: number | undefined;
  readonly fileId?: string | undefined;
  readonly code?: string | undefined;
  readonly durationMs?: number | undefined;
}

export function publishRequest(message: RequestMessage): void {
  if (requests.hasSubscribers) requests.publish(message);
}

export function publishRetry(detail: { operation: string; attempt: number; delayMs: number; error: unknown }): void {
  if (!retries.hasSubscribers) return;
  const { operation, attempt, delayMs, error } = detail;
  const code = error instanceof VodupError ? error.code : "UNKNOWN";
  const message = error instanceof Error ? error.message : String(error);
  retries.publish({ operation, attempt, delayMs, code, message } satisfies RetryMessage);
}

export function publishUpload(message: UploadMessage): void {
  if (uploads.hasSubscribers) uploads.publish(message);
}
