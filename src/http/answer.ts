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
  const take = (chunk: Buffer): void => {
    size += chunk.byteLength;
    chunks.push(chunk);
    if (size <= request.maxAnswerBytes) return;
    const message = `${request.operation}: the answer is longer than ${request.maxAnswerBytes} bytes`;
    throw new NetworkError("BAD_ANSWER", message, { host: hostOf(request.origin), phase: "body", status });
  };
  if (isUntouched(body)) await eachChunk(body, take);
  // Leaving the loop by an exception destroys the body, and with it the socket.
  else for await (const chunk of body) take(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks, size);
}

/** As undici gives it. A dispatcher of the caller's may have waited, or may give another kind of stream. */
function isUntouched(body: Dispatcher.ResponseData["body"]): boolean {
  return body.readableFlowing === null && body.readableEncoding === null && !body.destroyed && !body.readableEnded;
}

/** By events: a stream's own iterator takes as long as all else that an answer of a few hundred bytes costs. */
function eachChunk(body: Dispatcher.ResponseData["body"], take: (chunk: Buffer) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    body.on("data", (chunk: Buffer) => {
      try {
        take(chunk);
      } catch (error) {
        reject(error);
        // And with it the socket.
        body.destroy();
      }
    });
    body.on("end", resolve);
    body.on("error", reject);
    body.on("close", () => reject(new Error("the answer ended early")));
  });
}

/**
 * Milliseconds that an answer's `Retry-After` asks for: seconds or an HTTP date; undefined when there is none. A date
 * is the server's, so it is compared with the answer's own `Date`: this machine's clock may be wrong (wire §11.5).
 * @param headers lower-case names
 */
export function retryAfterMs(headers: Readonly<Record<string, string | undefined>>): number | undefined {
  const text = headers["retry-after"]?.trim() ?? "";
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  // All three forms of RFC 9110 begin with the weekday; Date.parse takes much else for a date.
  if (!/^[A-Za-z]{3}/.test(text)) return undefined;
  const until = Date.parse(text);
  const sent = Date.parse(headers["date"] ?? "");
  return Number.isNaN(until) ? undefined : Math.max(0, until - (Number.isNaN(sent) ? Date.now() : sent));
}
