import type { VodApi } from "../../vod-api/client.ts";
import type { UploadResult } from "./result.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { performance } from "node:perf_hooks";
import { CheckpointError, invalidArgument } from "../../errors.ts";
import { openController, withOwnSignal } from "../../http/abort.ts";
import { parseSubAppId } from "../../vod-api/client.ts";
import { refuseUnknown } from "../../unknown-options.ts";
import { commitUpload, type CommitResult } from "../session/commit.ts";
import { checkCheckpoint } from "./checkpoint-form.ts";
import { storedBytes } from "./checkpoint.ts";

/** The service that is asked. */
interface Asked {
  readonly api: VodApi;
  readonly endpoint: { readonly vod: string };
}

export interface SettleOptions {
  readonly signal?: AbortSignal | undefined;
}

/**
 * Finds out the result of an upload whose CommitUpload may have been sent, without its source.
 * @throws CheckpointError `CHECKPOINT_INVALID`, `CHECKPOINT_MISMATCH` for another endpoint
 * @throws TypeError `ERR_INVALID_ARG_VALUE` for a checkpoint of which nothing can have been committed
 * @throws as a commit does, `COMMIT_UNCERTAIN` included
 */
export async function settleUpload(
  asked: Asked,
  checkpoint: Checkpoint,
  options: SettleOptions,
): Promise<UploadResult> {
  refuseUnknown("", options, { signal: true } satisfies Record<keyof SettleOptions, true>);
  checkCheckpoint(checkpoint);
  const { state, endpoint, session, objects } = checkpoint;
  const stored = storedBytes(session, Object.entries(objects));
  if ((state !== "committing" && state !== "committed") || stored === undefined) {
    throw invalidArgument("checkpoint", `is in state "${state}": nothing of it can have been committed`);
  }
  if (endpoint.vod !== asked.endpoint.vod) {
    const message = `the checkpoint belongs to ${endpoint.vod}; settle it with a client of that endpoint`;
    throw new CheckpointError("CHECKPOINT_MISMATCH", message, { field: "endpoint.vod" });
  }
  const started = performance.now();
  const result = await withOwnSignal(options.signal, (signal = openController().signal) =>
    commitOrRecall(asked, checkpoint, signal),
  );
  const durationMs = Math.round(performance.now() - started);
  return { ...result, transfer: { ...stored, retries: 0, durationMs, resumedParts: stored.parts } };
}

async function commitOrRecall(
  { api }: Asked,
  { state, result, session, fields }: Checkpoint,
  signal: AbortSignal,
): Promise<CommitResult> {
  signal.throwIfAborted();
  if (state === "committed" && result !== undefined) return result;
  const subAppId = parseSubAppId("fields.SubAppId", fields["SubAppId"]);
  return commitUpload({ api, session, subAppId, repeated: true, resumable: true, signal, onRetry: () => undefined });
}
