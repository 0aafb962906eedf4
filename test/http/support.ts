import { idleLimits, type LimitOptions } from "../../src/http/limits.ts";
import type { Agent } from "../../src/http/dispatcher.ts";
import { Transport, type WireRequest } from "../../src/http/transport.ts";
import { atEnd } from "../support/at-end.ts";

/** A transport with limits of a fraction of a second, closed by the end of the test. */
export function transport(limits: LimitOptions = {}): Transport {
  return opened(undefined, limits);
}

/** The same with options for its agent. */
export function opened(options: Agent.Options | undefined, limits: LimitOptions = {}): Transport {
  const made = new Transport(options, idleLimits({ connectMs: 500, headersMs: 300, bodyMs: 300, ...limits }));
  atEnd(() => made.close());
  return made;
}

/** A small GET, unless `changes` say otherwise. */
export function request(origin: string, changes: Partial<WireRequest> = {}): WireRequest {
  const { host } = new URL(origin);
  return {
    operation: "Test",
    origin,
    method: "GET",
    path: "/",
    headers: { host, ...changes.headers },
    maxAnswerBytes: 2 ** 20,
    ...Object.fromEntries(Object.entries(changes).filter(([name]) => name !== "headers")),
  };
}

/** A PUT of `size` bytes in chunks that are made when they are asked for. */
export function upload(
  origin: string,
  size: number,
  changes: Partial<WireRequest> & { readonly chunkSize?: number; readonly each?: (sent: number) => unknown } = {},
): WireRequest {
  const { chunkSize = 64 * 1024, each, ...rest } = changes;
  const open = async function* (): AsyncGenerator<Uint8Array> {
    for (let sent = 0; sent < size; sent += chunkSize) {
      await each?.(sent);
      yield Buffer.alloc(Math.min(chunkSize, size - sent), 97);
    }
  };
  const headers = { "content-length": String(size), ...rest.headers };
  return request(origin, { method: "PUT", body: { size, open }, ...rest, headers });
}

/** What a promise rejects with; fails the test when it does not. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => {
      throw new Error(`it resolved: ${JSON.stringify(value)}`);
    },
    (error: unknown) => error,
  );
}
