import type { Credentials } from "../credentials/source.ts";
import type { Route } from "../http/alternate-origins.ts";
import type { IdleLimits } from "../http/limits.ts";
import type { ReplayableBody } from "../http/request-body.ts";
import type { WireAnswer } from "../http/transport.ts";
import { isPassing, isRedirect } from "../http/status.ts";
import { percentEncode } from "../signing/percent-encode.ts";

export interface CosCallOptions {
  /** Stops the request, which then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Signs this request instead of the client's credentials. */
  readonly credentials?: Credentials | undefined;
}

/** A request as it is signed, but for its headers. */
export interface CosOperation {
  readonly operation: string;
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "DELETE";
  /** Undefined: the request is about the bucket. */
  readonly key: string | undefined;
  readonly query?: Readonly<Record<string, string>> | undefined;
}

/** What one request has beside its key. */
export interface CosRequestOptions extends CosCallOptions {
  readonly body?: Uint8Array | ReplayableBody | undefined;
  readonly contentType?: string | undefined;
  readonly limits?: Pick<IdleLimits, "headersMs" | "bodyMs"> | undefined;
  readonly alsoFine?: number | undefined;
  /** Whether the body of a success is an XML document. */
  readonly hasDocument?: boolean | undefined;
}

/** By name, see refuseUnknown. */
export const requestOptionNames: Readonly<Record<keyof CosRequestOptions, true>> = {
  signal: true,
  credentials: true,
  body: true,
  contentType: true,
  limits: true,
  alsoFine: true,
  hasDocument: true,
};

/**
 * Whether the bucket is reached under this name: only COS sends a request id.
 * @returns whether the same request may succeed under the other name
 */
export function learn(route: Route, answer: WireAnswer): boolean {
  if (answer.headers["x-cos-request-id"] !== undefined) route.answered();
  else if (isRedirect(answer.status)) return route.redirected();
  else if (isPassing(answer.status)) route.unanswered();
  return false;
}

/** `?uploads` is written without `=`, as the documents do; every other parameter has a value. */
export function queryText(query: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(query).map(([name, value]) =>
    value === "" ? percentEncode(name) : `${percentEncode(name)}=${percentEncode(value)}`,
  );
  return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
}

export function sizeOf(body: Uint8Array | ReplayableBody): number {
  return body instanceof Uint8Array ? body.byteLength : body.size;
}
