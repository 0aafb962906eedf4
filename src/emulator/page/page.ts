import { readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { gunzipSync } from "node:zlib";
import { controlHeader, sealed } from "../door.ts";
import { Feed, type PageSource } from "./feed.ts";

const files = new URL("./static/", import.meta.url);

/** By file extension; nothing else is served. */
const fileTypes: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
};

/** Nothing but the page's own files may be loaded or run, and nobody may frame it; MSE players hand over blobs. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "media-src 'self' blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

const pageHeaders = { ...sealed, "Content-Security-Policy": policy, "Cross-Origin-Opener-Policy": "same-origin" };

/** The page at `/`: its static files, one stream of what happens, and the details of one request. */
export class Page {
  readonly #source: PageSource;
  readonly #closing: AbortSignal;

  constructor(source: PageSource, closing: AbortSignal) {
    this.#source = source;
    this.#closing = closing;
  }

  async respond(request: IncomingMessage, response: ServerResponse, target: { rawPath: string }): Promise<void> {
    request.resume();
    const path = target.rawPath === "/" ? "index.html" : target.rawPath.replace("/_vodup/", "");
    const [place = "", id = ""] = path.split("/");
    if (request.method !== "GET" && request.method !== "HEAD") answer(response, 405, "only GET");
    else if (place === "stream") new Feed(this.#source, response, this.#closing).start({ ...pageHeaders });
    else if (place === "secret") this.#tellSecret(request, response);
    else if (place === "requests") answerJson(response, this.#source.requestDetail(Number(id)));
    else await serve(request, response, path);
  }

  /** Given only to a visitor that asks for it expressly: a script of the page, or no browser. */
  #tellSecret(request: IncomingMessage, response: ServerResponse): void {
    if (request.headers[controlHeader] === undefined) answer(response, 403, `needs the header ${controlHeader}: 1`);
    else answerJson(response, { secretKey: this.#source.secrets()[0] });
  }
}

async function serve(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
  const type = fileTypes[/^(?:[a-z0-9-]+\/)?[a-z0-9-]+\.([a-z]+)$/.exec(path)?.[1] ?? ""];
  const plain = type === undefined ? undefined : await read(path);
  const packed = type === undefined || plain !== undefined ? undefined : await read(`${path}.gz`);
  if (type === undefined || (plain ?? packed) === undefined) return answer(response, 404, "the page has no such file");
  const asPacked = packed !== undefined && /\bgzip\b/.test(String(request.headers["accept-encoding"]));
  const encoding = asPacked ? { "Content-Encoding": "gzip" } : {};
  response.writeHead(200, { ...pageHeaders, ...encoding, "Content-Type": type, "Cache-Control": "no-cache" });
  response.end(packed === undefined || asPacked ? (plain ?? packed) : gunzipSync(packed));
}

const read = (path: string): Promise<Buffer | undefined> => readFile(new URL(path, files)).catch(() => undefined);

function answerJson(response: ServerResponse, value: unknown): void {
  if (value === undefined) return answer(response, 404, "not kept any more");
  response.writeHead(200, { ...pageHeaders, "Content-Type": "application/json", "Cache-Control": "no-store" });
  response.end(JSON.stringify(value));
}

function answer(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { ...pageHeaders, "Content-Type": "text/plain; charset=utf-8" });
  response.end(`${message}\n`);
}
