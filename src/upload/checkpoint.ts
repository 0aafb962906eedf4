import type { Certificate } from "./certificate.ts";
import type { CommitResult } from "./commit.ts";
import type { ApplyFields, SessionIdentity } from "./session.ts";
import { CheckpointError } from "../errors.ts";

/** The version that this release writes and the only one it reads. */
export const checkpointVersion = 1;

/** A part that the service holds. */
export interface CheckpointPart {
  readonly number: number;
  /** Bytes. */
  readonly size: number;
  readonly etag: string;
  /** Unsigned decimal. */
  readonly crc64: string;
}

/** How far one object (media, cover, segment) is. */
export interface CheckpointObject {
  readonly uploadId?: string | undefined;
  /** Bytes. */
  readonly partSize?: number | undefined;
  readonly parts: readonly CheckpointPart[];
  /** The file of a HLS or DASH tree that it is made of; the media's and the cover's are above. */
  readonly source?: SourceIdentity | undefined;
  /** Set once the object is whole and verified. */
  readonly done?:
    | { readonly size: number; readonly parts: number; readonly crc64: string; readonly verified: "crc64" | "size" }
    | undefined;
}

/** What identifies a source between two runs; `modified` is empty where nothing tells. */
export interface SourceIdentity {
  readonly kind: "file" | "url" | "bytes" | "stream";
  readonly size?: number | undefined;
  readonly modified: string;
}

/**
 * Everything needed to go on with an upload in another process. Plain JSON (fixtures/schema/checkpoint.schema.json).
 *
 * It holds the temporary certificate of the upload, so whoever reads it can write to the upload's objects until the
 * certificate expires: keep it as you keep a password file (mode 0600).
 */
export interface Checkpoint {
  readonly version: typeof checkpointVersion;
  /**
   * - `uploading` parts are being sent
   * - `transferred` every object is whole
   * - `committing` CommitUpload was sent, or is about to be
   * - `committed` the media exists: `result` says which
   */
  readonly state: "uploading" | "transferred" | "committing" | "committed";
  /** Where the upload was started; it can only go on there. */
  readonly endpoint: { readonly vod: string; readonly cos: string };
  readonly source: SourceIdentity;
  readonly cover?: SourceIdentity | undefined;
  /** ApplyUpload's fields; integers as decimal text. */
  readonly fields: Readonly<Record<string, string | number>>;
  readonly session: SessionIdentity & {
    readonly certificate?: Certificate | undefined;
    /** Epoch milliseconds. */
    readonly receivedAt: number;
    readonly requestId: string;
  };
  /** By COS key. */
  readonly objects: Readonly<Record<string, CheckpointObject>>;
  readonly result?: CommitResult | undefined;
  /** ISO 8601. */
  readonly savedAt: string;
}

/** ApplyUpload's fields in the form that JSON can hold. */
export function plainFields(fields: ApplyFields): Readonly<Record<string, string | number>> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, typeof value === "bigint" ? value.toString() : value]),
  );
}

type Shape = (value: unknown) => boolean;

const nonEmpty: Shape = (value) => typeof value === "string" && value !== "";
const count: Shape = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const digits: Shape = (value) => typeof value === "string" && /^\d{1,20}$/.test(value);
const object: Shape = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Checks that a value is a checkpoint of this version.
 * @throws CheckpointError `CHECKPOINT_INVALID` naming the field
 */
export function checkCheckpoint(value: unknown): asserts value is Checkpoint {
  const root = value as Record<string, Record<string, unknown> | undefined>;
  need("checkpoint", value, object);
  const version: unknown = root["version"];
  if (version !== checkpointVersion) {
    throw invalid("version", `is ${JSON.stringify(version)}; this release reads version ${checkpointVersion}`);
  }
  need("state", root["state"], (state) =>
    ["uploading", "transferred", "committing", "committed"].includes(state as string),
  );
  for (const group of ["endpoint", "source", "fields", "session", "objects"]) need(group, root[group], object);
  need("endpoint.vod", root["endpoint"]?.["vod"], nonEmpty);
  need("endpoint.cos", root["endpoint"]?.["cos"], nonEmpty);
  need("source.kind", root["source"]?.["kind"], (kind) => ["file", "url", "bytes", "stream"].includes(kind as string));
  for (const name of ["bucket", "region", "mediaStoragePath", "vodSessionKey"]) {
    need(`session.${name}`, root["session"]?.[name], nonEmpty);
  }
  need("session.receivedAt", root["session"]?.["receivedAt"], count);
  checkCertificate(root["session"]?.["certificate"]);
  for (const [key, entry] of Object.entries(root["objects"] ?? {})) checkObject(key, entry);
  const state: unknown = root["state"];
  if (state === "committed") {
    need("result", root["result"], object);
    need("result.fileId", root["result"]?.["fileId"], nonEmpty);
  }
}

