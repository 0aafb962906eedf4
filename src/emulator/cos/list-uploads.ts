import { percentEncode } from "../../signing/index.ts";
import type { Exchange } from "../exchange.ts";
import { bucketNameFor, checkBucket } from "./access.ts";
import type { MultipartUpload } from "./bucket.ts";
import type { CosContext } from "./context.ts";
import { CosFailure, type CosResult } from "./respond.ts";
import type { CosPrincipal } from "./verify.ts";
import { mayWrite } from "../sessions.ts";
import { encodeListUploadsResult } from "../../xml/uploads-document.ts";

/** List Multipart Uploads: 436/7736. Vendor SDKs ask for it before every upload; a certificate may be without it. */
export async function listMultipartUploads(
  exchange: Exchange,
  principal: CosPrincipal,
  context: CosContext,
): Promise<CosResult> {
  checkBucket(exchange, principal);
  if (principal.kind === "certificate" && !context.settings.listMultipartUploads) {
    throw new CosFailure(403, "AccessDenied", "Access Denied.");
  }
  const prefix = exchange.query.get("prefix") ?? "";
  const limit = Math.min(Number(exchange.query.get("max-uploads") ?? "1000") || 1000, 1000);
  const keyMarker = exchange.query.get("key-marker") ?? "";
  const idMarker = exchange.query.get("upload-id-marker") ?? "";
  const isUrl = exchange.query.get("encoding-type") === "url";
  const shown = (key: string): string => (isUrl ? percentEncode(key) : key);

  const matching = context.bucket
    .uploads()
    .filter(
      (upload) => upload.key.startsWith(prefix) && visible(principal, upload) && follows(upload, keyMarker, idMarker),
    )
    .sort((a, b) => compare(a.key, b.key) || compare(a.uploadId, b.uploadId));
  const page = matching.slice(0, limit);
  const isTruncated = matching.length > page.length;
  const last = isTruncated ? page.at(-1) : undefined;
  const document = {
    bucket: bucketNameFor(exchange, principal, context.settings),
    keyMarker: shown(keyMarker),
    uploadIdMarker: idMarker,
    nextKeyMarker: last === undefined ? undefined : shown(last.key),
    nextUploadIdMarker: last?.uploadId,
    maxUploads: limit,
    prefix: shown(prefix),
    isTruncated,
    uploads: page.map(({ key, uploadId, initiated }) => ({
      key: shown(key),
      uploadId,
      initiated: new Date(initiated).toISOString(),
    })),
    owner: { id: "qcs::cam::uin/100000000001:uin/100000000001", displayName: "100000000001" },
    storageClass: "Standard",
  };
  return { xml: encodeListUploadsResult(document, isUrl) };
}

/** A certificate sees the uploads of its own session only. */
function visible(principal: CosPrincipal, upload: MultipartUpload): boolean {
  return principal.kind === "account" || mayWrite({ ...principal.certificate.session, state: "open" }, upload.key);
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function follows(upload: MultipartUpload, keyMarker: string, idMarker: string): boolean {
  const order = compare(upload.key, keyMarker);
  return (
    order > 0 || (order === 0 && keyMarker !== "" && idMarker !== "" && upload.uploadId > idMarker) || keyMarker === ""
  );
}
