import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { request as httpsRequest } from "node:https";
import { expect } from "vitest";
import { SpecChecker } from "../../support/spec-check.ts";
import { encodeKeyPath, encodeQuery, signCos, signTc3 } from "../../../src/signing/index.ts";
import type { Emulator, Json, JsonObject } from "../../../src/emulator/index.ts";

/* Raw requests, signed by src/signing and sent by node:http: nothing of the client under test is in the way. */

export interface WireAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Names and values as they came. */
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  readonly text: string;
}

export interface WireRequest {
  readonly method: string;
  /** As sent. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string | undefined;
  /** PEM to trust, for https. */
  readonly ca?: string | undefined;
  readonly servername?: string | undefined;
}

export async function send(origin: string, wire: WireRequest): Promise<WireAnswer> {
  const url = new URL(origin);
  const options = {
    method: wire.method,
    host: url.hostname,
    port: url.port,
    path: wire.target,
    headers: { host: url.host, ...wire.headers },
    agent: false as const,
    ...(wire.ca === undefined ? {} : { ca: wire.ca }),
    ...(wire.servername === undefined ? {} : { servername: wire.servername }),
  };
  return new Promise((resolve, reject) => {
    const start = url.protocol === "https:" ? httpsRequest : httpRequest;
    const request = start(options, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const body = Buffer.concat(chunks);
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          rawHeaders: response.rawHeaders,
          body,
          text: body.toString("utf8"),
        });
      });
    });
    request.on("error", reject);
    // A string body would be joined with the head and both written as UTF-8, header bytes and all.
    request.end(Buffer.from(wire.body ?? ""));
  });
}

export interface Tc3Changes {
  /** Sent and signed in place of the usual ones; undefined leaves one out. */
  readonly headers?: Readonly<Record<string, string | undefined>> | undefined;
  /** Sent but changed after signing. */
  readonly lateHeaders?: Readonly<Record<string, string>> | undefined;
  readonly secretId?: string | undefined;
  readonly secretKey?: string | undefined;
  readonly signedHeaders?: readonly string[] | undefined;
  readonly signedHost?: string | undefined;
  readonly signedBody?: string | undefined;
  readonly service?: string | undefined;
  /** Unix seconds. */
  readonly timestamp?: number | undefined;
  readonly method?: string | undefined;
  readonly authorization?: ((right: string) => string) | undefined;
}

/** Calls an action with a body as given; `changes` make it wrong. */
export async function callRaw(
  emulator: Emulator,
  action: string,
  body: string,
  changes: Tc3Changes = {},
): Promise<WireAnswer> {
  const timestamp = changes.timestamp ?? Math.floor(emulator.now() / 1000);
  const usual: Record<string, string | undefined> = {
    "content-type": "application/json",
    "x-tc-action": action,
    "x-tc-version": "2018-07-17",
    "x-tc-timestamp": String(timestamp),
    "x-tc-region": "ap-singapore",
    ...changes.headers,
  };
  const headers = definedOnly(usual);
  const signed = signTc3(
    {
      method: changes.method ?? "POST",
      host: changes.signedHost ?? new URL(emulator.origin).host,
      headers,
      body: changes.signedBody ?? body,
      service: changes.service ?? "vod",
      timestamp,
      signedHeaders: changes.signedHeaders,
    },
    { secretId: changes.secretId ?? emulator.secretId, secretKey: changes.secretKey ?? emulator.secretKey },
  );
  const authorization = changes.authorization?.(signed.authorization) ?? signed.authorization;
  return send(emulator.vodEndpoint, {
    method: changes.method ?? "POST",
    target: "/",
    headers: { ...headers, ...changes.lateHeaders, authorization, "content-length": String(Buffer.byteLength(body)) },
    body,
  });
}

