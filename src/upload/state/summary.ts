import type { Checkpoint } from "./checkpoint.ts";
import type { UploadResult } from "./result.ts";
import { member } from "../../json.ts";
import { openUploads, storedBytes } from "./checkpoint.ts";

/** How far the upload of a checkpoint is. Nothing of it is secret. */
export interface CheckpointSummary {
  /** `"unreadable"` for what is no checkpoint. */
  readonly state: Checkpoint["state"] | "unreadable";
  /** Of media and cover; undefined for a stream and for HLS and DASH, whose checkpoint does not tell. */
  readonly bytes: number | undefined;
  /** What the service holds. */
  readonly sentBytes: number;
  /** Multipart uploads whose parts the service keeps, and bills, until they are completed or removed. */
  readonly openUploads: number;
  /** Undefined where it cannot be read. */
  readonly savedAt: Date | undefined;
  /** Until then it can be resumed, and removed, without renewing its certificate. */
  readonly certificateExpires: Date | undefined;
  /** Of a committed one. */
  readonly fileId: string | undefined;
  /** Of a committed one: what its upload resolved with, but for `retries` and `durationMs`, which nobody keeps. */
  readonly result: UploadResult | undefined;
}

const states = ["uploading", "transferred", "committing", "committed"] as const;

/**
 * Reads what can be read of a checkpoint, for people and for programs that decide what to do with it. Never throws: it
 * takes other versions and damaged files, too; whether an upload can resume from it only `upload` finds out.
 * @param checkpoint as `onCheckpoint` gave it, or as `JSON.parse` read it back
 */
export function summarizeCheckpoint(checkpoint: unknown): CheckpointSummary {
  const state = states.find((name) => name === member(checkpoint, "state"));
  // A manifest's own size says nothing of its segments.
  const isTree = /^(?:m3u8|mpd)$/i.test(String(member(member(checkpoint, "fields"), "MediaType")));
  const sizes = [member(checkpoint, "source"), member(checkpoint, "cover")].map((source) => member(source, "size"));
  const [media, cover] = sizes.map(numberOf);
  const expired = numberOf(member(member(member(checkpoint, "session"), "certificate"), "expiredTime"));
  const objects = Object.entries(objectOf(member(checkpoint, "objects"))).map(([key, object]) =>
    readObject(key, object),
  );
  const fileId = textOf(member(member(checkpoint, "result"), "fileId"));
  return {
    state: state ?? "unreadable",
    bytes: media === undefined || isTree ? undefined : media + (cover ?? 0),
    sentBytes: objects.reduce((sum, { sentBytes }) => sum + sentBytes, 0),
    openUploads: openUploads(objects.map((object) => [object.key, object])).length,
    savedAt: dateOf(member(checkpoint, "savedAt")),
    certificateExpires: expired === undefined ? undefined : dateOf(expired * 1000),
    fileId,
    result: state === "committed" && fileId !== undefined ? readResult(checkpoint, fileId, objects) : undefined,
  };
}

type ReadObject = ReturnType<typeof readObject>;

function readObject(key: string, object: unknown) {
  const done = member(object, "done");
  const size = numberOf(member(done, "size"));
  const parts = numberOf(member(done, "parts"));
  const crc64 = textOf(member(done, "crc64"));
  const verified = member(done, "verified");
  const listed = Object.values(objectOf(member(object, "parts")));
  const sent = listed.reduce<number>((sum, part) => sum + (numberOf(member(part, "size")) ?? 0), 0);
  const isWhole = size !== undefined && parts !== undefined && crc64 !== undefined;
  const isVerified = verified === "crc64" || verified === "size";
  return {
    key,
    uploadId: textOf(member(object, "uploadId")),
    done: isWhole && isVerified ? ({ size, parts, crc64, verified } as const) : undefined,
    sentBytes: size ?? sent,
  };
}

function readResult(checkpoint: unknown, fileId: string, objects: readonly ReadObject[]): UploadResult | undefined {
  const session = member(checkpoint, "session");
  const [mediaPath, coverPath] = [member(session, "mediaStoragePath"), member(session, "coverStoragePath")].map(textOf);
  const result = member(checkpoint, "result");
  const stored = storedBytes(
    { mediaStoragePath: mediaPath ?? "", coverStoragePath: coverPath },
    objects.map((object) => [object.key, object]),
  );
  const mediaUrl = textOf(member(result, "mediaUrl"));
  const requestId = textOf(member(result, "requestId"));
  if (stored === undefined || mediaUrl === undefined || requestId === undefined) return undefined;
  const coverUrl = textOf(member(result, "coverUrl"));
  const transfer = { ...stored, retries: 0, durationMs: 0, resumedParts: stored.parts };
  return { fileId, mediaUrl, coverUrl, requestId, transfer };
}

function objectOf(value: unknown): object {
  return typeof value === "object" && value !== null ? value : {};
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

function dateOf(value: unknown): Date | undefined {
  const date = typeof value === "string" || typeof value === "number" ? new Date(value) : undefined;
  return date === undefined || Number.isNaN(date.getTime()) ? undefined : date;
}
