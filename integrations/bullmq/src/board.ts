import type { AddressInfo } from "node:net";
import type { UploadJobData, UploadQueue } from "./upload-queue.ts";
import { once } from "node:events";
import { createBullBoard } from "@bull-board/api";
import { BullMQAdapter } from "@bull-board/api/bullMQAdapter";
import { ExpressAdapter } from "@bull-board/express";
import express, { type NextFunction, type Request, type Response } from "express";
import { summarizeCheckpoint } from "vodup";

export interface BoardOptions {
  readonly queue: UploadQueue;
  /** @defaultValue "127.0.0.1": this machine only */
  readonly host?: string | undefined;
  /** 0 for any that is free. @defaultValue 3000 */
  readonly port?: number | undefined;
  /** Names, beside this machine's own, by which browsers may call the page: those of a proxy that asks for a password. */
  readonly names?: readonly string[] | undefined;
}

export interface Board {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Bull Board on the queue. It shows no certificate and no query of a URL. Failed jobs can be retried, the queue be paused
 * and resumed; nothing can be added, edited or removed, because whoever reaches the page needs no password.
 * @throws Error when the port is taken
 */
export async function startBoard({ queue, host = "127.0.0.1", port = 3000, names = [] }: BoardOptions): Promise<Board> {
  const adapter = new BullMQAdapter(queue);
  adapter.setFormatter("data", shown);
  const serverAdapter = new ExpressAdapter();
  createBullBoard({ queues: [adapter], serverAdapter, options: { uiConfig: { boardTitle: "vodup" } } });
  const app = express().disable("x-powered-by").use(guard(names), serverAdapter.getRouter());
  const server = app.listen(port, host);
  await once(server, "listening");
  const { address, port: taken } = server.address() as AddressInfo;
  return {
    url: `http://${address.includes(":") ? `[${address}]` : address}:${taken}`,
    close: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** A job's data without what is secret in it. */
export function shown({ source, options, checkpoint, result }: UploadJobData): object {
  return {
    source: withoutQuery(source),
    options: options?.cover === undefined ? options : { ...options, cover: withoutQuery(options.cover) },
    upload: checkpoint === undefined ? undefined : summarizeCheckpoint(checkpoint),
    result,
  };
}

/** Of a URL its user, password and query may be secrets. */
function withoutQuery(source: unknown): string {
  const text = String(source);
  if (!URL.canParse(text)) return text.replace(/[?#].*$/s, "…");
  const { origin, pathname, protocol } = new URL(text);
  return protocol.startsWith("http") ? origin + pathname : text;
}

const local = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/i;
const changes = /^\/api\/queues\/(?:[^/]+\/)*(?:retry|retry\/failed|promote|pause|resume)$/;

/** Pages of other sites, which a browser of this machine has open, must not reach the queue. */
function guard(names: readonly string[]): (request: Request, response: Response, next: NextFunction) => void {
  return ({ method, path, headers }, response, next) => {
    const { host = "", origin, "sec-fetch-site": site = "same-origin" } = headers;
    const isKnown = local.test(host) || names.includes(host);
    const isOwn = origin === undefined ? /^(?:same-origin|none)$/.test(site) : originHost(origin) === host;
    if (!isKnown) return void response.status(421).json({ error: "unknown name of this page: add it to BOARD_NAMES" });
    if (method === "GET" || method === "HEAD") return next();
    if (method === "PUT" && isOwn && changes.test(path)) return next();
    return void response
      .status(403)
      .json({ error: "this page can retry, promote, pause and resume, and nothing else" });
  };
}

function originHost(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
