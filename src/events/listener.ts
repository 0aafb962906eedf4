import type { IncomingMessage, ServerResponse } from "node:http";
import { clearTimeout, setTimeout } from "node:timers";
import { Receiver, type BodyProblem, type ReceiveOptions, type Reply } from "./receive.ts";

/** A request listener for node:http (and for frameworks built on it) with what a graceful stop needs. */
export interface EventListener {
  (request: IncomingMessage, response: ServerResponse): void;
  /** Resolves when every event received so far has been handled. */
  readonly drain: () => Promise<void>;
  /** Answers 503 from now on, and waits as `drain` does. Call it before the server's own `close`. */
  readonly close: () => Promise<void>;
}

/** How long a sender may go on sending a body that was refused, so that it gets to read why. */
const lingerMs = 1_000;

/**
 * Receives pushed events: checks method, type, size and, with `signKey`, who sent it; answers 200 at once and calls
 * `onEvent` after. {@link ReceiveOptions} says what `Sign` does not cover and when events are lost.
 *
 * Answers 405, 415, 413, 408, 400 (not JSON, or no event), 403 (with a reason, as `verifyCallback` gives it) and 503
 * (too many waiting, or closed). Mount it before any body parser; the path is yours to choose.
 *
 * @example
 * const listener = createListener({ signKey, onEvent: async (event) => save(event.fileId) });
 * const server = createServer(listener).listen(8080);
 * process.once("SIGTERM", () => void listener.close().then(() => server.close()));
 *
 * @throws TypeError, RangeError `ERR_INVALID_ARG_VALUE` naming the option
 * @see https://www.tencentcloud.com/document/product/266/33948
 */
export function createListener(options: ReceiveOptions): EventListener {
  const receiver = new Receiver(options);
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    // A connection that breaks is the sender's affair, and no reason to end the process.
    request.on("error", () => undefined);
    response.on("error", () => undefined);
    void receiver
      .receive({
        method: request.method ?? "",
        header: (name) => {
          const value = request.headers[name];
          return Array.isArray(value) ? value.join(", ") : value;
        },
        readBody: (limits) => readBody(request, limits),
      })
      .then((reply) => answer(request, response, reply));
  };
  return Object.assign(listener, { drain: () => receiver.drain(), close: () => receiver.close() });
}

function readBody(
  request: IncomingMessage,
  { maxBytes, timeoutMs }: { maxBytes: number; timeoutMs: number },
): Promise<Uint8Array | BodyProblem> {
  if (request.readableDidRead || request.readableEnded) return Promise.resolve("already-read");
  if (request.destroyed) return Promise.resolve("gone");
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const onData = (chunk: Buffer): void => {
      size += chunk.byteLength;
      if (size > maxBytes) settle("too-large");
      else chunks.push(chunk);
    };
    const onEnd = (): void => settle(Buffer.concat(chunks));
    const onClose = (): void => settle("gone");
    const timer = setTimeout(() => settle("too-slow"), timeoutMs);
    const settle = (outcome: Uint8Array | BodyProblem): void => {
      clearTimeout(timer);
      request.off("data", onData).off("end", onEnd).off("close", onClose);
      resolve(outcome);
    };
    request.on("data", onData).on("end", onEnd).on("close", onClose);
  });
}

function answer(request: IncomingMessage, response: ServerResponse, reply: Reply | undefined): void {
  if (reply === undefined || response.destroyed) return;
  const headers: Record<string, string> = {
    ...reply.headers,
    "content-length": String(Buffer.byteLength(reply.body)),
  };
  if (request.complete) {
    response.writeHead(reply.status, headers).end(reply.body);
    return;
  }
  // Ending now would reset the connection under a sender that is still sending, and it would never read the answer.
  response.writeHead(reply.status, { ...headers, connection: "close" }).write(reply.body);
  const end = (): void => {
    clearTimeout(timer);
    response.end();
  };
  const timer = setTimeout(end, lingerMs);
  request.once("end", end).once("close", end).resume();
}
