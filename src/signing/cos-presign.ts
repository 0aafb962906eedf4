import { InvalidArgumentError, requireObject, requireRecord, requireSpelling, requireText } from "./argument.ts";
import { signCos } from "./cos-v5.ts";
import { encodeKeyPath, encodeQuery, hasDotSegment } from "./percent-encode.ts";

export interface CosPresignRequest {
  /** Any case. The URL is valid for this method only. */
  readonly method: string;
  /** The origin, such as `https://bucket-1250000000.cos.ap-guangzhou.myqcloud.com`; nothing after host and port. */
  readonly url: string;
  /** The decoded path, beginning with a slash. */
  readonly path: string;
  /** Decoded parameters, all signed, sent in the given order. Null and undefined are the empty value. */
  readonly query?: Readonly<Record<string, string | null | undefined>> | undefined;
  /** Headers the sender must send as given, all signed. `host` is taken from `url` and wins over one given here. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Unix seconds from which the URL is valid. */
  readonly startTime: number;
  /** Unix seconds up to which the URL is valid. With temporary keys a signature counts for at most 2 hours. */
  readonly endTime: number;
}

export interface CosPresignCredentials {
  readonly secretId: string;
  readonly secretKey: string;
  /** Token of temporary keys. It is appended to the URL and not signed; empty means none. */
  readonly token?: string | undefined;
}

const requestNames = ["method", "url", "path", "query", "headers", "startTime", "endTime"];

const tokenParam = "x-cos-security-token";

/** The parameters of the signature, which the caller's own query must not repeat. */
const signatureParams: ReadonlySet<string> = new Set([
  "q-sign-algorithm",
  "q-ak",
  "q-sign-time",
  "q-key-time",
  "q-header-list",
  "q-url-param-list",
  "q-signature",
]);

/**
 * Builds a URL that carries its own signature. Its holder may send that one request until `endTime`: treat the
 * URL as a secret (wire §5.10).
 *
 * Every value is percent-encoded, `;` as `%3B` too, and the lists of names once more, so that the server decodes
 * them back to exactly what was signed. Unlike the Node SDK, which leaves `;`, encoded names and the token raw.
 *
 * Paths with dot segments are refused: a browser or `fetch` resolves them, and the URL would name another object
 * than the signed one.
 *
 * @throws TypeError `ERR_INVALID_ARG_VALUE` naming the argument at fault
 * @see cos 436/7778
 */
export function presignCosUrl(request: CosPresignRequest, credentials: CosPresignCredentials): string {
  requireObject("request", request);
  requireSpelling(request, requestNames);
  requireObject("credentials", credentials);
  const { method, path, query = {}, headers = {}, startTime, endTime } = request;
  const { token = "" } = credentials;
  const { origin, host } = requireOrigin(request.url);
  requireText("path", path);
  if (hasDotSegment(path)) throw new InvalidArgumentError("path", "must not hold dot segments");
  requireText("token", token);
  requireOwnQuery(query, token);

  const signed = signCos({ method, path, query, headers: withHost(headers, host), startTime, endTime }, credentials);
  const parameters = encodeQuery({
    "q-sign-algorithm": "sha1",
    "q-ak": credentials.secretId,
    "q-sign-time": signed.keyTime,
    "q-key-time": signed.keyTime,
    "q-header-list": signed.headerList,
    "q-url-param-list": signed.urlParamList,
    "q-signature": signed.signature,
    ...(token === "" ? {} : { [tokenParam]: token }),
  });
  const ownParameters = encodeQuery(query);
  return `${origin}${encodeKeyPath(path)}?${ownParameters}${ownParameters === "" ? "" : "&"}${parameters}`;
}

/** The form a URL parser gives host and origin (lower case, no default port) is the one every client then sends. */
function requireOrigin(url: unknown): { origin: string; host: string } {
  requireText("url", url);
  if (!URL.canParse(url)) throw new InvalidArgumentError("url", "must be an absolute URL");
  const { protocol, origin, host, username, password, pathname, search, hash } = new URL(url);
  if (protocol !== "https:" && protocol !== "http:") throw new InvalidArgumentError("url", "must be http or https");
  if (username !== "" || password !== "") throw new InvalidArgumentError("url", "must not hold credentials");
  if (pathname !== "/" || search !== "" || hash !== "") {
    throw new InvalidArgumentError("url", "must be an origin, without path, query and fragment");
  }
  return { origin, host };
}

function withHost(headers: Readonly<Record<string, string>>, host: string): Record<string, string> {
  requireRecord("headers", headers);
  const others = Object.entries(headers).filter(([name]) => name.toLowerCase() !== "host");
  return { ...Object.fromEntries(others), host };
}

function requireOwnQuery(query: object, token: string): void {
  requireRecord("query", query);
  for (const name of Object.keys(query)) {
    const lower = name.toLowerCase();
    if (signatureParams.has(lower) || (lower === tokenParam && token !== "")) {
      throw new InvalidArgumentError(`query["${name}"]`, "is set by the signature itself");
    }
  }
}
