import {
  decodeCompleteRequest,
  encodeCompleteResult,
  encodeInitiateResult,
  encodeListPartsResult,
} from "../../xml/cos-documents.ts";
import { XmlError } from "../../xml/parse.ts";
import { md5Hex, percentEncode } from "../../signing/index.ts";
import { BodyTooLarge, type Exchange } from "../exchange.ts";
import { bucketNameFor, checkRead, checkWrite, keyOf } from "./access.ts";
import type { MultipartUpload, UploadedPart } from "./bucket.ts";
import type { CosContext } from "./context.ts";
import { checksumHeaders, classHeader, keptHeaders } from "./objects.ts";
import { announcedMd5, checkMd5, receiveBody } from "./receive.ts";
import { CosFailure, type CosResult } from "./respond.ts";
import type { CosPrincipal } from "./verify.ts";

/** Largest part number (436/7750). */
const mostParts = 10_000;
/** Largest body of Complete (436/7742). */
const maxCompleteBody = 2 ** 20;
const maxPage = 1000;
/** What the log keeps of it: a run of many large uploads must not fill the memory with part lists. */
const maxLoggedBody = 2 ** 16;

const noSuchUpload = (): CosFailure =>
  new CosFailure(
    404,
    "NoSuchUpload",
    "The specified multipart upload does not exist. The upload ID might be invalid, or the multipart upload might have been aborted or completed.",
  );

function findUpload(exchange: Exchange, context: CosContext, key: string): MultipartUpload {
  const uploadId = exchange.query.get("uploadId") ?? "";
  const upload = context.bucket.upload(uploadId);
  if (upload === undefined || upload.key !== key || upload.completing) throw noSuchUpload();
  return upload;
}

/** Initiate Multipart Upload: 436/7746 (wire §6.3). */
export async function initiate(exchange: Exchange, principal: CosPrincipal, context: CosContext): Promise<CosResult> {
  const key = keyOf(exchange);
  checkWrite(exchange, principal, key);
  await exchange.drain();
  const uploadId = `${Math.floor(exchange.now / 1000)}${context.ids.hex(64)}${context.settings.uploadIdTail}`;
  context.bucket.begin({
    uploadId,
    key,
    initiated: exchange.now,
    headers: keptHeaders(exchange),
    parts: new Map(),
    completing: false,
  });
  exchange.entry.uploadId = uploadId;
  const bucket = bucketNameFor(exchange, principal, context.settings);
  return { xml: encodeInitiateResult({ bucket, key, uploadId }), chunked: context.settings.chunkedAnswers };
}

function partNumberOf(exchange: Exchange): number {
  const text = exchange.query.get("partNumber") ?? "";
  const partNumber = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (partNumber < 1 || partNumber > mostParts) {
    throw new CosFailure(
      400,
      "InvalidArgument",
      `Part number must be an integer between 1 and ${mostParts}, inclusive.`,
    );
  }
  return partNumber;
}

/** Upload Part: 436/7750. A part sent again replaces the earlier one (wire §6.4). */
export async function uploadPart(exchange: Exchange, principal: CosPrincipal, context: CosContext): Promise<CosResult> {
  const key = keyOf(exchange);
  checkWrite(exchange, principal, key);
  const partNumber = partNumberOf(exchange);
  const upload = findUpload(exchange, context, key);
  if (!exchange.headers.has("content-length")) {
    throw new CosFailure(411, "MissingContentLength", "You must provide the Content-Length HTTP header.");
  }
  const body = await receiveBody(exchange, context.bucket.store);
  if (context.bucket.upload(upload.uploadId) !== upload || upload.completing) {
    await body.blob.remove();
    throw noSuchUpload();
  }
  const replaced = upload.parts.get(partNumber);
  upload.parts.set(partNumber, { ...body, partNumber, lastModified: exchange.now });
  await replaced?.blob.remove();
  return { headers: { ...checksumHeaders(context, body), ...classHeader(context, upload.headers) } };
}

function boundedInteger(exchange: Exchange, name: string, fallback: number, max: number): number {
  const text = exchange.query.get(name);
  if (text === undefined || text === "") return fallback;
  if (!/^\d{1,9}$/.test(text)) throw new CosFailure(400, "InvalidArgument", `${name} must be an integer.`);
  return Math.min(Number(text), max);
}

