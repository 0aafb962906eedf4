import type { Checkpoint } from "./state/checkpoint.ts";
import { checkCheckpoint } from "./state/checkpoint-form.ts";
import type { Credentials } from "../credentials/source.ts";
import type { UploadEnvironment } from "./environment.ts";
import type { KeySource } from "./session/certificate.ts";
import type { UploadSession } from "./session/apply.ts";
import { CosClient } from "../cos/client.ts";
import { cosLimits } from "../cos/limits.ts";
import type { OpenUpload } from "./transfer/job.ts";
import { findUploads, removeUploads } from "./transfer/open-uploads.ts";
import type { Requesting } from "./transfer/request.ts";
import { hasOwnKeys } from "./session/apply.ts";
import { requestingWith } from "./transfer/request.ts";
import { failureLimits, openController, withLimit, withOwnSignal } from "../http/abort.ts";
import { refuseUnknown } from "../unknown-options.ts";
import { openUploads } from "./state/checkpoint.ts";

/** Whose uploads they are. */
type OfSession = Pick<UploadSession, "bucket" | "region" | "certificate">;

/**
 * Removes what was sent of unfinished multipart uploads: it would be stored, and billed, forever. Never fails:
 * wire §9.3.
 * @param ending ends it early, some time after the upload itself was aborted
 * @returns why an upload could not be removed; undefined when all are gone
 */
export async function abortUploads(
  environment: UploadEnvironment,
  session: OfSession,
  uploads: readonly OpenUpload[],
  ending: AbortSignal,
): Promise<string | undefined> {
  if (uploads.length === 0) return undefined;
  return atStorage(environment, session, failureLimits.cleanUpMs, ending, (cos, requesting) =>
    removeUploads(cos, requesting, uploads),
  );
}

/**
 * Finds multipart uploads at keys of a session whose ids nobody was given. Never fails.
 * @param limitMs milliseconds
 */
export async function findLost(
  environment: UploadEnvironment,
  session: OfSession,
  keys: readonly string[],
  limitMs: number,
  ending: AbortSignal,
): Promise<readonly OpenUpload[]> {
  if (keys.length === 0) return [];
  const found = await atStorage(environment, session, limitMs, ending, (cos, requesting) =>
    findUploads(cos, requesting, keys),
  );
  return found ?? [];
}

/** Asks the storage with the certificate as it is: what is given up is not worth another. */
async function atStorage<T>(
  { cosEndpoint, wire, credentials }: UploadEnvironment,
  { bucket, region, certificate }: OfSession,
  limitMs: number,
  ending: AbortSignal,
  work: (cos: CosClient, requesting: Requesting) => Promise<T>,
): Promise<T> {
  const get = async (): Promise<Credentials> => certificate ?? credentials.get();
  const keys: KeySource = { get, refused: async () => false, isOld: () => false };
  const cos = new CosClient({ bucket, region, cosEndpoint }, wire);
  return withLimit(limitMs, ending, (limit) =>
    work(
      cos,
      requestingWith(wire, cos.origin, keys, limit, () => undefined),
    ),
  );
}

/** The result for the parts of an upload that is given up. */
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
 * Removes what the unfinished upload of a checkpoint has sent, and what it has opened without learning its id, with the
 * certificate that the checkpoint holds.
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
  const named = openUploads(Object.entries(checkpoint.objects));
  if (checkpoint.session.certificate === undefined && checkpoint.endpoint.cos !== environment.endpoint.cos) {
    // Its own certificate may go where a checkpoint says; the account's keys go to the client's endpoints.
    const reason = `the checkpoint holds no certificate, and the account's keys are not sent to ${checkpoint.endpoint.cos}`;
    return { removed: named.length === 0, reason: named.length === 0 ? undefined : reason };
  }
  const { session, endpoint, fields } = checkpoint;
  const there = { ...environment, cosEndpoint: endpoint.cos };
  const lost = hasOwnKeys(fields) ? unnamedKeys(checkpoint) : [];
  const found = await findLost(there, session, lost, failureLimits.lostMs, signal);
  const reason = await abortUploads(there, session, [...named, ...found], signal);
  if (reason !== undefined) signal.throwIfAborted();
  return { removed: reason === undefined, reason };
}

/**
 * Keys at which a run that was killed may have opened a multipart upload that its checkpoint does not name: of every
 * object that was to be sent, but for those that fit into any part.
 */
function unnamedKeys({ state, session, objects, source, cover }: Checkpoint): string[] {
  if (state !== "uploading") return [];
  const sources = new Map(Object.entries(objects).map(([key, object]) => [key, object.source]));
  const keyOf = (path: string): string => path.replace(/^\//, "");
  if (cover !== undefined) sources.set(keyOf(session.coverStoragePath ?? ""), cover);
  sources.set(keyOf(session.mediaStoragePath), source);
  return [...sources].flatMap(([key, file]) => {
    const { uploadId, done } = (Object.hasOwn(objects, key) ? objects[key] : undefined) ?? {};
    const isSmall = (file?.size ?? Infinity) <= cosLimits.minPartSize;
    return key === "" || uploadId !== undefined || done !== undefined || isSmall ? [] : [key];
  });
}
