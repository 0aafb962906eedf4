import type { UploadObject } from "./objects.ts";
import type { ReadyUpload } from "./ready.ts";
import type { OpenedSource, SourceIdentity } from "./source/source.ts";
import type { Checkpoint } from "./state/checkpoint.ts";
import type { UploadState } from "./state/upload-state.ts";
import { CheckpointError, SourceError } from "../errors.ts";
import { toKey } from "../cos/key.ts";
import { readPass } from "./source/bytes.ts";

/** What the service holds of a source. */
interface Stored {
  readonly size: number;
  readonly crc64: string;
}

/** Whether a source still is what was stored. What can be read only once cannot be compared. */
export async function hasContent(source: OpenedSource, stored: Stored, signal: AbortSignal): Promise<boolean> {
  if (source.kind !== "ranged" || source.size !== stored.size) return false;
  const pass = await source.body(0, source.size).begin(signal);
  try {
    await readPass(pass, signal);
    return String(pass.crc64()) === stored.crc64;
  } finally {
    await pass.end();
  }
}

/** Objects that an earlier run has brought, of files whose stamp has moved since though size and date did not. */
export function movedKeys(
  checkpoint: Checkpoint | undefined,
  { media, cover }: Pick<ReadyUpload, "media" | "cover">,
  objects: readonly UploadObject[],
): ReadonlySet<string> {
  if (checkpoint === undefined) return new Set();
  const { mediaStoragePath, coverStoragePath } = checkpoint.session;
  const was = (key: string): SourceIdentity | undefined => {
    if (key === toKey(mediaStoragePath)) return checkpoint.source;
    return coverStoragePath !== undefined && key === toKey(coverStoragePath)
      ? checkpoint.cover
      : checkpoint.objects[key]?.source;
  };
  const is = (object: UploadObject): SourceIdentity | undefined =>
    object.identity ?? (object.key === toKey(mediaStoragePath) ? media.identity : cover?.identity);
  return new Set(objects.filter((object) => was(object.key)?.stamp !== is(object)?.stamp).map(({ key }) => key));
}

/** @throws CheckpointError `CHECKPOINT_MISMATCH` when a file no longer has the bytes that an earlier run has stored */
export async function checkStored(signal: AbortSignal, state: UploadState, object: UploadObject): Promise<void> {
  const before = state.finished(object.key);
  if (before !== undefined && !(await object.withSource((source) => hasContent(source, before, signal))))
    throw hasChanged(object.label);
}

/**
 * Accepts the checkpoint of an upload that only has to be committed, or is, although its file has another date or stamp
 * by now, if the content is the one that is stored: a file that was merely touched must not be uploaded a second time.
 * @throws CheckpointError `CHECKPOINT_MISMATCH` when the content is another one
 */
export async function acceptTouched(
  checkpoint: Checkpoint | undefined,
  media: OpenedSource,
  signal: AbortSignal,
): Promise<Checkpoint | undefined> {
  if (checkpoint === undefined || checkpoint.state === "uploading") return checkpoint;
  const { source: was, objects, session } = checkpoint;
  const { identity: is } = media;
  if (was.kind !== "file" || is.kind !== "file" || was.size !== is.size) return checkpoint;
  if (was.modified === is.modified && was.stamp === is.stamp) return checkpoint;
  const stored = objects[toKey(session.mediaStoragePath)]?.done;
  const isTree = Object.values(objects).some(({ source }) => source !== undefined);
  if (stored === undefined || isTree) return checkpoint;
  if (!(await hasContent(media, stored, signal))) throw hasChanged(media.label);
  return { ...checkpoint, source: is };
}

/**
 * Where the stamp had moved before this run began, and parts are not those of the file, it was changed between the two
 * runs: that is the checkpoint's end, and not the upload's.
 */
export function changedBetween(label: string, error: unknown): unknown {
  return error instanceof SourceError && error.code === "SOURCE_CHANGED" ? hasChanged(label) : error;
}

function hasChanged(label: string): CheckpointError {
  const message = `the checkpoint does not belong to this upload: ${label} has changed since; start without it`;
  return new CheckpointError("CHECKPOINT_MISMATCH", message, { field: "source.modified" });
}
