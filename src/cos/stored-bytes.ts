import type { WireAnswer } from "../http/transport.ts";
import type { Hide } from "../http/redact.ts";
import { givenText } from "../json.ts";
import { notCos } from "./answer-error.ts";

/** An answer, and the host that gave it. */
export interface CosAnswer extends WireAnswer {
  readonly host: string;
  /** Takes the request's secrets out of what is decoded of it. */
  readonly hide: Hide;
}

/** What COS says of the bytes it stored. */
export interface StoredBytes {
  /** Without quotes. The MD5 of the bytes only where nothing encrypts them (cos 436/7729). */
  readonly etag: string;
  /** CRC-64/XZ as unsigned decimal; undefined when the service does not send it. */
  readonly crc64: string | undefined;
  /** Whether the ETag is no MD5 (SSE-KMS, SSE-C). */
  readonly encrypted: boolean;
}

export function isEncrypted(answer: WireAnswer): boolean {
  const { headers } = answer;
  return (
    headers["x-cos-server-side-encryption"] === "cos/kms" ||
    headers["x-cos-server-side-encryption-customer-algorithm"] !== undefined ||
    headers["x-cos-server-side-encryption-cos-kms-key-id"] !== undefined
  );
}

/** A success without an ETag is none of COS's. */
export function storedBytes(operation: string, answer: CosAnswer): StoredBytes {
  const etag = givenText(answer.headers["etag"]?.replace(/^"(.*)"$/s, "$1"));
  if (etag === undefined) throw notCos(answer, { operation, host: answer.host });
  return { etag, crc64: answer.headers["x-cos-hash-crc64ecma"], encrypted: isEncrypted(answer) };
}
