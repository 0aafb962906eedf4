/** The document of List Multipart Uploads, both directions (cos 436/7736). */
import { serialize, type Content, type Line } from "./serialize.ts";
import { boolean, decodedKey, optionalText, parseRoot, requiredText } from "./read.ts";
import { childText, type XmlNode } from "./parse.ts";
import { XmlError } from "./error.ts";
import type { Principal } from "./cos-documents.ts";

/** A multipart upload that was neither completed nor aborted. */
export interface ListedUpload {
  readonly key: string;
  readonly uploadId: string;
  /** As sent: ISO 8601, or asctime from old servers. */
  readonly initiated?: string | undefined;
}

export interface ListUploadsResult {
  readonly bucket: string;
  readonly uploads: readonly ListedUpload[];
  readonly isTruncated: boolean;
  /** Where the next page starts; always there when `isTruncated`. */
  readonly nextKeyMarker?: string | undefined;
  readonly nextUploadIdMarker?: string | undefined;
}

/** {@link ListUploadsResult} with what only the sender of the document knows. */
export interface ListUploadsDocument extends ListUploadsResult {
  readonly keyMarker: string;
  readonly uploadIdMarker: string;
  readonly maxUploads: number;
  readonly prefix: string;
  readonly owner: Principal;
  readonly storageClass: string;
}

function decodeUpload(root: XmlNode, upload: XmlNode): ListedUpload {
  const key = optionalText(upload, "Key");
  if (key === undefined) throw new XmlError("missing-element", "XML document lacks", "Key");
  return {
    key: decodedKey(root, key),
    uploadId: requiredText(upload, "UploadId"),
    initiated: optionalText(upload, "Initiated"),
  };
}

/**
 * Decodes one page of List Multipart Uploads, in the order sent (wire §6.19).
 *
 * @throws {XmlError} `unexpected-root`, `missing-element` (an upload's Key or UploadId, IsTruncated, or the next key
 * marker of a truncated page, without which the listing could not go on), `malformed`, or parseXml's.
 */
export function decodeListUploadsResult(bytes: Uint8Array): ListUploadsResult {
  const root = parseRoot(bytes, "ListMultipartUploadsResult");
  const isTruncated = boolean(root, "IsTruncated");
  const nextKeyMarker = optionalText(root, "NextKeyMarker");
  if (isTruncated && nextKeyMarker === undefined) {
    throw new XmlError("missing-element", "XML document lacks", "NextKeyMarker");
  }
  return {
    bucket: childText(root, "Bucket") ?? "",
    uploads: root.children.filter(({ name }) => name === "Upload").map((upload) => decodeUpload(root, upload)),
    isTruncated,
    nextKeyMarker: nextKeyMarker === undefined ? undefined : decodedKey(root, nextKeyMarker),
    nextUploadIdMarker: optionalText(root, "NextUploadIdMarker"),
  };
}

/** Encodes one page of List Multipart Uploads. @param isUrl whether the keys are percent-encoded already */
export function encodeListUploadsResult(page: ListUploadsDocument, isUrl: boolean): string {
  const person: Content = [
    ["ID", page.owner.id],
    ["DisplayName", page.owner.displayName],
  ];
  const uploads = page.uploads.map((upload): Line => [
    "Upload",
    [
      ["Key", upload.key],
      ["UploadId", upload.uploadId],
      ["Initiator", person],
      ["Owner", person],
      ["StorageClass", page.storageClass],
      ["Initiated", upload.initiated],
    ],
  ]);
  return serialize([
    "ListMultipartUploadsResult",
    [
      ["Bucket", page.bucket],
      ["Encoding-Type", isUrl ? "url" : ""],
      ["KeyMarker", page.keyMarker],
      ["UploadIdMarker", page.uploadIdMarker],
      ["NextKeyMarker", page.nextKeyMarker],
      ["NextUploadIdMarker", page.nextUploadIdMarker],
      ["MaxUploads", page.maxUploads],
      ["Prefix", page.prefix],
      ["IsTruncated", page.isTruncated],
      ...uploads,
    ],
  ]);
}
