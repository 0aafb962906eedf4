import { createHash, createHmac } from "node:crypto";

/** Text is hashed as its UTF-8 bytes. */
type Bytes = string | Uint8Array;

/** SHA-256 in lower-case hexadecimal: the payload and canonical-request hash of TC3. */
export function sha256Hex(data: Bytes): string {
  return createHash("sha256").update(data).digest("hex");
}

/** SHA-1 in lower-case hexadecimal: the HttpString hash of COS. */
export function sha1Hex(data: Bytes): string {
  return createHash("sha1").update(data).digest("hex");
}

/** MD5 in lower-case hexadecimal: the `Sign` of a VOD callback. */
export function md5Hex(data: Bytes): string {
  return createHash("md5").update(data).digest("hex");
}

/** HMAC-SHA256 as raw bytes: TC3 chains them as keys. */
export function hmacSha256(key: Bytes, data: Bytes): Buffer {
  return createHmac("sha256", key).update(data).digest();
}

/** HMAC-SHA1 as raw bytes. */
export function hmacSha1(key: Bytes, data: Bytes): Buffer {
  return createHmac("sha1", key).update(data).digest();
}
