/** A client with no opinion: sends what it is told over node:http and reports what came back. */
import { request } from "node:http";
import type { ClientRequest, IncomingMessage } from "node:http";

export interface RawRequest {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string | string[]>;
  readonly body?: string | Uint8Array;
  /** Sends only this many bytes of the body and then leaves. */
  readonly leaveAfter?: number;
  readonly timeoutMs?: number;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: readonly string[];
  readonly body: string;
  readonly pieces: number;
  readonly interim: readonly number[];
  /** Whether the server asked for the body of a request with `Expect`. */
  readonly continued: boolean;
}

export function openRequest(origin: string, spec: RawRequest): ClientRequest {
  const { hostname, port } = new URL(origin);
  return request({
    hostname,
    port,
    method: spec.method ?? "GET",
    path: spec.path ?? "/",
    headers: spec.headers ?? {},
    agent: false,
  });
}

/** Rejects with the socket's error when no whole answer came. */
export function send(origin: string, spec: RawRequest): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = openRequest(origin, spec);
    const interim: number[] = [];
    let continued = false;
    const body = spec.body ?? "";
    outgoing.on("error", reject);
    outgoing.on("information", ({ statusCode }) => interim.push(statusCode));
    outgoing.on("continue", () => {
      continued = true;
      interim.push(100);
      if (expects) outgoing.end(body);
    });
    outgoing.on("response", (incoming: IncomingMessage) => {
      const chunks: Buffer[] = [];
      incoming.on("error", reject);
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("end", () => {
        if (!outgoing.writableEnded) outgoing.destroy();
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.rawHeaders,
          body: Buffer.concat(chunks).toString("utf8"),
          pieces: chunks.length,
          interim,
          continued,
        });
      });
    });
    const expects = spec.headers?.["expect"] === "100-continue";
    if (spec.timeoutMs !== undefined) {
      outgoing.setTimeout(spec.timeoutMs, () =>
        outgoing.destroy(Object.assign(new Error("timed out"), { code: "TIMED_OUT" })),
      );
    }
    if (spec.leaveAfter !== undefined) {
      outgoing.write(body.slice(0, spec.leaveAfter), () => setTimeout(() => outgoing.destroy(), 20));
    } else if (expects) {
      outgoing.flushHeaders();
    } else {
      outgoing.end(body);
    }
  });
}