/** List Parts: 436/7747 (wire §6.5). */
export async function listParts(exchange: Exchange, principal: CosPrincipal, context: CosContext): Promise<CosResult> {
  const key = keyOf(exchange);
  checkRead(exchange, principal, key);
  const upload = findUpload(exchange, context, key);
  const most = Math.min(maxPage, context.settings.listedParts);
  const maxParts = boundedInteger(exchange, "max-parts", most, most) || most;
  const marker = boundedInteger(exchange, "part-number-marker", 0, Number.MAX_SAFE_INTEGER);
  const encoded = exchange.query.get("encoding-type") === "url";

  const after = [...upload.parts.values()]
    .filter((part) => part.partNumber > marker)
    .sort((a, b) => a.partNumber - b.partNumber);
  const page = after.slice(0, maxParts);
  const isTruncated = after.length > page.length;
  const { appId } = context.settings;
  const xml = encodeListPartsResult({
    bucket: bucketNameFor(exchange, principal, context.settings),
    key: encoded ? percentEncode(key) : key,
    uploadId: upload.uploadId,
    parts: page.map((part) => ({
      partNumber: part.partNumber,
      etag: part.etag,
      size: part.size,
      lastModified: new Date(part.lastModified).toISOString(),
    })),
    isTruncated,
    nextPartNumberMarker: isTruncated ? page.at(-1)?.partNumber : undefined,
    partNumberMarker: marker,
    maxParts,
    owner: { id: String(appId), displayName: String(appId) },
    initiator: { id: "qcs::cam::uin/100000000001:uin/100000000011", displayName: "100000000011" },
    storageClass: "Standard",
  });
  const document = encoded ? xml.replace("<EncodingType/>", "<EncodingType>url</EncodingType>") : xml;
  return { xml: document };
}

/** Complete Multipart Upload: 436/7742 (wire §6.6). */
export async function complete(exchange: Exchange, principal: CosPrincipal, context: CosContext): Promise<CosResult> {
  const key = keyOf(exchange);
  checkWrite(exchange, principal, key);
  const wanted = await readPartList(exchange);
  const upload = findUpload(exchange, context, key);
  const parts = choose(upload, wanted, context.settings.minPartSize);
  // The real ETag is no function of the parts: the same part has come back under several.
  const etag = `${context.ids.hex(32)}-${parts.length}`;
  const object = await context.bucket.complete(upload, parts, etag, exchange.now);
  const { ETag: _inBody, ...headers } = checksumHeaders(context, object);
  const bucket = bucketNameFor(exchange, principal, context.settings);
  return {
    headers,
    xml: encodeCompleteResult({ location: `${exchange.host}/${key}`, bucket, key, etag }),
    chunked: context.settings.chunkedAnswers,
  };
}

async function readPartList(exchange: Exchange): Promise<readonly { partNumber: number; etag: string }[]> {
  const malformed = (): CosFailure =>
    new CosFailure(
      400,
      "MalformedXML",
      "The XML you provided was not well-formed or did not validate against our published schema.",
    );
  try {
    const body = await exchange.readBody(maxCompleteBody);
    exchange.entry.xml = body.subarray(0, maxLoggedBody).toString("utf8");
    checkMd5(announcedMd5(exchange), md5Hex(body));
    return decodeCompleteRequest(body);
  } catch (error) {
    if (error instanceof XmlError || error instanceof BodyTooLarge) throw malformed();
    throw error;
  }
}

/**
 * The parts named, in their order. Numbers must ascend without gaps ("the part numbers are not continuous", 436/7730);
 * whether the real server minds a gap is not known from any trace.
 */
function choose(
  upload: MultipartUpload,
  wanted: readonly { partNumber: number; etag: string }[],
  minPartSize: number,
): UploadedPart[] {
  const outOfOrder = wanted.some(
    (part, index) => index > 0 && part.partNumber !== (wanted[index - 1]?.partNumber ?? 0) + 1,
  );
  if (outOfOrder) {
    const message = "The list of parts was not in ascending order. Parts must be ordered by part number.";
    throw new CosFailure(400, "InvalidPartOrder", message);
  }
  const parts = wanted.map(({ partNumber, etag }) => {
    const part = upload.parts.get(partNumber);
    if (part !== undefined && part.etag === etag.toLowerCase()) return part;
    const message = `One or more of the specified parts could not be found: part ${partNumber}.`;
    throw new CosFailure(400, "InvalidPart", message);
  });
  if (parts.slice(0, -1).some((part) => part.size < minPartSize)) {
    const message = "Your proposed upload is smaller than the minimum allowed object size.";
    throw new CosFailure(400, "EntityTooSmall", message);
  }
  return parts;
}

/** Abort Multipart Upload: 436/7740 (wire §6.8). */
export async function abort(exchange: Exchange, principal: CosPrincipal, context: CosContext): Promise<CosResult> {
  const key = keyOf(exchange);
  checkWrite(exchange, principal, key);
  await context.bucket.abort(findUpload(exchange, context, key));
  return { status: 204 };
}
