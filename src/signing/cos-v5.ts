import {
  InvalidArgumentError,
  requireCredentials,
  requireMethod,
  requireNames,
  requireObject,
  requireRecord,
  requireSeconds,
  requireSpelling,
  requireText,
} from "./argument.ts";
import { hmacSha1, sha1Hex } from "./hash.ts";
import { percentEncode } from "./percent-encode.ts";

/*
 * Signature v5 of the object storage (436/7778). The values in the order in which they arise:
 *
 *   startTime, endTime → keyTime → signKey ─────────────────────────────────┐
 *   query → urlParamList ┐                                                  │
 *   headers → headerList ┴→ httpString → SHA-1 → stringToSign ──────────────┴→ signature → authorization
 */

export interface CosRequest {
  /** Any case; it is signed in lower case. */
  readonly method: string;
  /**
   * The decoded path, beginning with a slash and without query. Signed exactly as it is: runs of slashes, dot
   * segments, `%` and any other character stand for themselves.
   */
  readonly path: string;
  /** Decoded names and values. Null and undefined are the empty value (`?uploads`). @defaultValue none */
  readonly query?: Readonly<Record<string, string | null | undefined>> | undefined;
  /** Decoded header values as sent, never trimmed here; names in any case. @defaultValue none */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Unix seconds from which the signature is valid. */
  readonly startTime: number;
  /** Unix seconds up to which the signature is valid. */
  readonly endTime: number;
  /** Names of the headers to sign, in any case and order. @defaultValue every header given */
  readonly signedHeaders?: readonly string[] | undefined;
}

export interface CosCredentials {
  readonly secretId: string;
  readonly secretKey: string;
}

/** Every intermediate of one signature, in the order of the algorithm. */
export interface CosSignature {
  /** `startTime;endTime`. */
  readonly keyTime: string;
  /** 40 lower-case hexadecimal digits. Secret: within `keyTime` it signs any request without the secret key. */
  readonly signKey: string;
  /** Method, path, query and headers in canonical form: what the server echoes as FormatString. */
  readonly httpString: string;
  /** What the server echoes as StringToSign, with its trailing line feed. */
  readonly stringToSign: string;
  /** Canonical names of the signed headers joined by `;`. */
  readonly headerList: string;
  /** Canonical names of the query parameters joined by `;`. */
  readonly urlParamList: string;
  /** 40 lower-case hexadecimal digits. */
  readonly signature: string;
  /** The value of the Authorization header. */
  readonly authorization: string;
}

/**
 * Signs a request to the object storage and returns every intermediate (wire §5).
 *
 * @throws TypeError `ERR_INVALID_ARG_VALUE` naming the argument at fault; also when two names of the query or of the
 * headers are equal but for case, because the server knows them as one
 * @see cos 436/7778
 */
export function signCos(request: CosRequest, credentials: CosCredentials): CosSignature {
  requireCosRequest(request);
  requireCredentials(credentials);
  const { method, path, query = {}, headers = {}, startTime, endTime, signedHeaders } = request;
  const { secretId, secretKey } = credentials;

  const keyTime = `${startTime};${endTime}`;
  const signKey = hmacSha1(secretKey, keyTime).toString("hex");

  const params = canonicalFields("query", query);
  const signed = narrow(canonicalFields("headers", headers), signedHeaders);
  const urlParamList = params.map(([name]) => name).join(";");
  const headerList = signed.map(([name]) => name).join(";");
  const httpString = [method.toLowerCase(), path, joined(params), joined(signed), ""].join("\n");
  const stringToSign = ["sha1", keyTime, sha1Hex(httpString), ""].join("\n");
  // The key is the text of the 40 digits, not the 20 bytes they stand for.
  const signature = hmacSha1(signKey, stringToSign).toString("hex");

  const authorization = [
    "q-sign-algorithm=sha1",
    `q-ak=${secretId}`,
    `q-sign-time=${keyTime}`,
    `q-key-time=${keyTime}`,
    `q-header-list=${headerList}`,
    `q-url-param-list=${urlParamList}`,
    `q-signature=${signature}`,
  ].join("&");
  return { keyTime, signKey, httpString, stringToSign, headerList, urlParamList, signature, authorization };
}

type Field = readonly [name: string, value: string];

/** Lower-cased after encoding, so that the escapes of a name are in lower case too (`%5B` → `%5b`). */
function canonicalName(name: string): string {
  return percentEncode(name).toLowerCase();
}

/**
 * Encodes, then lower-cases the names, then sorts, once: the lists and the strings come from the same sorted fields.
 * SDKs that sort the string by the raw names and the list by the encoded ones disagree with the server for names
 * whose two forms sort differently (`{`, `|`, all of non-ASCII).
 */
function canonicalFields(
  argument: "query" | "headers",
  record: Readonly<Record<string, string | null | undefined>>,
): Field[] {
  const fields = new Map<string, string>();
  for (const [rawName, value] of Object.entries(record)) {
    const name = canonicalName(rawName);
    if (fields.has(name)) {
      throw new InvalidArgumentError(`${argument}[${JSON.stringify(rawName)}]`, "is given twice, in different case");
    }
    fields.set(name, percentEncode(value ?? ""));
  }
  return [...fields].sort(([a], [b]) => (a < b ? -1 : 1));
}

function narrow(fields: readonly Field[], names: readonly string[] | undefined): readonly Field[] {
  if (names === undefined) return fields;
  const wanted = new Set<string>();
  for (const name of names.map(canonicalName)) {
    if (wanted.has(name)) throw new InvalidArgumentError("signedHeaders", `names "${name}" twice`);
    if (!fields.some(([given]) => given === name)) {
      throw new InvalidArgumentError("signedHeaders", `names "${name}", which headers do not hold`);
    }
    wanted.add(name);
  }
  return fields.filter(([name]) => wanted.has(name));
}

function joined(fields: readonly Field[]): string {
  return fields.map(([name, value]) => `${name}=${value}`).join("&");
}

const requestNames = ["method", "path", "query", "headers", "startTime", "endTime", "signedHeaders"];

function requireCosRequest(request: CosRequest): void {
  requireObject("request", request);
  requireSpelling(request, requestNames);
  requireMethod(request.method);
  requireText("path", request.path);
  if (!request.path.startsWith("/")) throw new InvalidArgumentError("path", "must begin with a slash");
  for (const argument of ["query", "headers"] as const) {
    const record = request[argument];
    if (record === undefined) continue;
    requireRecord(argument, record);
    for (const [name, value] of Object.entries(record)) {
      const place = (): string => `${argument}[${JSON.stringify(name)}]`;
      requireText(place, name);
      requireText(place, argument === "query" ? (value ?? "") : value);
    }
  }
  requireSeconds("startTime", request.startTime);
  requireSeconds("endTime", request.endTime);
  if (request.signedHeaders !== undefined) requireNames("signedHeaders", request.signedHeaders);
}
