import type { Answer, Exchange } from "../exchange.ts";
import type { JsonObject } from "../json.ts";
import type { SignatureMismatch } from "../signatures/mismatch.ts";
import { noteFailure } from "../request-log.ts";

/** An error of the API: answered with HTTP 200, as everything is that the API itself handles (wire §3.4). */
export class VodFailure extends Error {
  override readonly name = "VodFailure";
  readonly code: string;
  /** For the request log only. */
  readonly mismatch: SignatureMismatch | undefined;

  constructor(code: string, message: string, mismatch?: SignatureMismatch) {
    super(message);
    this.code = code;
    this.mismatch = mismatch;
  }
}

/** Wraps what an action answers, or an error, in `Response` with its RequestId. */
export function envelope(exchange: Exchange, requestId: string, content: JsonObject | VodFailure): Answer {
  const failed = content instanceof VodFailure;
  const response = failed ? { Error: { Code: content.code, Message: content.message } } : content;
  const traceId = exchange.headers.get("x-tc-traceid");
  if (failed) noteFailure(exchange.entry, content.message, content.mismatch);
  return {
    status: 200,
    headers: {
      Server: "nginx",
      "Content-Type": "application/json",
      ...(traceId === undefined ? {} : { "X-TC-TraceId": traceId }),
    },
    body: Buffer.from(JSON.stringify({ Response: { ...response, RequestId: requestId } })),
    code: failed ? content.code : undefined,
  };
}
