import type { Answer, Exchange } from "../exchange.ts";
import type { JsonObject } from "../json.ts";

/** An error of the API: answered with HTTP 200, as everything is that the API itself handles. */
export class VodFailure extends Error {
  override readonly name = "VodFailure";
  readonly code: string;
  /** For the request log only. */
  readonly diagnosis: string | undefined;

  constructor(code: string, message: string, diagnosis?: string) {
    super(message);
    this.code = code;
    this.diagnosis = diagnosis;
  }
}

/** Wraps what an action answers, or an error, in `Response` with its RequestId. */
export function envelope(exchange: Exchange, requestId: string, content: JsonObject | VodFailure): Answer {
  const failed = content instanceof VodFailure;
  const response = failed ? { Error: { Code: content.code, Message: content.message } } : content;
  const traceId = exchange.headers.get("x-tc-traceid");
  if (failed && content.diagnosis !== undefined) exchange.entry.diagnosis = content.diagnosis;
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