function definedOnly(record: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(record).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

const spec = new SpecChecker();

/** `Response` of a call; an answer that is no error must be what the specification of the API says. */
export async function call(
  emulator: Emulator,
  action: string,
  params: object = {},
  changes: Tc3Changes = {},
): Promise<JsonObject> {
  const answer = await callRaw(emulator, action, JSON.stringify(params), changes);
  const { Response } = JSON.parse(answer.text) as { Response: JsonObject };
  if (Response["Error"] === undefined) expect(spec.response(action, Response)).toEqual([]);
  return Response;
}

/** A member of a member of …; undefined when one of them is not there. */
export function dig(value: Json | undefined, ...path: readonly (string | number)[]): Json | undefined {
  return path.reduce<unknown>((one, name) => (one as Record<string | number, unknown> | undefined)?.[name], value) as
    Json | undefined;
}

export function textAt(value: Json | undefined, ...path: readonly (string | number)[]): string {
  const found = dig(value, ...path);
  if (typeof found !== "string") throw new Error(`no text at ${path.join(".")} of ${JSON.stringify(value)}`);
  return found;
}

/** The error code of a call; undefined when it succeeded. */
export async function codeOf(
  emulator: Emulator,
  action: string,
  params: object = {},
  changes: Tc3Changes = {},
): Promise<string | undefined> {
  const code = dig(await call(emulator, action, params, changes), "Error", "Code");
  return typeof code === "string" ? code : undefined;
}

export interface Session {
  readonly vodSessionKey: string;
  readonly bucket: string;
  readonly region: string;
  /** With leading slash. */
  readonly mediaPath: string;
  readonly coverPath: string | null;
  readonly secretId: string;
  readonly secretKey: string;
  readonly token: string;
  /** Unix seconds. */
  readonly expiredTime: number;
}

export async function apply(emulator: Emulator, params: object = {}): Promise<Session> {
  const response = await call(emulator, "ApplyUpload", { MediaType: "mp4", ...params });
  if (response["Error"] !== undefined) throw new Error(JSON.stringify(response["Error"]));
  return {
    vodSessionKey: textAt(response, "VodSessionKey"),
    bucket: textAt(response, "StorageBucket"),
    region: textAt(response, "StorageRegion"),
    mediaPath: textAt(response, "MediaStoragePath"),
    coverPath: response["CoverStoragePath"] === null ? null : textAt(response, "CoverStoragePath"),
    secretId: textAt(response, "TempCertificate", "SecretId"),
    secretKey: textAt(response, "TempCertificate", "SecretKey"),
    token: textAt(response, "TempCertificate", "Token"),
    expiredTime: Number(dig(response, "TempCertificate", "ExpiredTime")),
  };
}

export interface CosChanges {
  /** Decoded. @defaultValue the session's media */
  readonly path?: string | undefined;
  readonly query?: Readonly<Record<string, string>> | undefined;
  readonly body?: Uint8Array | string | undefined;
  /** Sent and signed beside the usual ones; undefined leaves one out. */
  readonly headers?: Readonly<Record<string, string | undefined>> | undefined;
  /** Sent but not signed. */
  readonly lateHeaders?: Readonly<Record<string, string>> | undefined;
  readonly host?: string | undefined;
  /** Unix seconds. */
  readonly startTime?: number | undefined;
  readonly endTime?: number | undefined;
  readonly secretKey?: string | undefined;
  readonly signedPath?: string | undefined;
  readonly signedHeaders?: readonly string[] | undefined;
  readonly authorization?: ((right: string) => string) | undefined;
}

/** One signed request to COS on behalf of a session; `changes` make it special or wrong. */
export async function cos(
  emulator: Emulator,
  session: Pick<Session, "mediaPath" | "secretId" | "secretKey" | "token">,
  method: string,
  changes: CosChanges = {},
): Promise<WireAnswer> {
  const now = Math.floor(emulator.now() / 1000);
  const path = changes.path ?? session.mediaPath;
  const body = changes.body ?? "";
  const headers = definedOnly({
    host: changes.host ?? new URL(emulator.origin).host,
    "content-length":
      method === "GET" || method === "HEAD" || method === "DELETE" ? undefined : String(Buffer.byteLength(body)),
    "x-cos-security-token": session.token,
    ...changes.headers,
  });
  const query = changes.query ?? {};
  const signed = signCos(
    {
      method,
      path: changes.signedPath ?? path,
      query,
      headers,
      startTime: changes.startTime ?? now - 60,
      endTime: changes.endTime ?? now + 900,
      signedHeaders: changes.signedHeaders,
    },
    { secretId: session.secretId, secretKey: changes.secretKey ?? session.secretKey },
  );
  const authorization = changes.authorization?.(signed.authorization) ?? signed.authorization;
  const text = encodeQuery(query);
  return send(emulator.cosEndpoint, {
    method,
    target: `${encodeKeyPath(path)}${text === "" ? "" : `?${text}`}`,
    headers: { ...headers, ...changes.lateHeaders, authorization },
    body,
  });
}

/** The `<Code>` of an error document. */
export function cosCode(answer: WireAnswer): string | undefined {
  return element(answer, "Code");
}

export function element(answer: WireAnswer, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(answer.text)?.[1];
}

export async function initiate(emulator: Emulator, session: Session, path?: string): Promise<string> {
  const answer = await cos(emulator, session, "POST", { path, query: { uploads: "" } });
  return element(answer, "UploadId") ?? "";
}

/** Uploads one part and returns its ETag in quotes. */
export async function part(
  emulator: Emulator,
  session: Session,
  uploadId: string,
  partNumber: number,
  body: Uint8Array | string,
): Promise<string> {
  const answer = await cos(emulator, session, "PUT", { query: { partNumber: String(partNumber), uploadId }, body });
  if (answer.status !== 200) throw new Error(answer.text);
  return String(answer.headers.etag);
}

export function completeBody(parts: readonly (readonly [partNumber: number, etag: string])[]): string {
  const items = parts.map(([number, etag]) => `<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag></Part>`);
  return `<CompleteMultipartUpload>${items.join("")}</CompleteMultipartUpload>`;
}

export async function complete(
  emulator: Emulator,
  session: Session,
  uploadId: string,
  parts: readonly (readonly [partNumber: number, etag: string])[],
): Promise<WireAnswer> {
  return cos(emulator, session, "POST", { query: { uploadId }, body: completeBody(parts) });
}

/** Applies, puts `content` as the media, commits; the shortest way to a media. */
export async function upload(
  emulator: Emulator,
  content: Uint8Array | string,
  params: object = {},
): Promise<JsonObject> {
  const session = await apply(emulator, params);
  await cos(emulator, session, "PUT", { body: content });
  const subApp = (params as { SubAppId?: number }).SubAppId;
  return call(emulator, "CommitUpload", {
    VodSessionKey: session.vodSessionKey,
    ...(subApp === undefined ? {} : { SubAppId: subApp }),
  });
}
