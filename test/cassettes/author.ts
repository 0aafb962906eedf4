/**
 * Writes cassettes: fixed keys, a fixed clock, and every signature computed by src/signing. The definitions beside this
 * file say what is asked and answered; `npm run` nothing here, see scripts/make-cassettes.mjs.
 */
import type { CassetteSource, SourceKind } from "../../src/replay/cassette.ts";
import { encodeKeyPath, percentEncode, signCos, signTc3 } from "../../src/signing/index.ts";

export type Json = Readonly<Record<string, unknown>>;

/** 2025-01-01T00:00:00Z */
export const clockStart = 1_735_689_600;
export const date = "Wed, 01 Jan 2025 00:00:00 GMT";

export interface Keys {
  readonly secretId: string;
  readonly secretKey: string;
  readonly token?: string;
}

export const accountKeys: Keys = {
  secretId: "AKIDEXAMPLE0000000000000000000000000",
  secretKey: "EXAMPLEKEY0000000000000000000000",
};

/** What ApplyUpload would hand out. The token holds the characters that get lost where encoding is forgotten. */
export const temporaryKeys: Keys = {
  secretId: "AKIDEXAMPLETEMPORARY0000000000000000",
  secretKey: "EXAMPLETEMPORARYKEY0000000000000",
  token: "EXAMPLETOKEN+0000/0000==",
};

export interface CassetteFile {
  /** Below fixtures/cassettes, without `.json`. */
  readonly name: string;
  readonly content: Json;
}

/** Of an answer that somebody received and made public. */
export type PublishedSource = Extract<CassetteSource, { readonly kind: "published" }>;

export interface Origin {
  readonly source: Exclude<SourceKind, "recorded" | "published"> | PublishedSource;
  /** Page, package and revision, thread or method; what was changed. */
  readonly note: string;
}

export interface Definition extends Origin {
  readonly name: string;
  readonly description: string;
  readonly expect: Json;
}

/** JSON with sorted names at every depth, so that a regenerated file differs only where something changed. */
export function serialise(content: Json): string {
  return `${JSON.stringify(sortNames(content), undefined, 2)}\n`;
}

/** Also the order in which a request's JSON is signed: the recorded Authorization is that of the file's own order. */
export function sortNames(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortNames);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(
    entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, member]) => [name, sortNames(member)]),
  );
}

export function assemble(definition: Definition, keys: Keys, call: Json, interactions: readonly Json[]): CassetteFile {
  const { name, description, source, note, expect } = definition;
  return {
    name,
    content: {
      format: 1,
      scenario: name.replaceAll("/", "-"),
      description,
      source:
        typeof source === "string" ? { kind: source, text: note } : { ...source, text: `${source.text}; ${note}` },
      clock: { start: clockStart, stepMs: 0 },
      credentials: keys,
      call,
      interactions,
      expect,
    },
  };
}

/** The international host, but for the action that only the China site has. */
export const vodHostOf = (action: string): string =>
  action === "DescribeEventsState" ? "vod.tencentcloudapi.com" : "vod.intl.tencentcloudapi.com";
const vodRegion = "ap-singapore";

export interface VodCall {
  readonly action: string;
  readonly params: Json;
  readonly subAppId?: number;
  readonly keys?: Keys;
  /** Other than content-type, host and x-tc-action. */
  readonly signedHeaders?: readonly string[];
}

/** A signed request of the JSON API. */
export function vodRequest({ action, params, subAppId, keys = accountKeys, signedHeaders }: VodCall): Json {
  const json = subAppId === undefined ? params : { SubAppId: subAppId, ...params };
  const headers: Record<string, string> = {
    "content-type": "application/json",
    "x-tc-action": action,
    "x-tc-region": vodRegion,
    "x-tc-timestamp": String(clockStart),
    "x-tc-version": "2018-07-17",
  };
  if (keys.token !== undefined) headers["x-tc-token"] = keys.token;
  const { authorization } = signTc3(
    {
      method: "POST",
      host: vodHostOf(action),
      headers,
      body: JSON.stringify(sortNames(json)),
      service: "vod",
      timestamp: clockStart,
      signedHeaders,
    },
    keys,
  );
  return {
    method: "POST",
    url: `https://${vodHostOf(action)}/`,
    headers,
    requireHeaders: ["content-length"],
    forbidHeaders: [...(keys.token === undefined ? ["x-tc-token"] : []), "transfer-encoding"],
    authorization,
    json,
  };
}

