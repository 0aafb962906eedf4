import type { SourceIdentity } from "../source/source.ts";
import type { Certificate } from "../session/certificate.ts";
import type { CommitResult } from "../session/commit.ts";
import type { ApplyFields, SessionIdentity } from "../session/apply.ts";
import { CheckpointError } from "../../errors.ts";
import { cutText } from "../../http/redact.ts";
import type { DonePart, OpenUpload, TransferredObject } from "../transfer/job.ts";

/** The version that this release writes and the only one it reads. */
export const checkpointVersion = 1;

/** How far one object (media, cover, segment) is. */
export interface CheckpointObject {
  readonly uploadId?: string | undefined;
  /** Bytes. */
  readonly partSize?: number | undefined;
  readonly parts: readonly DonePart[];
  /** The file of a HLS or DASH tree that it is made of; the media's and the cover's are above. */
  readonly source?: SourceIdentity | undefined;
  /** Set once the object is whole and verified. */
  readonly done?: TransferredObject | undefined;
}

/**
 * Everything needed to go on with an upload in another process. Plain JSON (fixtures/schema/checkpoint.schema.json).
 *
 * It holds the temporary certificate of the upload, so anybody who reads it can write to the upload's objects until the
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

/** @param objects by COS key */
export function openUploads(
  objects: Iterable<readonly [key: string, object: Pick<CheckpointObject, "uploadId" | "done">]>,
): OpenUpload[] {
  return [...objects].flatMap(([key, { uploadId, done }]) =>
    uploadId === undefined || done !== undefined ? [] : [{ key, uploadId }],
  );
}

/**
 * What the service holds of an upload: the media's object, with the bytes of all objects but the cover's.
 * @param objects by COS key
 * @returns undefined while the media is not whole
 */
export function storedBytes(
  session: Pick<SessionIdentity, "mediaStoragePath" | "coverStoragePath">,
  objects: Iterable<readonly [key: string, object: Pick<CheckpointObject, "done">]>,
): (Omit<TransferredObject, "size"> & { readonly bytes: number }) | undefined {
  const [mediaKey, coverKey] = [session.mediaStoragePath, session.coverStoragePath].map((path) =>
    path?.replace(/^\//, ""),
  );
  const whole = [...objects].flatMap(([key, { done }]) => (done === undefined ? [] : [{ key, ...done }]));
  const media = whole.find(({ key }) => key === mediaKey);
  if (media === undefined) return undefined;
  const { parts, crc64, verified } = media;
  const bytes = whole.reduce((sum, { key, size }) => sum + (key === coverKey ? 0 : size), 0);
  return { bytes, parts, crc64, verified };
}

/** ApplyUpload's fields in the form that JSON can hold. */
export function plainFields(fields: ApplyFields): Readonly<Record<string, string | number>> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, typeof value === "bigint" ? value.toString() : value]),
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
    `the checkpoint does not belong to this upload: ${cutText(`${field} ${why}`)}; ` +
      "start without it to upload from the beginning",
    { field: cutText(field) },
  );
}

function compareSource(field: string, was: SourceIdentity, is: SourceIdentity): void {
  if (was.kind !== is.kind) throw mismatch(`${field}.kind`, `was ${was.kind} and is ${is.kind}`);
  if (was.size !== is.size)
    throw mismatch(`${field}.size`, `was ${was.size} bytes and is ${is.size}: the source has changed`);
  if (was.modified !== is.modified) throw mismatch(`${field}.modified`, "is another one: the source has changed");
}
