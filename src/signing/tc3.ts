import {
  InvalidArgumentError,
  requireCredentials,
  requireLine,
  requireMatch,
  requireMethod,
  requireNames,
  requireObject,
  requireRecord,
  requireSeconds,
  requireSpelling,
} from "./argument.ts";
import { hmacSha256, sha256Hex } from "./hash.ts";

/*
 * TC3-HMAC-SHA256, the signature of the API 3.0 (266/34114, 213/30654). Each stage is a function, in the order in
 * which the values arise:
 *
 *   hashedPayload → canonicalRequest → hashedCanonicalRequest ─┐
 *   timestamp, service → credentialScope ──────────────────────┴→ stringToSign ─┐
 *   secretKey → secretDate → secretService → secretSigning ─────────────────────┴→ signature → authorization
 */

/** The name of the algorithm, first line of the string to sign and first word of the Authorization header. */
export const TC3_ALGORITHM = "TC3-HMAC-SHA256";

const scopeEnd = "tc3_request";

/** What today's documentation signs. Vendor SDKs leave x-tc-action out, so their signature fits any other action. */
const defaultSignedHeaders: readonly string[] = ["content-type", "host", "x-tc-action"];

export interface Tc3Request {
  /** `POST` or `GET`; upper-cased, as HTTP clients send it. */
  readonly method: string;
  /** The Host header exactly as sent, with the port if there is one. It wins over a `host` among the headers. */
  readonly host: string;
  /** @defaultValue `"/"`, the only path the API has */
  readonly path?: string | undefined;
  /** The text after `?` as sent: already encoded, neither sorted nor changed here. @defaultValue `""` */
  readonly query?: string | undefined;
  /** Headers as sent, names in any case. Those that are not signed may be given too. */
  readonly headers: Readonly<Record<string, string>>;
  /** The bytes sent; a string stands for its UTF-8 form. Empty for GET. */
  readonly body: string | Uint8Array;
  /** The product, such as `vod`; independent of the endpoint. */
  readonly service: string;
  /** Unix seconds, 0 to 253402300799: the value of X-TC-Timestamp. The service accepts ± 5 minutes. */
  readonly timestamp: number;
  /**
   * Names of the headers to sign, in any case and order. The service demands content-type and host.
   * @defaultValue content-type, host and x-tc-action, as far as they are given
   */
  readonly signedHeaders?: readonly string[] | undefined;
}

export interface Tc3Credentials {
  readonly secretId: string;
  readonly secretKey: string;
}

/** Every intermediate of one signature, in the order of the algorithm. None of them is or reveals a key. */
export interface Tc3Signature {
  /** SHA-256 of the body, lower-case hexadecimal: the last line of the canonical request. */
  readonly hashedPayload: string;
  /** Lower-case names joined by `;`, sorted. */
  readonly signedHeaders: string;
  readonly canonicalRequest: string;
  /** SHA-256 of the canonical request, lower-case hexadecimal. */
  readonly hashedCanonicalRequest: string;
  /** `YYYY-MM-DD/service/tc3_request`, the date in UTC. */
  readonly credentialScope: string;
  readonly stringToSign: string;
  /** 64 lower-case hexadecimal digits. */
  readonly signature: string;
  /** The value of the Authorization header. */
  readonly authorization: string;
}

/**
 * Signs an API 3.0 request and returns every intermediate (wire §2).
 *
 * Header values enter the canonical request trimmed and in lower case; what is sent stays as it is. Keys and ids are
 * used as given, never trimmed. A token is sent as X-TC-Token and is not part of the signature.
 *
 * @throws TypeError `ERR_INVALID_ARG_VALUE` naming the argument at fault
 * @see vod 266/34114, cvm 213/30654
 */
