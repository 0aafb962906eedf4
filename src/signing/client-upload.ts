import { InvalidArgumentError, requireRecord, requireText } from "./argument.ts";
import { hmacSha1 } from "./hash.ts";

/**
 * Parameters of a client-upload signature in the order in which they are written: by convention `secretId`,
 * `currentTimeStamp`, `expireTime` (both Unix seconds, at most 90 days apart) and `random` (0 to 2³² − 1), then any of
 * `classId`, `procedure`, `taskPriority`, `taskNotifyMode`, `sourceContext`, `oneTimeValid`, `vodSubAppId`,
 * `sessionContext`, `storageRegion`.
 */
export type ClientUploadParams = Readonly<Record<string, string | number>>;

export interface ClientUploadSignature {
  /** The signed text: `name=value` joined by `&`, in the given order. */
  readonly original: string;
  /** Base64 of the 20 bytes of the HMAC-SHA1 followed by the signed text. */
  readonly signature: string;
}

/**
 * Signs the permission for one client, such as a browser, to upload by itself. The service reads the parameters from
 * the signature, so anyone who holds it can read them too (wire §15.1).
 *
 * Values are encoded as the documented sample does it: a space as `%20`, and `! ' ( ) *` kept. Another spelling of
 * the same value would be as valid, since the text is signed as transmitted.
 *
 * @throws TypeError `ERR_INVALID_ARG_VALUE` naming the parameter at fault
 * @see vod 266/33923
 */
export function signClientUpload(params: ClientUploadParams, secretKey: string): ClientUploadSignature {
  requireRecord("params", params);
  requireText("secretKey", secretKey);
  const original = Object.entries(params)
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(textOf(name, value))}`)
    .join("&");
  const mac = hmacSha1(secretKey, original);
  const signature = Buffer.concat([mac, Buffer.from(original, "utf8")]).toString("base64");
  return { original, signature };
}

function textOf(name: string, value: unknown): string {
  const place = `params[${JSON.stringify(name)}]`;
  requireText(place, name);
  if (typeof value !== "number") {
    requireText(place, value);
    return value;
  }
  // Beyond that range a number is already another one than its author wrote, or is printed as 1e+21.
  if (!Number.isSafeInteger(value)) throw new InvalidArgumentError(place, "must be a string or a safe integer");
  return String(value);
}
