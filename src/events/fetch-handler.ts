import { clearTimeout, setTimeout } from "node:timers";
import { Receiver, type BodyProblem, type ReceiveOptions } from "./receive.ts";

/** A handler of the web's Request and Response with what a graceful stop needs. */
export interface EventFetchHandler {
  (request: Request): Promise<Response>;
  /**
   * Resolves when every event received so far has been handled; on a host that stops between requests, await it there.
   */
  readonly drain: () => Promise<void>;
  /** Answers 503 from now on, and waits as `drain` does. */
  readonly close: () => Promise<void>;
}

/**
 * As `createListener`, for frameworks and hosts that speak `Request` and `Response`. The work begins after the response
 * was returned: where the host freezes the process then, hand it `handler.drain()` (its `waitUntil`).
 *
 * @example
 * export const POST = createFetchHandler({ signKey, onEvent: async (event) => save(event.fileId) });
 *
 * @throws TypeError, RangeError `ERR_INVALID_ARG_VALUE` naming the option
 */
export function createFetchHandler(options: ReceiveOptions): EventFetchHandler {
  const receiver = new Receiver(options);
  const handler = async (request: Request): Promise<Response> => {
    const reply = await receiver.receive({
      method: request.method,
      header: (name) => request.headers.get(name) ?? undefined,
      readBody: (limits) => readBody(request, limits),
    });
    // Nobody is there to read it, but a handler has to return something: 499 is what proxies log for this.
    if (reply === undefined) return new Response(null, { status: 499 });
    return new Response(reply.body, { status: reply.status, headers: reply.headers });
  };
  return Object.assign(handler, { drain: () => receiver.drain(), close: () => receiver.close() });
}

async function readBody(
  request: Request,
  { maxBytes, timeoutMs }: { maxBytes: number; timeoutMs: number },
): Promise<Uint8Array | BodyProblem> {
  if (request.bodyUsed || request.body?.locked === true) return "already-read";
  if (request.body === null) return new Uint8Array();
  const reader = request.body.getReader();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<"too-slow">((resolve) => (timer = setTimeout(() => resolve("too-slow"), timeoutMs)));
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for (;;) {
      const next = await Promise.race([reader.read(), late]);
      if (next === "too-slow") return next;
      if (next.done) return Buffer.concat(chunks);
      const chunk: unknown = next.value;
      if (!(chunk instanceof Uint8Array)) return "gone";
      size += chunk.byteLength;
      if (size > maxBytes) return "too-large";
      chunks.push(chunk);
    }
  } catch {
    return "gone";
  } finally {
    clearTimeout(timer);
    // Not awaited: a body that hangs would hang here too.
    void reader.cancel().catch(() => undefined);
  }
}
