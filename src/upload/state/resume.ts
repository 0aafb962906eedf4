import type { DonePart, TransferContext } from "../transfer/job.ts";
import type { PartRange, TransferPlan } from "../transfer/part-plan.ts";
import type { OpenedSource, RangedSource } from "../source/source.ts";
import type { UploadState } from "./upload-state.ts";
import { CheckpointError, CosError } from "../../errors.ts";
import { findObject } from "../transfer/complete.ts";
import { objectPath } from "../../cos/key.ts";
import { readPass, startMd5 } from "../source/bytes.ts";
import { settleOn } from "../transfer/opening.ts";
import { partRange, planTransfer } from "../transfer/part-plan.ts";

/** One object of the upload, as far as its multipart upload is concerned. */
interface PlannedObject {
  readonly key: string;
  /** Undefined for a stream of unknown length. */
  readonly plan: TransferPlan | undefined;
}

/**
 * Looks for multipart uploads that a run before has opened and no checkpoint names: it was killed before it could write
 * one, or the answer that named the upload was lost (wire §9.4). In a run that goes on from a checkpoint.
 */
export async function findUnnamed(
  context: TransferContext,
  state: UploadState,
  objects: readonly PlannedObject[],
): Promise<void> {
  const unnamed = objects.filter(
    ({ key, plan }) =>
      plan?.kind !== "put" && state.finished(key) === undefined && state.record(key).uploadId === undefined,
  );
  const open = await context.openAt(
    unnamed.map(({ key }) => key),
    context.signal,
  );
  for (const { key } of unnamed) {
    state.record(key).found(open.flatMap((upload) => (upload.key === key ? [upload.uploadId] : [])));
  }
}

/**
 * An upload that was found is resumed as if the checkpoint had named it: its key is this session's alone. What
 * cannot be resumed is removed once there is another.
 */
async function takeUnnamed(
  context: TransferContext,
  state: UploadState,
  { key, plan }: PlannedObject,
  source: OpenedSource,
): Promise<void> {
  const record = state.record(key);
  const [uploadId, ...others] = record.others;
  if (record.uploadId !== undefined || uploadId === undefined) return;
  if (source.kind === "stream" || plan?.kind !== "multipart") return record.lost();
  await settleOn(context, record, { key, uploadId, partSize: plan.partSize }, others);
}

/**
 * Brings what a checkpoint says of an object in line with what the service holds, before anything is sent:
 * - a part that both know alike is kept; the source is compared with it later, when its turn comes;
 * - a part that only the service has (it was sent after the last checkpoint) is kept if its MD5 is that of the source;
 * - everything else is sent again;
 * - an upload that is gone may have been completed: then the object itself is compared with the source (wire §9.4).
 *
 * @returns how many parts need not be sent
 * @throws CheckpointError `CHECKPOINT_MISMATCH` for a stream: it cannot be read from the middle
 */
export async function resumeObject(
  context: TransferContext,
  state: UploadState,
  object: PlannedObject,
  source: OpenedSource,
): Promise<number> {
  const { key } = object;
  await takeUnnamed(context, state, object, source);
  const record = state.record(key);
  const { uploadId, partSize } = record;
  if (uploadId === undefined || partSize === undefined) return 0;
  if (source.kind === "stream") {
    throw new CheckpointError("CHECKPOINT_MISMATCH", "a stream cannot be resumed; start without the checkpoint", {
      field: "source",
    });
  }
  const requesting = context.requesting(context.signal);
  const listed = await requesting("ListParts", (options) =>
    context.cos.listParts(objectPath(key), uploadId, options),
  ).catch(undefinedIfGone);
  const known = new Map(record.parts.map((part) => [part.number, part]));
  const plan = planTransfer(source.size, partSize);
  if (listed === undefined) return completedBefore(context, state, key, source, plan.partCount);
  const kept: DonePart[] = [];
  for (const { partNumber, size, etag } of listed) {
    if (partNumber > plan.partCount || size !== partRange(plan, partNumber).size) continue;
    const before = known.get(partNumber);
    if (before !== undefined && before.etag === etag && before.size === size) kept.push(before);
    else {
      const adopted = await adopt(source, partRange(plan, partNumber), etag, context.signal);
      if (adopted !== undefined) kept.push(adopted);
    }
  }
  state.reconcile(key, kept);
  return kept.length;
}

function undefinedIfGone(error: unknown): undefined {
  if (error instanceof CosError && (error.cosCode === "NoSuchUpload" || error.status === 404)) return undefined;
  throw error;
}

/** Reads a part of the source to see whether it is the one that the service holds. */
async function adopt(
  source: RangedSource,
  range: PartRange,
  etag: string,
  signal: AbortSignal,
): Promise<DonePart | undefined> {
  const { number, size } = range;
  const md5 = startMd5();
  if (md5 === undefined) return undefined;
  const crc64 = await readThrough(source, range, signal, (chunk) => md5.update(chunk));
  return md5.digest("hex") === etag.toLowerCase() ? { number, size, etag, crc64 } : undefined;
}

/** The upload is gone: completed by the run before (its answer came too late to be noted), or removed. */
async function completedBefore(
  context: TransferContext,
  state: UploadState,
  key: string,
  source: RangedSource,
  parts: number,
): Promise<number> {
  const found = await findObject(context.cos, key, context.requesting(context.signal));
  if (found?.size === source.size && found.crc64 !== undefined) {
    const crc64 = await readThrough(source, { offset: 0, size: source.size }, context.signal, () => undefined);
    if (crc64 === found.crc64) {
      await state.finish(key, { size: source.size, parts, crc64, verified: "crc64" });
      return parts;
    }
  }
  state.forget(key);
  return 0;
}

async function readThrough(
  source: RangedSource,
  { offset, size }: Pick<PartRange, "offset" | "size">,
  signal: AbortSignal,
  each: (chunk: Uint8Array) => void,
): Promise<string> {
  const pass = await source.body(offset, size).begin(signal);
  try {
    await readPass(pass, signal, each);
    return String(pass.crc64());
  } finally {
    await pass.end();
  }
}
