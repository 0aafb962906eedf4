import type { Dispatcher } from "./dispatcher.ts";
import { NetworkError } from "../errors.ts";
import { hostOf } from "./endpoint.ts";

/**
 * Reads an answer's body to its end, so that its socket can be used again, whatever the status.
 * @throws NetworkError `BAD_ANSWER` when it is longer than `maxAnswerBytes`
 */
export async function readAnswer(
  body: Dispatcher.ResponseData["body"],
  request: { readonly origin: string; readonly operation: string; readonly maxAnswerBytes: number },
  status: number,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    const bytes = chunk as Buffer;
    size += bytes.byteLength;
    if (size > request.maxAnswerBytes) {
      const message = `${request.operation}: the answer is longer than ${request.maxAnswerBytes} bytes`;
      // Leaving the loop by an exception destroys the body, and with it the socket.
      throw new NetworkError("BAD_ANSWER", message, { host: hostOf(request.origin), phase: "body", status });
    }
    chunks.push(bytes);
  }
  return Buffer.concat(chunks, size);
}

/** Milliseconds that a `Retry-After` header asks for: seconds or an HTTP date; undefined when there is none. */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
