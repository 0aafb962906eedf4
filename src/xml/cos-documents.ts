/**
 * The documents of COS's multipart API, both directions (cos 436/7746, 436/7747, 436/7742, 436/7730): the client
 * decodes results and encodes the Complete request, the emulator the other way round.
 *
 * An ETag is held WITHOUT the quotes that surround it on the wire (`"…"` or `&quot;…&quot;`), its case untouched; the
 * encoders put them back. What an upload does not depend on (Location, Bucket, Key) decodes to `""` when absent: an
 * answer that proves success must not fail for it.
 */
import { XmlError } from "./error.ts";
import { serialize, type Content, type Line } from "./serialize.ts";
import { boolean, decodedKey, integer, optionalText, parseRoot, requiredText } from "./read.ts";
import { childText, type XmlNode } from "./parse.ts";
import { escapeText } from "./text.ts";

export interface InitiateResult {
  readonly bucket: string;
  readonly key: string;
  readonly uploadId: string;
}

export interface CompleteResult {
  /** Opaque: with and without `http://` have both been seen. */
  readonly location: string;
  readonly bucket: string;
  readonly key: string;
  readonly etag: string;
}

export interface CompletedPart {
  /** 1–10,000. */
  readonly partNumber: number;
  readonly etag: string;
}

export interface ListedPart extends CompletedPart {
  /** Bytes. */
  readonly size: number;
  /** As sent: ISO 8601, or asctime from old servers. */
  readonly lastModified?: string | undefined;
}

export interface ListPartsResult {
  readonly bucket: string;
  readonly key: string;
  readonly uploadId: string;
  readonly parts: readonly ListedPart[];
  readonly isTruncated: boolean;
  /** Where the next page starts; always there when `isTruncated`. */
  readonly nextPartNumberMarker?: number | undefined;
}

/** {@link ListPartsResult} with what only the sender of the document knows. */
export interface ListPartsDocument extends ListPartsResult {
  readonly partNumberMarker: number;
  readonly maxParts: number;
  readonly owner?: Principal | undefined;
  readonly initiator?: Principal | undefined;
  readonly storageClass?: string | undefined;
}

export interface Principal {
  readonly id: string;
  readonly displayName: string;
}

export interface ErrorDocument {
  readonly code: string;
  readonly message: string;
  readonly resource?: string | undefined;
  readonly requestId?: string | undefined;
  readonly traceId?: string | undefined;
  /** ISO 8601 UTC, on answers about time. */
  readonly serverTime?: string | undefined;
  /** What the server signed, on SignatureDoesNotMatch; white space is significant. */
  readonly stringToSign?: string | undefined;
  /** The server's HttpString, on SignatureDoesNotMatch; white space is significant. */
  readonly formatString?: string | undefined;
}

function etag(node: XmlNode): string {
  const value = requiredText(node, "ETag")
    .trim()
    .replace(/^"(.*)"$/s, "$1");
  if (value === "") throw new XmlError("missing-element", "XML document lacks", "ETag");
  return value;
}

const partNumber = (part: XmlNode): number => integer(part, "PartNumber", 1, 10_000);
const partsOf = (root: XmlNode): XmlNode[] => root.children.filter((child) => child.name === "Part");

/**
 * Decodes the answer to Initiate Multipart Upload (wire §6.3).
 *
 * @throws {XmlError} `unexpected-root` naming the root found, `missing-element` without an UploadId, or parseXml's.
 */
export function decodeInitiateResult(bytes: Uint8Array): InitiateResult {
  const root = parseRoot(bytes, "InitiateMultipartUploadResult");
  return {
    bucket: childText(root, "Bucket") ?? "",
    key: childText(root, "Key") ?? "",
    uploadId: requiredText(root, "UploadId"),
  };
}

/**
 * Decodes the answer to Complete Multipart Upload. Only a result with an ETag is one: a 200 may just as well carry
 * `<Error>`, which is `unexpected-root` with `element: "Error"` here (wire §6.7).
 *
 * @throws {XmlError} `unexpected-root` naming the root found, `missing-element` without an ETag, or parseXml's.
 */
export function decodeCompleteResult(bytes: Uint8Array): CompleteResult {
  const root = parseRoot(bytes, "CompleteMultipartUploadResult");
  return {
    location: childText(root, "Location") ?? "",
    bucket: childText(root, "Bucket") ?? "",
    key: childText(root, "Key") ?? "",
    etag: etag(root),
  };
}

function decodeListedPart(part: XmlNode): ListedPart {
  return {
    partNumber: partNumber(part),
    etag: etag(part),
    size: integer(part, "Size", 0, Number.MAX_SAFE_INTEGER),
    lastModified: optionalText(part, "LastModified"),
  };
}

/**
 * Decodes one page of List Parts, in the order sent (wire §6.5, §6.17).
 *
 * @throws {XmlError} `unexpected-root`, `missing-element` (a part's fields, IsTruncated, or the next marker of a
 * truncated page, without which the listing could not go on), `malformed` for a bad number, or parseXml's.
 */
