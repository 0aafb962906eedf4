import type { Exchange } from "../exchange.ts";
import type { Settings } from "../options.ts";
import { bucketName, mayWrite, type UploadSession } from "../sessions.ts";
import { CosFailure } from "./respond.ts";
import type { CosPrincipal } from "./verify.ts";

/** Longest object key in bytes. */
const maxKeyBytes = 850;

/** The object key of the request. @throws {CosFailure} KeyTooLong, InvalidURI */
export function keyOf(exchange: Exchange): string {
  const key = (exchange.target.path ?? "/").slice(1);
  if (key === "") throw new CosFailure(400, "InvalidURI", "The request names no object.");
  if (Buffer.byteLength(key) > maxKeyBytes) throw new CosFailure(400, "KeyTooLong", "Your key is too long.");
  exchange.entry.key = key;
  return key;
}

/** `<bucket>-<appid>.cos.<region>.…`, or any host whose first label ends in an appid; other hosts name no bucket. */
function bucketOfHost(host: string): { bucket: string; region: string | undefined } | undefined {
  const match = /^([a-z0-9-]+-\d{6,})\.(?:cos(?:-internal)?\.([a-z0-9-]+)\.)?/.exec(host);
  return match?.[1] === undefined ? undefined : { bucket: match[1], region: match[2] };
}

/** The bucket as answers name it; the account's own requests to a fixed origin get the default region's. */
export function bucketNameFor(exchange: Exchange, principal: CosPrincipal, settings: Settings): string {
  if (principal.kind === "certificate") return principal.certificate.session.bucket;
  return bucketOfHost(exchange.host.toLowerCase())?.bucket ?? bucketName(settings.storageRegion, settings);
}

function checkHost(exchange: Exchange, session: UploadSession): void {
  const named = bucketOfHost(exchange.host.toLowerCase());
  if (named === undefined) return;
  const rightRegion = named.region === undefined || named.region === "accelerate" || named.region === session.region;
  if (named.bucket !== session.bucket || !rightRegion) {
    throw new CosFailure(404, "NoSuchBucket", "The specified bucket does not exist.");
  }
}

const denied = (): CosFailure => new CosFailure(403, "AccessDenied", "Access Denied.");

/** @throws {CosFailure} AccessDenied unless the request may change the object `key` */
export function checkWrite(exchange: Exchange, principal: CosPrincipal, key: string): void {
  if (principal.kind === "account") return;
  const { session } = principal.certificate;
  checkHost(exchange, session);
  if (!mayWrite(session, key)) throw denied();
}

/** @throws {CosFailure} AccessDenied unless the object `key` is one of the session's */
export function checkRead(exchange: Exchange, principal: CosPrincipal, key: string): void {
  if (principal.kind === "account") return;
  const { session } = principal.certificate;
  checkHost(exchange, session);
  if (!mayWrite({ ...session, state: "open" }, key)) throw denied();
}

/** @throws {CosFailure} NoSuchBucket when the host names another bucket */
export function checkBucket(exchange: Exchange, principal: CosPrincipal): void {
  if (principal.kind === "certificate") checkHost(exchange, principal.certificate.session);
}