export function signTc3(request: Tc3Request, credentials: Tc3Credentials): Tc3Signature {
  requireTc3Request(request);
  requireCredentials(credentials);
  const { method, path = "/", query = "", body, service, timestamp } = request;
  const { secretId, secretKey } = credentials;

  const headers = chosenHeaders(request);
  const signedHeaders = headers.map(([name]) => name).join(";");
  const hashedPayload = sha256Hex(body);
  const canonicalRequest = tc3CanonicalRequest({ method: method.toUpperCase(), path, query, headers, hashedPayload });
  const hashedCanonicalRequest = sha256Hex(canonicalRequest);
  const credentialScope = tc3CredentialScope(timestamp, service);
  const stringToSign = tc3StringToSign(timestamp, credentialScope, hashedCanonicalRequest);
  const signature = tc3SignatureHex(signingKey(credentials, secretKey, timestamp, service), stringToSign);
  const authorization = tc3Authorization({ secretId, credentialScope, signedHeaders, signature });

  return {
    hashedPayload,
    signedHeaders,
    canonicalRequest,
    hashedCanonicalRequest,
    credentialScope,
    stringToSign,
    signature,
    authorization,
  };
}

/** The pieces of a canonical request, taken literally. */
export interface Tc3CanonicalPieces {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  /** `[name, value]` in the order in which they are signed. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Lower-case hexadecimal SHA-256 of the body. */
  readonly hashedPayload: string;
}

/**
 * Joins the pieces of a canonical request without changing or checking one, so that a signer with other habits (a
 * vendor's, or a request that is being verified) can be reproduced (wire §2.1).
 *
 * Every header line ends in a line feed, hence the empty line before the list of names; the last line has none.
 */
export function tc3CanonicalRequest(pieces: Tc3CanonicalPieces): string {
  const headerLines = pieces.headers.map(([name, value]) => `${name}:${value}\n`).join("");
  const names = pieces.headers.map(([name]) => name).join(";");
  return [pieces.method, pieces.path, pieces.query, headerLines, names, pieces.hashedPayload].join("\n");
}

/** The UTC date of the timestamp, the product and the terminator: `2025-01-01/vod/tc3_request` (wire §2.3, §2.4). */
export function tc3CredentialScope(timestamp: number, service: string): string {
  return `${utcDate(timestamp)}/${service}/${scopeEnd}`;
}

/** The four lines the signature is computed over (wire §2.8). */
export function tc3StringToSign(timestamp: number, credentialScope: string, hashedCanonicalRequest: string): string {
  return [TC3_ALGORITHM, String(timestamp), credentialScope, hashedCanonicalRequest].join("\n");
}

/** Keys derived from the secret key, as lower-case hexadecimal. Each of them is a secret. */
export interface Tc3Keys {
  readonly secretDate: string;
  readonly secretService: string;
  /** Signs any request to the service on that day. */
  readonly secretSigning: string;
}

/**
 * Derives the chain of keys of one UTC day and one service. The result is secret: it signs for the whole day without
 * the secret key, so {@link signTc3} does not return it. For comparing an implementation stage by stage.
 * wire §2.6, §2.10.
 */
export function deriveTc3Keys(secretKey: string, timestamp: number, service: string): Tc3Keys {
  const secretDate = hmacSha256(`TC3${secretKey}`, utcDate(timestamp));
  const secretService = hmacSha256(secretDate, service);
  const secretSigning = hmacSha256(secretService, scopeEnd);
  return {
    secretDate: secretDate.toString("hex"),
    secretService: secretService.toString("hex"),
    secretSigning: secretSigning.toString("hex"),
  };
}

/** Of credentials that signed before: the key of their last day and service. It goes when they go. */
const lastKeys = new WeakMap<object, { readonly of: string; readonly key: string }>();

/** The chain is the same for a whole day: to derive it for each request would be half of what a signature costs. */
function signingKey(credentials: object, secretKey: string, timestamp: number, service: string): string {
  const of = `${utcDate(timestamp)}/${service}/${secretKey}`;
  const last = lastKeys.get(credentials);
  if (last?.of === of) return last.key;
  const key = deriveTc3Keys(secretKey, timestamp, service).secretSigning;
  lastKeys.set(credentials, { of, key });
  return key;
}

