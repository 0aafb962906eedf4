import { inert } from "../door.ts";
import type { Exchange } from "../exchange.ts";
import { checkRead, checkWrite, keyOf } from "./access.ts";
import type { StoredObject } from "./bucket.ts";
import type { CosContext } from "./context.ts";
import { receiveBody } from "./receive.ts";
import { CosFailure, type CosResult } from "./respond.ts";
import type { CosPrincipal } from "./verify.ts";

/** Headers of PUT and Initiate that stay with the object. */
const keptHeader =
  /^(content-type|cache-control|content-disposition|content-encoding|expires|x-cos-meta-.*|x-cos-storage-class)$/;

export function keptHeaders(exchange: Exchange): Record<string, string> {
  const kept = [...exchange.headers].filter(([name, value]) => keptHeader.test(name) && value !== "");
  // They go out again as the bytes they came in as.
  return Object.fromEntries(kept.map(([name, value]) => [name, Buffer.from(value).toString("latin1")]));
}

/** ETag and, unless switched off, CRC64 of a stored body. */
export function checksumHeaders(context: CosContext, body: { etag: string; crc64: bigint }): Record<string, string> {
  return {
    ETag: `"${body.etag}"`,
    // What is discarded has no MD5 (receive.ts): said as the service says it of objects whose ETag is none.
    ...(context.settings.discard ? { "x-cos-server-side-encryption": "cos/kms" } : {}),
    ...(context.settings.crc64 ? { "x-cos-hash-crc64ecma": String(body.crc64) } : {}),
  };
}

/** How the class of a body that was just stored is called, with PUT and with parts. */
export function classHeader(context: CosContext, headers: Readonly<Record<string, string>>): Record<string, string> {
  return { "x-cos-storage-class": headers["x-cos-storage-class"] ?? context.settings.storageClass };
}

/** PUT Object: 436/7749. The one operation whose body may come in chunks of unknown total (wire §6.2). */
export async function putObject(exchange: Exchange, principal: CosPrincipal, context: CosContext): Promise<CosResult> {
  const key = keyOf(exchange);
  checkWrite(exchange, principal, key);
  if (!exchange.headers.has("content-length") && exchange.headers.get("transfer-encoding") !== "chunked") {
    throw new CosFailure(411, "MissingContentLength", "You must provide the Content-Length HTTP header.");
  }
  if (exchange.headers.get("x-cos-forbid-overwrite") === "true" && context.bucket.object(key) !== undefined) {
    throw new CosFailure(409, "FileAlreadyExists", "The object you specified already exists.");
  }
  const body = await receiveBody(exchange, context.bucket.store);
  const lastModified = exchange.now;
  const object = await context.bucket.put({ key, lastModified, headers: keptHeaders(exchange), etag: body.etag }, [
    body,
  ]);
  return { headers: { ...checksumHeaders(context, object), ...classHeader(context, object.headers) } };
}

function find(exchange: Exchange, principal: CosPrincipal, context: CosContext): StoredObject {
  const key = keyOf(exchange);
  checkRead(exchange, principal, key);
  const object = context.bucket.object(key);
  if (object === undefined) throw new CosFailure(404, "NoSuchKey", "The specified key does not exist.");
  return object;
}

export function objectHeaders(context: CosContext, object: StoredObject): Record<string, string> {
  return {
    "content-type": "application/octet-stream",
    "Accept-Ranges": "bytes",
    "Last-Modified": new Date(object.lastModified).toUTCString(),
    // What is in no special class is not said to be in one.
    ...(context.settings.storageClass === "STANDARD" ? {} : classHeader(context, {})),
    ...object.headers,
    ...checksumHeaders(context, object),
  };
}

/** HEAD Object: 436/7745 (wire §6.9). */
export async function headObject(exchange: Exchange, principal: CosPrincipal, context: CosContext): Promise<CosResult> {
  const object = find(exchange, principal, context);
  return { headers: { ...objectHeaders(context, object), "Content-Length": String(object.size) } };
}

/** GET Object, with one Range. */
export async function getObject(exchange: Exchange, principal: CosPrincipal, context: CosContext): Promise<CosResult> {
  const object = find(exchange, principal, context);
  if (!context.bucket.store.readable)
    throw new CosFailure(501, "NotImplemented", "The emulator discards object bytes.");
  const headers = objectHeaders(context, object);
  const range = exchange.headers.get("range");
  const [start, end] = range === undefined ? [0, object.size] : parseRange(range, object.size);
  const partial = range === undefined ? {} : { "Content-Range": `bytes ${start}-${end - 1}/${object.size}` };
  return {
    status: range === undefined ? 200 : 206,
    headers: { ...headers, ...inert, ...partial, "Content-Length": String(end - start) },
    body: object.blob.read(start, end),
  };
}

/** `bytes=a-b`, `bytes=a-`, `bytes=-n` → from and to (not included). @throws {CosFailure} InvalidRange */
export function parseRange(range: string, size: number): [start: number, end: number] {
  const match = /^bytes=(\d*)-(\d*)$/.exec(range);
  const [, from = "", to = ""] = match ?? [];
  const start = from === "" ? Math.max(size - Number(to), 0) : Number(from);
  const end = from === "" || to === "" ? size : Math.min(Number(to) + 1, size);
  if (match === null || from + to === "" || start >= end) {
    throw new CosFailure(416, "InvalidRange", "The requested range is not satisfiable.");
  }
  return [start, end];
}
