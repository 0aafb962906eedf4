import type { Dispatcher } from "./dispatcher.ts";
import type { IdleLimits } from "./limits.ts";
import { NetworkError, invalidArgument } from "../errors.ts";
import { toNetworkError } from "./network-error.ts";
import { isRedirect } from "./status.ts";

/** More redirects than this are a loop. */
const maxRedirects = 5;

export interface DownloadRequest {
  /** May hold a user name and password; they are sent to its own origin only. */
  readonly url: URL;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

export interface Download {
  /** Where it came from, redirects followed. */
  readonly url: URL;
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The answer's bytes. Must be read or `discard`ed. */
  chunks(): AsyncIterable<Uint8Array>;
  /** Ends the connection without reading on. */
  discard(): void;
}

/** Opens downloads with the client's sockets. */
export type OpenDownload = (request: DownloadRequest) => Promise<Download>;

/** How a URL may be shown: without user, password, query and fragment, any of which may be a secret. */
export function shownUrl(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

/**
 * Opens a GET whose body is read as it comes. Redirects are followed, a few; credentials of the URL do not go along to
 * another origin.
 * @throws NetworkError, also while the body is being read
 */
export async function openDownload(
  dispatcher: Dispatcher,
  request: DownloadRequest,
  limits: IdleLimits,
): Promise<Download> {
  let url = request.url;
  for (let hop = 0; ; hop += 1) {
    const download = await get(dispatcher, url, { ...request.headers, ...authorization(url) }, request.signal, limits);
    const location = isRedirect(download.status) ? download.headers["location"] : undefined;
    if (location === undefined) return download;
    download.discard();
    if (hop === maxRedirects) {
      throw new NetworkError(
        "BAD_ANSWER",
        `${shownUrl(request.url)} redirects more than ${maxRedirects} times`,
        { host: url.host, phase: "headers", status: download.status },
        { retryable: false },
      );
    }
    url = redirectTarget(url, location);
  }
}

function redirectTarget(from: URL, location: string): URL {
  let next: URL | undefined;
  try {
    next = new URL(location, from);
  } catch {
    next = undefined;
  }
  const downgraded = from.protocol === "https:" && next?.protocol !== "https:";
  if (next === undefined || downgraded || !/^https?:$/.test(next.protocol)) {
    throw new NetworkError(
      "BAD_ANSWER",
      `${shownUrl(from)} redirects to something that is not followed (no URL, or out of https)`,
      { host: from.host, phase: "headers" },
      { retryable: false },
    );
  }
  if (isInternal(next.hostname) && !isInternal(from.hostname)) {
    throw new NetworkError(
      "BAD_ANSWER",
      `${shownUrl(from)} redirects to ${next.host}, an address of this machine or network, which is not followed`,
      { host: from.host, phase: "headers" },
      { retryable: false },
    );
  }
  if (next.origin === from.origin && next.username === "") {
    next.username = from.username;
    next.password = from.password;
  }
  return next;
}

/**
 * Whether a host is an address of this machine or its network, such as the metadata service's, by its text alone: names
 * are not resolved. URL has brought every notation of an IPv4 address into the dotted one.
 */
export function isInternal(hostname: string): boolean {
  const host = hostname.toLowerCase().replace(/\.$/, "");
  if (host === "localhost" || host.endsWith(".localhost") || host === "metadata.tencentyun.com") return true;
  if (host.startsWith("[")) return /^\[(?:::|f[cd]|fe[89ab])/.test(host);
  const [a = -1, b = -1, ...more] = /^\d+(?:\.\d+){3}$/.test(host) ? host.split(".").map(Number) : [];
  if (more.length === 0) return false;
  return (
    a === 0 ||
    a === 10 ||
    a === 127 ||
    (a === 172 && b >= 16 && b < 32) ||
    (a === 192 && b === 168) ||
    (a === 169 && b === 254) ||
    (a === 100 && b >= 64 && b < 128)
  );
}

function authorization(url: URL): Record<string, string> {
  if (url.username === "" && url.password === "") return {};
  const pair = Buffer.concat([bytesOf(url.username), Buffer.from(":"), bytesOf(url.password)]);
  return { authorization: `Basic ${pair.toString("base64")}` };
}

/** What percent-encoded text stands for, which need not be UTF-8. */
function bytesOf(text: string): Buffer {
  const latin1 = text.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(latin1, "latin1");
}

async function get(
  dispatcher: Dispatcher,
  url: URL,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
  limits: IdleLimits,
): Promise<Download> {
  const explain = (thrown: unknown, status: number | undefined): unknown =>
    signal.aborted
      ? signal.reason
      : toNetworkError(thrown, { host: url.host, operation: `GET ${shownUrl(url)}`, status });
  let response: Dispatcher.ResponseData;
  try {
    response = await dispatcher.request({
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method: "GET",
      headers: { host: url.host, ...headers },
      headersTimeout: limits.headersMs,
      bodyTimeout: limits.bodyMs,
      signal,
    });
  } catch (thrown) {
    throw explain(thrown, undefined);
  }
  const { statusCode: status, body } = response;
  return {
    url,
    status,
    headers: single(response.headers),
    chunks: async function* () {
      try {
        for await (const chunk of body) yield chunk as Buffer;
      } catch (thrown) {
        throw explain(thrown, status);
      }
    },
    // Its own error, when it is ended early, is nobody's business.
    discard: () => body.on("error", () => undefined).destroy(),
  };
}

function single(headers: Record<string, string | string[] | undefined>): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), Array.isArray(value) ? value[0] : value]),
  );
}

/** @throws TypeError `ERR_INVALID_ARG_VALUE` for a URL that cannot be downloaded */
export function checkDownloadUrl(field: string, url: URL): void {
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw invalidArgument(field, "must be a file:, http: or https: URL", url.protocol);
  }
}
