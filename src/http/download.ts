import type { Dispatcher } from "./dispatcher.ts";
import type { IdleLimits } from "./limits.ts";
import { NetworkError, invalidArgument } from "../errors.ts";
import type { AllowRedirect, Reach } from "./reach.ts";
import { InternalAddress } from "./reach.ts";
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

/** How redirects are followed. */
export interface Redirecting {
  /** The caller's own word on each of them, in place of the rule. */
  readonly allow: AllowRedirect | undefined;
  readonly reach: Reach;
}

/**
 * Opens a GET whose body is read as it comes. Redirects are followed, a few; credentials of the URL do not go along to
 * another origin, and none leads from a public server to an address of this machine or network: a video's server
 * must not be able to have the metadata service's answer uploaded.
 * @throws NetworkError, also while the body is being read
 */
export async function openDownload(
  { allow, reach }: Redirecting,
  request: DownloadRequest,
  limits: IdleLimits,
): Promise<Download> {
  let url = request.url;
  let { dispatcher } = reach;
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
    const next = redirectTarget(url, location);
    if (allow === undefined) {
      if (dispatcher !== reach.dispatcher || !reach.isInternal(url)) {
        const { host } = url;
        dispatcher = await reach.publicOnly(next).catch((error: unknown) => {
          throw error instanceof InternalAddress ? refusal(error, host) : error;
        });
      }
    } else {
      const answer: unknown = await allow({ from: new URL(url), to: new URL(next) });
      if (answer !== true) throw notFollowed(url, `${next.host}, which allowRedirect refuses`);
    }
    url = next;
  }
}

function refusal({ message }: InternalAddress, host: string): NetworkError {
  return new NetworkError("BAD_ANSWER", message, { host, phase: "connect" }, { retryable: false });
}

function notFollowed(from: URL, why: string): NetworkError {
  const where = { host: from.host, phase: "headers" } as const;
  return new NetworkError("BAD_ANSWER", `${shownUrl(from)} redirects to ${why}`, where, { retryable: false });
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
    throw notFollowed(from, "something that is not followed (no URL, or out of https)");
  }
  if (next.origin === from.origin && next.username === "") {
    next.username = from.username;
    next.password = from.password;
  }
  return next;
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
      : thrown instanceof InternalAddress
        ? refusal(thrown, url.host)
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
