import type { UploadResult, VodClient } from "vodup";
import type { JobRecord } from "./job-record.ts";
import type { UploadProgress } from "./upload-job.ts";
import type { UploadJob } from "./upload-queue.ts";
import { UnrecoverableError, WaitingError } from "bullmq";
import { VodupError } from "vodup";
import { fateOf, mayStartOver } from "./failure.ts";
import { LockLost } from "./job-record.ts";
import { sourceOf } from "./upload-job.ts";

/** The worker is asked to end: the upload is stopped where it is, and another worker goes on. */
export class Stopped extends Error {
  constructor() {
    super("the worker was stopped");
  }
}

export interface UploadRun {
  readonly vod: VodClient;
  readonly job: UploadJob;
  /** Of the job's lock. */
  readonly token: string;
  readonly record: JobRecord;
  /** Milliseconds between two writes of progress. */
  readonly partsEveryMs: number;
  /** BullMQ could not renew the lock. */
  readonly lost: AbortSignal | undefined;
  /** The worker is to end. */
  readonly stop: AbortSignal;
}

/**
 * One run of a job: begins its upload, or goes on with what another run has left.
 * @throws what BullMQ tells a job's further way by: WaitingError, UnrecoverableError, or anything else to try again later
 */
export async function runUpload(run: UploadRun): Promise<UploadResult> {
  const { vod, job, token, record } = run;
  if (job.data.result !== undefined) return job.data.result;
  try {
    const result = await upload(run);
    await record.finish(result);
    return result;
  } catch (error) {
    if (error instanceof LockLost) throw error;
    if (error instanceof Stopped) {
      await job.moveToWait(token);
      throw new WaitingError();
    }
    const fate = fateOf(error, record.checkpoint);
    if (fate !== "later" && mayStartOver(record.checkpoint)) {
      // What cannot be removed now cannot be removed later either: its certificate has expired.
      await record.startOver((checkpoint) => vod.discard(checkpoint).catch(() => undefined));
    }
    throw fate === "final" ? new UnrecoverableError(textOf(error)) : error;
  }
}

async function upload({ vod, job, record, partsEveryMs, lost, stop }: UploadRun): Promise<UploadResult> {
  const { source, options: { cover, ...options } = {}, checkpoint } = job.data;
  const end = new AbortController();
  const lose = (): void => end.abort(new LockLost(job.id ?? ""));
  const halt = (): void => end.abort(new Stopped());
  if (stop.aborted) halt();
  lost?.addEventListener("abort", lose);
  stop.addEventListener("abort", halt);
  const tell = throttled(partsEveryMs, (progress: UploadProgress) => job.updateProgress({ ...progress }));
  try {
    return await vod.upload(sourceOf(source), {
      ...options,
      cover: cover === undefined ? undefined : sourceOf(cover),
      checkpoint,
      signal: end.signal,
      // Whether parts may go is known when it is known whose the job is.
      onFailure: "keep-parts",
      onProgress: ({ phase, sentBytes, totalBytes }) => tell({ phase, sentBytes, totalBytes }),
      onCheckpoint: (latest) =>
        record.save(latest).catch((error: unknown) => {
          // The upload would learn of it at its next step only, which may be many parts away.
          end.abort(error);
          throw error;
        }),
    });
  } finally {
    lost?.removeEventListener("abort", lose);
    stop.removeEventListener("abort", halt);
  }
}

/** Passes a value on when the last was passed on and some time ago. Progress that is lost is no harm. */
function throttled<T>(everyMs: number, pass: (value: T) => Promise<unknown>): (value: T) => void {
  let [busy, next] = [false, 0];
  return (value) => {
    if (busy || performance.now() < next) return;
    [busy, next] = [true, performance.now() + everyMs];
    pass(value)
      .catch(() => undefined)
      .finally(() => (busy = false));
  };
}

/** The code in front: it is what a dashboard is searched for. */
function textOf(error: unknown): string {
  if (error instanceof VodupError) return `${error.code}: ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}
