import type { Checkpoint } from "./checkpoint.ts";
import { CheckpointError } from "../../errors.ts";
import { isHostLabel } from "../../cos/endpoint.ts";
import { toKey } from "../../cos/key.ts";
import { cutText } from "../../http/redact.ts";
import { cosLimits } from "../../cos/limits.ts";
import { checkpointVersion } from "./checkpoint.ts";
import { isJsonObject } from "../../json.ts";

/** Says whether a value has the right form. */
type Form = (value: unknown) => boolean;
type Fields = Readonly<Record<string, unknown>>;

const isText: Form = (value) => typeof value === "string";
const isFilled: Form = (value) => typeof value === "string" && value !== "";
/** What a header may hold. */
const isKeyText: Form = (value) => typeof value === "string" && /^[\x21-\x7e]+$/.test(value);
const isCount: Form = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isTime: Form = (value) => typeof value === "number" && Number.isFinite(value) && value >= 0;
const isCrc64: Form = (value) => typeof value === "string" && /^\d{1,20}$/.test(value) && BigInt(value) < 2n ** 64n;
const isField: Form = (value) => typeof value === "string" || typeof value === "number";
const isPartSize: Form = (value) =>
  isCount(value) && (value as number) >= cosLimits.minPartSize && (value as number) <= cosLimits.maxPartSize;
const isPartNumber: Form = (value) =>
  isCount(value) && (value as number) >= 1 && (value as number) <= cosLimits.maxParts;
const isStoragePath: Form = (value) => {
  try {
    return typeof value === "string" && toKey(value) !== "";
  } catch {
    return false;
  }
};
const oneOf =
  (...values: readonly string[]): Form =>
  (value) =>
    typeof value === "string" && values.includes(value);
const optional =
  (form: Form): Form =>
  (value) =>
    value === undefined || form(value);

/**
 * Checks that a value is a checkpoint of this version: all that is read from it later has the right form, so that a
 * damaged or invented one is refused before anything is sent, and never sends anything elsewhere.
 * @throws CheckpointError `CHECKPOINT_INVALID` naming the field
 */
export function checkCheckpoint(value: unknown): asserts value is Checkpoint {
  const root = objectAt("checkpoint", value);
  if (root["version"] !== checkpointVersion) {
    const { version } = root;
    const shown = isCount(version) ? `is ${String(version)}` : version === undefined ? "is missing" : "is not a number";
    throw invalid("version", `${shown}; this release reads version ${checkpointVersion}`);
  }
  need("state", root["state"], oneOf("uploading", "transferred", "committing", "committed"));
  const endpoint = objectAt("endpoint", root["endpoint"]);
  for (const name of ["vod", "cos"]) need(`endpoint.${name}`, endpoint[name], isFilled);
  checkSource("source", root["source"]);
  if (root["cover"] !== undefined) checkSource("cover", root["cover"]);
  for (const [name, field] of Object.entries(objectAt("fields", root["fields"])))
    need(`fields.${name}`, field, isField);
  const mediaPath = checkSession(root["session"]);
  const objects = objectAt("objects", root["objects"]);
  for (const [key, object] of Object.entries(objects)) checkObject(`objects[${JSON.stringify(key)}]`, object);
  if (root["state"] === "uploading") return;
  // Nothing is committed that this file does not vouch for.
  const key = toKey(mediaPath);
  const media = Object.hasOwn(objects, key) ? (objects[key] as Fields) : {};
  need(`objects[${JSON.stringify(key)}].done`, media["done"], isJsonObject);
  if (root["state"] === "committed") checkResult(root["result"]);
}

function checkSource(field: string, value: unknown): void {
  const source = objectAt(field, value);
  need(`${field}.kind`, source["kind"], oneOf("file", "url", "bytes", "stream"));
  need(`${field}.size`, source["size"], optional(isCount));
  need(`${field}.modified`, source["modified"], isText);
  need(`${field}.stamp`, source["stamp"], optional(isText));
}

/** @returns the media's storage path */
function checkSession(value: unknown): string {
  const session = objectAt("session", value);
  for (const name of ["bucket", "region"]) need(`session.${name}`, session[name], isHostLabel);
  need("session.vodSessionKey", session["vodSessionKey"], isFilled);
  need("session.mediaStoragePath", session["mediaStoragePath"], isStoragePath);
  need("session.coverStoragePath", session["coverStoragePath"], optional(isText));
  need("session.receivedAt", session["receivedAt"], isTime);
  need("session.requestId", session["requestId"], isText);
  if (session["certificate"] !== undefined) {
    const field = "session.certificate";
    const certificate = objectAt(field, session["certificate"]);
    for (const name of ["secretId", "secretKey", "token"]) need(`${field}.${name}`, certificate[name], isKeyText);
    need(`${field}.expiredTime`, certificate["expiredTime"], isTime);
  }
  return session["mediaStoragePath"] as string;
}

function checkObject(field: string, value: unknown): void {
  const object = objectAt(field, value);
  need(`${field}.uploadId`, object["uploadId"], optional(isFilled));
  // One without the other cannot go on: the parts of another size would be others.
  need(`${field}.partSize`, object["partSize"], object["uploadId"] === undefined ? optional(isPartSize) : isPartSize);
  if (object["source"] !== undefined) checkSource(`${field}.source`, object["source"]);
  need(`${field}.parts`, object["parts"], Array.isArray);
  const seen = new Set<unknown>();
  for (const each of object["parts"] as unknown[]) {
    const part = objectAt(`${field}.parts`, each);
    need(`${field}.parts.number`, part["number"], (number) => isPartNumber(number) && !seen.has(number));
    seen.add(part["number"]);
    need(`${field}.parts.size`, part["size"], isCount);
    need(`${field}.parts.etag`, part["etag"], isFilled);
    need(`${field}.parts.crc64`, part["crc64"], isCrc64);
  }
  if (object["done"] === undefined) return;
  const done = objectAt(`${field}.done`, object["done"]);
  need(`${field}.done.size`, done["size"], isCount);
  need(`${field}.done.parts`, done["parts"], isPartNumber);
  need(`${field}.done.crc64`, done["crc64"], isCrc64);
  need(`${field}.done.verified`, done["verified"], oneOf("crc64", "size"));
}

function checkResult(value: unknown): void {
  const result = objectAt("result", value);
  need("result.fileId", result["fileId"], isFilled);
  need("result.mediaUrl", result["mediaUrl"], isText);
  need("result.coverUrl", result["coverUrl"], optional(isText));
  need("result.requestId", result["requestId"], isText);
}

function objectAt(field: string, value: unknown): Fields {
  need(field, value, isJsonObject);
  return value as Fields;
}

function need(field: string, value: unknown, form: Form): void {
  if (!form(value)) throw invalid(field, value === undefined ? "is missing" : "does not have the right form");
}

function invalid(field: string, why: string): CheckpointError {
  return new CheckpointError(
    "CHECKPOINT_INVALID",
    `the checkpoint cannot be read: ${cutText(field)} ${why}; start without it to upload from the beginning`,
    { field: cutText(field) },
  );
}
