import type { Checkpoint, OpenUpload } from "./state/checkpoint.ts";
import { checkCheckpoint } from "./state/checkpoint-form.ts";
import type { Credentials } from "../credentials/source.ts";
import type { UploadEnvironment } from "./environment.ts";
import type { KeySource } from "./session/certificate.ts";
import type { UploadSession } from "./session/apply.ts";
import { CosClient } from "../cos/client.ts";
import { objectPath } from "../cos/key.ts";
import { CosError, NetworkError } from "../errors.ts";
import { requestingWith } from "./transfer/request.ts";
import { failureLimits, openController, withLimit, withOwnSignal } from "../http/abort.ts";
import { refuseUnknown } from "../unknown-options.ts";
import { openUploads } from "./state/checkpoint.ts";

/**
 * Removes what was sent of unfinished multipart uploads: it would be stored, and billed, for ever. Never fails:
 * wire §9.3.
 * @param ending ends it early, some time after the upload itself was aborted
 * @returns why an upload could not be removed; undefined when all are gone
 */
export async function abortUploads(
  environment: UploadEnvironment,
  session: Pick<UploadSession, "bucket" | "region" | "certificate">,
  uploads: readonly OpenUpload[],
  ending: AbortSignal,
): Promise<string | undefined> {
  if (uploads.length === 0) return undefined;
  const { cosEndpoint, wire, credentials } = environment;
  const get = async (): Promise<Credentials> => session.certificate ?? credentials.get();
  const keys: KeySource = { get, refused: async () => false, isOld: () => false };
  const { bucket, region } = session;
  const cos = new CosClient({ bucket, region, cosEndpoint }, wire);
  const reasons = await withLimit(failureLimits.cleanUpMs, ending, (limit) => {
    const requesting = requestingWith(wire, cos.origin, keys, limit, () => undefined);
    return Promise.all(
      uploads.map(({ key, uploadId }) =>
        requesting("AbortMultipartUpload", (options) =>
          cos.abortMultipartUpload(objectPath(key), uploadId, options),
        ).then(() => undefined, reasonOf),
      ),
    );
  });
  return reasons.find((reason) => reason !== undefined);
}

function reasonOf(error: unknown): string {
  if (error instanceof CosError) return `${error.status} ${error.cosCode}`;
  return error instanceof NetworkError ? error.message : "no answer in time";
}

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
  options: DiscardOptions,
): Promise<Discarded> {
  refuseUnknown("", options, { signal: true } satisfies Record<keyof DiscardOptions, true>);
  checkCheckpoint(checkpoint);
  return withOwnSignal(options.signal, (signal = openController().signal) => discard(environment, checkpoint, signal));
}

async function discard(
  environment: UploadEnvironment,
  checkpoint: Checkpoint,
  signal: AbortSignal,
): Promise<Discarded> {
  signal.throwIfAborted();
  const open = openUploads(Object.entries(checkpoint.objects));
  if (checkpoint.session.certificate === undefined && checkpoint.endpoint.cos !== environment.endpoint.cos) {
    // Its own certificate may go where a checkpoint says; the account's keys go to the client's endpoints.
    const reason = `the checkpoint holds no certificate, and the account's keys are not sent to ${checkpoint.endpoint.cos}`;
    return { removed: open.length === 0, reason: open.length === 0 ? undefined : reason };
  }
  const there = { ...environment, cosEndpoint: checkpoint.endpoint.cos };
  const reason = await abortUploads(there, checkpoint.session, open, signal);
  if (reason !== undefined) signal.throwIfAborted();
  return { removed: reason === undefined, reason };
}
