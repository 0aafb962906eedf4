import { percentEncode } from "../../signing/index.ts";
import type { Exchange } from "../exchange.ts";
import { bucketNameFor, checkBucket } from "./access.ts";
import type { MultipartUpload } from "./bucket.ts";
import type { CosContext } from "./context.ts";
import { CosFailure, type CosResult } from "./respond.ts";
import type { CosPrincipal } from "./verify.ts";
import { mayWrite } from "../sessions.ts";
import { escapeText } from "../../xml/text.ts";

const personXml = "<ID>qcs::cam::uin/100000000001:uin/100000000001</ID><DisplayName>100000000001</DisplayName>";

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
  const text = (value: string): string =>
    escapeText(exchange.query.get("encoding-type") === "url" ? percentEncode(value) : value);

  const matching = context.bucket
    .uploads()
    .filter(
      (upload) => upload.key.startsWith(prefix) && visible(principal, upload) && follows(upload, keyMarker, idMarker),
    )
    .sort((a, b) => compare(a.key, b.key) || compare(a.uploadId, b.uploadId));
  const page = matching.slice(0, limit);
  const last = page.at(-1);
  const truncated = matching.length > page.length;
  const next =
    truncated && last !== undefined
      ? `<NextKeyMarker>${text(last.key)}</NextKeyMarker><NextUploadIdMarker>${last.uploadId}</NextUploadIdMarker>`
      : "";
  const uploads = page.map(
    (upload) =>
      `<Upload><Key>${text(upload.key)}</Key><UploadId>${upload.uploadId}</UploadId><Initiator>${personXml}</Initiator>` +
      `<Owner>${personXml}</Owner><StorageClass>Standard</StorageClass>` +
      `<Initiated>${new Date(upload.initiated).toISOString()}</Initiated></Upload>`,
  );
  const head =
    `<Bucket>${text(bucketNameFor(exchange, principal, context.settings))}</Bucket><KeyMarker>${text(keyMarker)}</KeyMarker>` +
    `<UploadIdMarker>${text(idMarker)}</UploadIdMarker>${next}<MaxUploads>${limit}</MaxUploads>` +
    `<Prefix>${text(prefix)}</Prefix><IsTruncated>${truncated}</IsTruncated>`;
  return { xml: `<ListMultipartUploadsResult>${head}${uploads.join("")}</ListMultipartUploadsResult>` };
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