export function decodeListPartsResult(bytes: Uint8Array): ListPartsResult {
  const root = parseRoot(bytes, "ListPartsResult");
  const isTruncated = boolean(root, "IsTruncated");
  const hasMarker = isTruncated || (childText(root, "NextPartNumberMarker") ?? "").trim() !== "";
  return {
    bucket: childText(root, "Bucket") ?? "",
    key: decodedKey(root, childText(root, "Key") ?? ""),
    uploadId: childText(root, "UploadId") ?? childText(root, "UploadID") ?? "",
    parts: partsOf(root).map(decodeListedPart),
    isTruncated,
    nextPartNumberMarker: hasMarker ? integer(root, "NextPartNumberMarker", 0, 10_000) : undefined,
  };
}

/**
 * Decodes `<Error>`, whatever the status it came with (wire §6.10).
 *
 * @throws {XmlError} `unexpected-root`, `missing-element` without a Code, or parseXml's.
 */
export function decodeErrorDocument(bytes: Uint8Array): ErrorDocument {
  const root = parseRoot(bytes, "Error");
  return {
    code: requiredText(root, "Code").trim(),
    message: childText(root, "Message") ?? "",
    resource: optionalText(root, "Resource"),
    requestId: optionalText(root, "RequestId"),
    traceId: optionalText(root, "TraceId"),
    serverTime: optionalText(root, "ServerTime"),
    stringToSign: optionalText(root, "StringToSign"),
    formatString: optionalText(root, "FormatString"),
  };
}

/**
 * Decodes the request body of Complete Multipart Upload, in the order sent (whether that order is ascending is for the
 * receiver to judge: InvalidPartOrder is not MalformedXML).
 *
 * @throws {XmlError} `unexpected-root`, `missing-element` (no Part, or a Part without number or ETag), `malformed` for
 * a part number outside 1–10,000, or parseXml's.
 */
export function decodeCompleteRequest(bytes: Uint8Array): CompletedPart[] {
  const root = parseRoot(bytes, "CompleteMultipartUpload");
  const parts = partsOf(root);
  if (parts.length === 0) throw new XmlError("missing-element", "XML document lacks", "Part");
  return parts.map((part) => ({ partNumber: partNumber(part), etag: etag(part) }));
}

/**
 * Encodes the request body of Complete Multipart Upload, parts in the order given. No white space and nothing beyond
 * PartNumber and ETag: the server refuses bodies above 1 MB as MalformedXML, and 10,000 parts come near it otherwise.
 * wire §6.6.
 */
export function encodeCompleteRequest(parts: readonly CompletedPart[]): string {
  const body = parts.map(
    (part) => `<Part><PartNumber>${part.partNumber}</PartNumber><ETag>"${escapeText(part.etag)}"</ETag></Part>`,
  );
  return `<CompleteMultipartUpload>${body.join("")}</CompleteMultipartUpload>`;
}

/** Encodes the answer to Initiate Multipart Upload as COS prints it: no XML declaration, no namespace. */
export function encodeInitiateResult(result: InitiateResult): string {
  return serialize([
    "InitiateMultipartUploadResult",
    [
      ["Bucket", result.bucket],
      ["Key", result.key],
      ["UploadId", result.uploadId],
    ],
  ]);
}

/** Encodes the answer to Complete Multipart Upload: the one result with a declaration and a namespace. */
export function encodeCompleteResult(result: CompleteResult): string {
  const fields: Line[] = [
    ["Location", result.location],
    ["Bucket", result.bucket],
    ["Key", result.key],
    ["ETag", `"${result.etag}"`],
  ];
  const namespace = 'xmlns="http://www.qcloud.com/document/product/436/7751"';
  return `<?xml version="1.0" encoding="UTF-8"?>\n${serialize(["CompleteMultipartUploadResult", fields], namespace)}`;
}

const principal = (one: Principal | undefined): Content | undefined =>
  one && [
    ["ID", one.id],
    ["DisplayName", one.displayName],
  ];

/** Encodes one page of List Parts, keys not percent-encoded. */
export function encodeListPartsResult(page: ListPartsDocument): string {
  const parts = page.parts.map((part): Line => [
    "Part",
    [
      ["PartNumber", part.partNumber],
      ["LastModified", part.lastModified],
      ["ETag", `"${part.etag}"`],
      ["Size", part.size],
    ],
  ]);
  return serialize([
    "ListPartsResult",
    [
      ["Bucket", page.bucket],
      ["EncodingType", ""],
      ["Key", page.key],
      ["UploadId", page.uploadId],
      ["Owner", principal(page.owner)],
      ["PartNumberMarker", page.partNumberMarker],
      ["NextPartNumberMarker", page.nextPartNumberMarker],
      ["Initiator", principal(page.initiator)],
      ...parts,
      ["StorageClass", page.storageClass],
      ["MaxParts", page.maxParts],
      ["IsTruncated", page.isTruncated],
    ],
  ]);
}

/** Encodes `<Error>`; absent fields are left out, as the server does. */
export function encodeErrorDocument(error: ErrorDocument): string {
  const fields: Line[] = [
    ["Code", error.code],
    ["Message", error.message],
    ["StringToSign", error.stringToSign],
    ["FormatString", error.formatString],
    ["ServerTime", error.serverTime],
    ["Resource", error.resource],
    ["RequestId", error.requestId],
    ["TraceId", error.traceId],
  ];
  return `<?xml version='1.0' encoding='utf-8' ?>\n${serialize(["Error", fields])}`;
}