function checkCertificate(value: unknown): void {
  if (value === undefined) return;
  need("session.certificate", value, object);
  const certificate = value as Record<string, unknown>;
  for (const name of ["secretId", "secretKey", "token"])
    need(`session.certificate.${name}`, certificate[name], nonEmpty);
  need("session.certificate.expiredTime", certificate["expiredTime"], count);
}

function checkObject(key: string, value: unknown): void {
  const field = `objects[${JSON.stringify(key)}]`;
  need(field, value, object);
  const entry = value as Record<string, unknown>;
  need(`${field}.parts`, entry["parts"], Array.isArray);
  if (entry["uploadId"] !== undefined) need(`${field}.uploadId`, entry["uploadId"], nonEmpty);
  if (entry["partSize"] !== undefined) need(`${field}.partSize`, entry["partSize"], count);
  const seen = new Set<unknown>();
  for (const part of entry["parts"] as Record<string, unknown>[]) {
    need(`${field}.parts`, part, object);
    need(
      `${field}.parts.number`,
      part["number"],
      (number) => count(number) && (number as number) >= 1 && !seen.has(number),
    );
    seen.add(part["number"]);
    need(`${field}.parts.size`, part["size"], count);
    need(`${field}.parts.etag`, part["etag"], nonEmpty);
    need(`${field}.parts.crc64`, part["crc64"], digits);
  }
  if (entry["source"] !== undefined) need(`${field}.source`, entry["source"], object);
  if (entry["done"] !== undefined) {
    need(`${field}.done`, entry["done"], object);
    need(`${field}.done.size`, (entry["done"] as Record<string, unknown>)["size"], count);
    need(`${field}.done.crc64`, (entry["done"] as Record<string, unknown>)["crc64"], digits);
  }
}

function need(field: string, value: unknown, shape: Shape): void {
  if (!shape(value)) throw invalid(field, value === undefined ? "is missing" : "does not have the right form");
}

function invalid(field: string, why: string): CheckpointError {
  return new CheckpointError(
    "CHECKPOINT_INVALID",
    `the checkpoint cannot be read: ${field} ${why}; start without it to upload afresh`,
    { field },
  );
}

/**
 * Refuses a checkpoint of another upload.
 * @throws CheckpointError `CHECKPOINT_MISMATCH` naming the field
 */
export function checkSameUpload(
  checkpoint: Checkpoint,
  now: Pick<Checkpoint, "endpoint" | "source" | "cover" | "fields">,
): void {
  for (const side of ["vod", "cos"] as const) {
    if (checkpoint.endpoint[side] !== now.endpoint[side]) {
      throw mismatch(`endpoint.${side}`, `was ${checkpoint.endpoint[side]} and is ${now.endpoint[side]}`);
    }
  }
  compareSource("source", checkpoint.source, now.source);
  // What is committed needs no cover any more, and a committed upload's own cover may be gone.
  if (checkpoint.state === "uploading") {
    if ((checkpoint.cover === undefined) !== (now.cover === undefined))
      throw mismatch("cover", "was given in one of the two runs only");
    if (checkpoint.cover !== undefined && now.cover !== undefined) compareSource("cover", checkpoint.cover, now.cover);
  }
  for (const name of new Set([...Object.keys(checkpoint.fields), ...Object.keys(now.fields)])) {
    if (checkpoint.fields[name] !== now.fields[name])
      throw mismatch(`fields.${name}`, "differs from this run's options");
  }
}

/**
 * Refuses a checkpoint whose tree is no longer the one that is there: a file was changed, added or taken away.
 * @param files by COS key
 * @throws CheckpointError `CHECKPOINT_MISMATCH` naming the field
 */
export function checkSameFiles(checkpoint: Checkpoint, files: ReadonlyMap<string, SourceIdentity>): void {
  for (const [key, { source }] of Object.entries(checkpoint.objects)) {
    const field = `objects[${JSON.stringify(key)}].source`;
    const now = files.get(key);
    if (source !== undefined && now === undefined) throw mismatch(field, "no longer belongs to the manifest's files");
    if (source !== undefined && now !== undefined) compareSource(field, source, now);
  }
  for (const key of files.keys()) {
    if (checkpoint.objects[key]?.source === undefined)
      throw mismatch(`objects[${JSON.stringify(key)}]`, "is missing: the manifest did not name this file then");
  }
}

function mismatch(field: string, why: string): CheckpointError {
  return new CheckpointError(
    "CHECKPOINT_MISMATCH",
    `the checkpoint does not belong to this upload: ${field} ${why}; start without it to upload afresh`,
    { field },
  );
}

function compareSource(field: string, was: SourceIdentity, is: SourceIdentity): void {
  if (was.kind !== is.kind) throw mismatch(`${field}.kind`, `was ${was.kind} and is ${is.kind}`);
  if (was.size !== is.size)
    throw mismatch(`${field}.size`, `was ${was.size} bytes and is ${is.size}: the source has changed`);
  if (was.modified !== is.modified) throw mismatch(`${field}.modified`, "is another one: the source has changed");
}