/** The signature itself, 64 lower-case hexadecimal digits; `secretSigning` as {@link deriveTc3Keys} gives it. */
export function tc3SignatureHex(secretSigning: string, stringToSign: string): string {
  return hmacSha256(Buffer.from(secretSigning, "hex"), stringToSign).toString("hex");
}

/**
 * The Authorization header: one blank after the algorithm, a comma and one blank between its three parts.
 * wire §2.9.
 */
export function tc3Authorization(parts: {
  readonly secretId: string;
  readonly credentialScope: string;
  readonly signedHeaders: string;
  readonly signature: string;
}): string {
  const credential = `Credential=${parts.secretId}/${parts.credentialScope}`;
  return `${TC3_ALGORITHM} ${credential}, SignedHeaders=${parts.signedHeaders}, Signature=${parts.signature}`;
}

/** In UTC: with the local date, signatures made in Beijing fail from midnight to 08:00. */
function utcDate(timestamp: number): string {
  return new Date(timestamp * 1000).toISOString().slice(0, "YYYY-MM-DD".length);
}

/** The headers to sign with name and value in canonical form, sorted by name. */
function chosenHeaders({ headers, host, signedHeaders }: Tc3Request): [name: string, value: string][] {
  const given = new Map<string, string>();
  for (const [rawName, value] of Object.entries(headers)) {
    const name = rawName.trim().toLowerCase();
    if (given.has(name)) throw new InvalidArgumentError(`headers["${name}"]`, "is given twice, in different case");
    given.set(name, canonicalValue(value));
  }
  given.set("host", canonicalValue(host));

  if (signedHeaders === undefined)
    return pick(
      given,
      defaultSignedHeaders.filter((name) => given.has(name)),
    );
  const wanted = signedHeaders.map((name) => name.trim().toLowerCase());
  for (const [index, name] of wanted.entries()) {
    if (!given.has(name)) throw new InvalidArgumentError("signedHeaders", `names "${name}", which headers do not hold`);
    if (wanted.indexOf(name) !== index) throw new InvalidArgumentError("signedHeaders", `names "${name}" twice`);
  }
  return pick(given, wanted);
}

function pick(given: ReadonlyMap<string, string>, names: readonly string[]): [name: string, value: string][] {
  return [...names].sort().map((name) => [name, given.get(name) ?? ""]);
}

function canonicalValue(value: string): string {
  return value.trim().toLowerCase();
}

const requestNames = ["method", "host", "path", "query", "headers", "body", "service", "timestamp", "signedHeaders"];
const httpToken = /^\s*[!#$%&'*+.^_`|~0-9A-Za-z-]+\s*$/;

function requireTc3Request(request: Tc3Request): void {
  requireObject("request", request);
  requireSpelling(request, requestNames);
  requireMethod(request.method);
  requireMatch("host", request.host, /^\s*[^\s/?#@]+\s*$/, "must be a host name with an optional port");
  if (request.path !== undefined) {
    requireLine("path", request.path);
    if (!request.path.startsWith("/")) throw new InvalidArgumentError("path", "must begin with a slash");
  }
  if (request.query !== undefined) requireLine("query", request.query);
  requireRecord("headers", request.headers);
  for (const [name, value] of Object.entries(request.headers)) {
    const place = (): string => `headers[${JSON.stringify(name)}]`;
    requireMatch(place, name, httpToken, "is not a header name");
    requireLine(place, value);
  }
  if (typeof request.body !== "string" && !(request.body instanceof Uint8Array)) {
    throw new InvalidArgumentError("body", "must be a string or a Uint8Array");
  }
  requireMatch("service", request.service, /^[^\s/]+$/, "must be a product name such as vod");
  requireSeconds("timestamp", request.timestamp);
  if (request.signedHeaders !== undefined) requireNames("signedHeaders", request.signedHeaders);
}
