import type { UploadJobData, UploadQueue } from "./upload-queue.ts";
import { createServer } from "node:http";
import { createBullBoard } from "@bull-board/api";
import { BullMQAdapter } from "@bull-board/api/bullMQAdapter";
import { ExpressAdapter } from "@bull-board/express";
import express, { type Express, type NextFunction, type Request, type Response } from "express";
import { summarizeCheckpoint } from "vodup";
import { type Listening, listen } from "./listen.ts";

export interface BoardOptions {
  readonly queue: UploadQueue;
  /** @defaultValue "127.0.0.1": this machine only */
  readonly host?: string | undefined;
  /** 0 for any that is free. @defaultValue 3000 */
  readonly port?: number | undefined;
  /** Names, beside this machine's own, by which browsers may call the page: those of a proxy that asks for a password. */
  readonly names?: readonly string[] | undefined;
}

export type Board = Listening;

/**
 * Bull Board on the queue. It shows no certificate and no query of a URL. Failed jobs can be retried, the queue be paused
 * and resumed; nothing can be added, edited or removed, because the page asks for no password.
 * @throws Error when the port is taken
 */
export async function startBoard({ queue, host = "127.0.0.1", port = 3000, names = [] }: BoardOptions): Promise<Board> {
  const adapter = new BullMQAdapter(queue);
  adapter.setFormatter("data", shown);
  const serverAdapter = new ExpressAdapter();
  createBullBoard({ queues: [adapter], serverAdapter, options: { uiConfig: { boardTitle: "vodup" } } });
  const app = express().disable("x-powered-by").use(confine, guard(names), ofThisHost(serverAdapter.getRouter()));
  return listen(createServer(app), host, port);
}

type Rendered = (error: Error, html: string) => void;

/** The page without the style sheet of another host, which the policy below refuses. */
function ofThisHost(board: Express): Express {
  const render = board.disable("x-powered-by").render.bind(board);
  const renderOwn = (name: string, values: object, done: Rendered): void =>
    render(name, values, (error, html) => done(error, html?.replaceAll(/<link\b[^>]*\bhref="https?:[^>]*>/g, "")));
  return Object.assign(board, { render: renderOwn });
}

/**
 * Everything is loaded from here or not at all, and no other page may frame this one. Bull Board sets styles by
 * attributes.
 */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

function confine(_request: Request, response: Response, next: NextFunction): void {
  response.set({
    "Content-Security-Policy": policy,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
  });
  next();
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
