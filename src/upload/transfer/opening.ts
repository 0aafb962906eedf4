import type { CosCallOptions } from "../../cos/request.ts";
import type { RetryClass } from "../../http/retry.ts";
import type { ObjectJob, ObjectRecord, TransferContext } from "./job.ts";
import { classifyCosFailure } from "../../cos/error-codes.ts";
import { objectPath } from "../../cos/key.ts";
import { CosError, NetworkError } from "../../errors.ts";
import { abortLimits, failureLimits, withGrace, withLimit } from "../../http/abort.ts";
import { removeUploads } from "./open-uploads.ts";

/** An upload that becomes an object's own. */
interface OwnUpload {
  readonly key: string;
  readonly uploadId: string;
  /** Bytes. */
  readonly partSize: number;
}

/**
 * Opens the multipart upload of an object. Where an answer was lost on the way, an upload may be open that nobody
 * knows: it is looked for, and removed, before anything is sent (decision 0019).
 * @returns its id, which the checkpoint names from now on
 */
export async function openUpload(context: TransferContext, job: ObjectJob, partSize: number): Promise<string> {
  const { key, record } = job;
  let { isLost } = record;
  const uploadId = await initiate(context, job, () => {
    isLost = true;
    record.lost();
  });
  const open = isLost ? await context.openAt([key], context.signal) : [];
  const others = open.flatMap((upload) => (upload.uploadId === uploadId ? [] : [upload.uploadId]));
  await settleOn(context, record, { key, uploadId, partSize }, others);
  context.signal.throwIfAborted();
  return uploadId;
}

/**
 * Makes one upload an object's own, and removes the others that the service has listed. Before that a checkpoint is
 * written: a caller whose checkpoint is another process's by now says so here, and what that one has opened since is
 * not in the list. It names no upload until the others are gone, so that a run after a kill finds them all.
 */
export async function settleOn(
  context: TransferContext,
  record: ObjectRecord,
  { key, uploadId, partSize }: OwnUpload,
  others: readonly string[],
): Promise<void> {
  const { cos, signal } = context;
  if (others.length > 0) {
    record.found(others);
    record.lost();
    await record.opened(uploadId, partSize);
    const uploads = others.map((other) => ({ key, uploadId: other }));
    await withLimit(failureLimits.lostMs, signal, (limit) => removeUploads(cos, context.requesting(limit), uploads));
  }
  if (!signal.aborted) record.alone();
  await record.opened(uploadId, partSize);
}

/** @param lost called when an upload may have been opened whose id nobody was given */
function initiate({ cos, signal, requesting }: TransferContext, job: ObjectJob, lost: () => void): Promise<string> {
  return withGrace(signal, abortLimits.openingMs, async (late) => {
    const send = async (options: CosCallOptions): Promise<{ readonly uploadId: string }> => {
      try {
        return await cos.initiateMultipartUpload(objectPath(job.key), { ...options, contentType: job.contentType });
      } catch (error) {
        if (mayHaveOpened(error)) lost();
        throw error;
      }
    };
    const classify = (error: unknown): RetryClass => (signal.aborted ? "never" : classifyCosFailure(error));
    return (await requesting(late)("InitiateMultipartUpload", send, classify)).uploadId;
  });
}

/** Whether the request may have been carried out: its answer was lost, unreadable, or an error of the service's own. */
function mayHaveOpened(error: unknown): boolean {
  if (error instanceof NetworkError) return error.phase !== "connect";
  if (!(error instanceof CosError)) return true;
  return error.status < 300 || (error.status >= 500 && classifyCosFailure(error) !== "throttle");
}
