import type { Checkpoint } from "./checkpoint.ts";
import type { UploadEnvironment } from "./environment.ts";
import { checkCheckpoint } from "./checkpoint-form.ts";
import { abortUploads } from "./clean-up.ts";

/** What became of the parts of an upload that is given up. */
export interface Discarded {
  /** False when something may still be stored. */
  readonly removed: boolean;
  /** Why not, such as `403 AccessDenied`. */
  readonly reason?: string | undefined;
}

export interface DiscardOptions {
  /** Stops at once; some of what was sent may then be left. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Removes what the unfinished upload of a checkpoint has sent, with the certificate that the checkpoint holds.
 * @throws CheckpointError `CHECKPOINT_INVALID`
 * @throws the signal's own reason
 */
export async function discardUpload(
  environment: UploadEnvironment,
  checkpoint: Checkpoint,
  { signal = new AbortController().signal }: DiscardOptions,
): Promise<Discarded> {
  checkCheckpoint(checkpoint);
  signal.throwIfAborted();
  const open = Object.entries(checkpoint.objects).flatMap(([key, { uploadId, done }]) =>
    uploadId === undefined || done !== undefined ? [] : [{ key, uploadId }],
  );
  const there = { ...environment, cosEndpoint: checkpoint.endpoint.cos };
  const reason = await abortUploads(there, checkpoint.session, open, signal);
  if (reason !== undefined) signal.throwIfAborted();
  return { removed: reason === undefined, reason };
}