export function vodCassette(
  definition: Definition & VodCall & { readonly replies: readonly Json[]; attempts?: number },
): CassetteFile {
  const { action, params, subAppId, keys = accountKeys, signedHeaders, replies, attempts } = definition;
  const input = {
    params,
    region: vodRegion,
    subAppId,
    signedHeaders: signedHeaders === undefined ? undefined : "minimal",
  };
  const interaction = { id: "call", request: vodRequest(definition), ...replied(replies) };
  return assemble(definition, keys, { api: "vod", op: action, input, attempts }, [interaction]);
}

export function replied(replies: readonly Json[]): Json {
  return replies.length === 1 ? { response: replies[0] } : { replies };
}

/** A JSON answer as the service sends it: HTTP 200, whatever it says. */
export function envelope(response: Json, more: Json = {}): Json {
  return {
    status: 200,
    headers: [
      ["Date", date],
      ["Content-Type", "application/json"],
    ],
    json: { Response: response },
    ...more,
  };
}

export const bucket = "examplebucket-1250000000";
export const cosRegion = "ap-guangzhou";
export const cosHost = `${bucket}.cos.${cosRegion}.myqcloud.com`;
/** A signature holds from a minute before to fifteen minutes after the moment it is made. */
const cosTimes = { startTime: clockStart - 60, endTime: clockStart + 900 };

export interface CosCall {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "DELETE";
  readonly key: string;
  /** An empty value is written without `=`. */
  readonly query?: Readonly<Record<string, string>>;
  /** Bytes of the body; left out where the request has none. */
  readonly length?: number;
  readonly contentType?: string;
  /** The body's form in the cassette. */
  readonly body?: Json;
  readonly keys?: Keys;
}

/** What signs a COS request, computed; for cassettes whose answer repeats it. */
export function cosSignature({ method, key, query = {}, length, contentType, keys = temporaryKeys }: CosCall): {
  headers: Record<string, string>;
  signed: ReturnType<typeof signCos>;
} {
  const headers: Record<string, string> = {};
  if (length !== undefined) headers["content-length"] = String(length);
  if (contentType !== undefined) headers["content-type"] = contentType;
  if (keys.token !== undefined) headers["x-cos-security-token"] = keys.token;
  const signed = signCos({ method, path: `/${key}`, query, headers: { ...headers, host: cosHost }, ...cosTimes }, keys);
  return { headers, signed };
}

/** A signed request to the object storage. */
export function cosRequest(call: CosCall): Json {
  const { headers, signed } = cosSignature(call);
  const query = Object.entries(call.query ?? {})
    .map(([name, value]) => (value === "" ? percentEncode(name) : `${percentEncode(name)}=${percentEncode(value)}`))
    .join("&");
  return {
    method: call.method,
    url: `https://${cosHost}/${encodeKeyPath(call.key)}${query === "" ? "" : `?${query}`}`,
    headers,
    forbidHeaders: [...(call.contentType === undefined ? ["content-type"] : []), "transfer-encoding", "x-cos-acl"],
    authorization: signed.authorization,
    ...(call.body ?? { bodyLength: 0 }),
  };
}

export function cosCassette(
  definition: Definition & { op: string; input: Json; interactions: readonly Json[]; keys?: Keys; attempts?: number },
): CassetteFile {
  const { op, input, interactions, keys = temporaryKeys, attempts } = definition;
  return assemble(
    definition,
    keys,
    { api: "cos", op, input: { bucket, region: cosRegion, ...input }, attempts },
    interactions,
  );
}
