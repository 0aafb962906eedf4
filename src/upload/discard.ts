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

/**
 * Removes what the unfinished upload of a checkpoint has sent, with the certificate that the checkpoint holds.
 * @throws CheckpointError `CHECKPOINT_INVALID`
 */
export async function discardUpload(environment: UploadEnvironment, checkpoint: Checkpoint): Promise<Discarded> {
  checkCheckpoint(checkpoint);
  const open = Object.entries(checkpoint.objects).flatMap(([key, { uploadId, done }]) =>
    uploadId === undefined || done !== undefined ? [] : [{ key, uploadId }],
  );
  const reason = await abortUploads({ ...environment, cosEndpoint: checkpoint.endpoint.cos }, checkpoint.session, open);
  return { removed: reason === undefined, reason };
}
