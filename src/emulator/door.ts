import type { Answer } from "./exchange.ts";

/** A refusal, and its one line for people. */
export interface Refusal {
  readonly status: 403 | 415;
  readonly message: string;
}

/** What of a request says where it comes from. */
export interface Visitor {
  readonly method: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly tls: boolean;
}

const formTypes = /^(application\/x-www-form-urlencoded|multipart\/form-data|text\/plain)\b/i;

/** Any value: what counts is that only a script of the page itself, or no browser at all, can send it. */
export const controlHeader = "x-vodup-control";

/** Headers of everything that is answered to a browser: nobody else may embed it, guess its type or run it. */
export const sealed: Readonly<Record<string, string>> = {
  "X-Content-Type-Options": "nosniff",
  "Cross-Origin-Resource-Policy": "same-origin",
  "X-Frame-Options": "DENY",
  "Referrer-Policy": "no-referrer",
};

/** As {@link sealed}, for stored bytes: opened in a tab they are saved or shown, but run nothing. */
export const inert: Readonly<Record<string, string>> = {
  ...sealed,
  "Content-Security-Policy": "sandbox; default-src 'none'; media-src 'self'; img-src 'self'; style-src 'unsafe-inline'",
};

const isLoopbackName = (name: string): boolean =>
  /^(localhost|([a-z0-9-]+\.)+localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])$/.test(name);

const nameOf = (host: string): string => host.toLowerCase().replace(/:\d+$/, "");

/** Whether a request names this machine: a name of somebody's own that leads here (DNS rebinding) does not. */
export function namesLoopback(headers: ReadonlyMap<string, string>): boolean {
  return isLoopbackName(nameOf(headers.get("host") ?? ""));
}

/**
 * Whether a web page of another origin sent the request. Browsers say so in Origin and Sec-Fetch-Site, which no script
 * can change; other programs send neither.
 */
export function comesFromElsewhere({ headers, tls }: Visitor): boolean {
  const origin = headers.get("origin");
  const site = headers.get("sec-fetch-site");
  if (site !== undefined && site !== "same-origin" && site !== "none") return true;
  return origin !== undefined && origin !== `${tls ? "https" : "http"}://${headers.get("host") ?? ""}`;
}

/** Following a link to a page is no more than opening it. */
export function isNavigation({ method, headers }: Visitor): boolean {
  return (
    method === "GET" && headers.get("sec-fetch-mode") === "navigate" && headers.get("sec-fetch-dest") === "document"
  );
}

/** Why the page, the inspection or the controls are refused to the sender of this; undefined: they are not. */
export function refusalOf(visitor: Visitor): Refusal | undefined {
  const { method, headers } = visitor;
  if (!namesLoopback(headers)) {
    return { status: 403, message: "the Host header must be localhost or a loopback address, such as 127.0.0.1" };
  }
  if (comesFromElsewhere(visitor)) {
    return { status: 403, message: "a web page of another origin can neither read nor change this emulator" };
  }
  if (method === "GET" || method === "HEAD") return undefined;
  const inBrowser = headers.has("origin") || headers.has("sec-fetch-site");
  if (inBrowser && !headers.has(controlHeader)) {
    return { status: 403, message: `from a browser, changes need the header ${controlHeader}: 1` };
  }
  if (method === "POST" && formTypes.test(headers.get("content-type") ?? "") && !headers.has(controlHeader)) {
    return { status: 415, message: "send Content-Type: application/json, which a web form cannot" };
  }
  return undefined;
}

export function refuse({ status, message }: Refusal): Answer {
  const headers = { ...sealed, "Content-Type": "application/json" };
  return { status, headers, body: Buffer.from(JSON.stringify({ error: message })) };
}
