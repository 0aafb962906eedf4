import type { WorkerOptions } from "bullmq";
import type { Redis } from "ioredis";
import type { ProgressEvent, UploadResult, VodClient } from "vodup";
import type { AdmissionOptions } from "./admission.ts";
import type { UploadMetrics } from "./metrics.ts";
import type { UploadJob, UploadJobData } from "./upload-queue.ts";
import { UnrecoverableError, WaitingError, Worker } from "bullmq";
import { VodupError } from "vodup";
import { admission } from "./admission.ts";
import { fateOf, mayStartOver } from "./failure.ts";
import { JobRecord } from "./job-record.ts";
import { defaultName } from "./upload-queue.ts";

/** What a worker needs of a `VodClient`. */
export type UploadClient = Pick<VodClient, "upload" | "discard">;

export interface UploadWorkerOptions extends WorkerOptions, AdmissionOptions {
  /** With `maxRetriesPerRequest: null`: a worker waits for a Redis that is away. */
  readonly connection: Redis;
  readonly vod: UploadClient;
  /** Counts what this worker does. @defaultValue none */
  readonly uploadMetrics?: UploadMetrics | undefined;
  /** Milliseconds between two writes of a checkpoint, or of progress, where only parts were added. @defaultValue 2000 */
  readonly partsEveryMs?: number | undefined;
}

/** Its `close()` takes no more jobs, stops the running uploads with their parts kept, and gives their jobs back. */
export type UploadWorker = Worker<UploadJobData, UploadResult, "upload"> & {
  /** Ids of the jobs whose uploads run now. */
  readonly inHand: ReadonlySet<string>;
};

/** Where uploads need other numbers than BullMQ's. */
const workerOptions = {
  concurrency: 4,
  // At most 88 in any second of the 100 ApplyUpload and 100 CommitUpload that an account has.
  limiter: { max: 8, duration: 100 },
  lockDuration: 30_000,
  stalledInterval: 15_000,
  // A death of its worker is no fault of a job; one that lost so many is taken for what kills them.
  maxStalledCount: 50,
};

/**
 * BullMQ's worker, uploading. The client and the connection stay open after it: they are the caller's.
 * @throws TypeError without `roots`, `hosts` and `accept`: it would refuse every job
 */
export function startUploadWorker(given: UploadWorkerOptions, name: string = defaultName): UploadWorker {
  const { uploadMetrics, roots, hosts, accept, partsEveryMs = 2_000, ...own } = given;
  const vod = uploadMetrics?.measure(given.vod) ?? given.vod;
  const admit = admission({ roots, hosts, accept });
  const inHand = new Set<string>();

  /**
   * One run of a job: begins its upload, or resumes what another run has left. BullMQ makes a signal only for a
   * function of three parameters, and those with defaults do not count.
   */
  async function run(job: UploadJob, token?: string, signal?: AbortSignal): Promise<UploadResult> {
    if (job.data.result !== undefined) return job.data.result;
    // A worker that drains may still be handed the job that it was waiting for.
    if (worker.closing !== undefined || worker.isPaused()) return giveBack(job, token);
    const id = job.id ?? "";
    inHand.add(id);
    try {
      return await runUpload(job, token, signal);
    } finally {
      inHand.delete(id);
    }
  }

  async function runUpload(job: UploadJob, token?: string, signal?: AbortSignal): Promise<UploadResult> {
    const place = { redis: own.connection, key: worker.toKey(job.id ?? ""), token: token ?? "", partsEveryMs };
    const record = new JobRecord(place, job.data);
    try {
      const result = await upload(job, record, signal);
      await record.finish(result);
      return result;
    } catch (error) {
      if (worker.closing !== undefined) return await giveBack(job, token);
      if (signal?.aborted) throw new Error(String(signal.reason), { cause: error });
      const fate = fateOf(error, record.checkpoint);
      if (fate !== "later" && mayStartOver(record.checkpoint)) {
        // What cannot be removed now cannot be removed later either: its certificate has expired.
        await record.startOver((checkpoint) => vod.discard(checkpoint).catch(() => undefined));
      }
      throw fate === "final" ? new UnrecoverableError(textOf(error)) : error;
    }
  }

  async function upload(job: UploadJob, record: JobRecord, signal: AbortSignal | undefined): Promise<UploadResult> {
    const { options, checkpoint } = job.data;
    const isList = Array.isArray(options);
    if (isList || (options !== undefined && typeof options !== "object") || options === null) {
      throw new UnrecoverableError("JOB_INVALID: options must be an object of upload options, or left out");
    }
    const { cover, ...uploadOptions } = options ?? {};
    const end = new AbortController();
    signal?.addEventListener("abort", () => end.abort(signal.reason));
    return vod.upload(await admit(job.data.source, job), {
      ...uploadOptions,
      cover: cover === undefined ? undefined : await admit(cover, job),
      checkpoint,
      signal: end.signal,
      // Whether parts may go is known when it is known whose the job is.
      onFailure: "keep-parts",
      onProgress: progressOn(job, partsEveryMs),
      onCheckpoint: (latest) =>
        record.save(latest).catch((error: unknown) => {
          // The upload would learn of it at its next step only, which may be many parts away.
          end.abort(error);
          throw error;
        }),
    });
  }

  const base = new Worker<UploadJobData, UploadResult, "upload">(name, run, { ...workerOptions, ...own });
  const worker: UploadWorker = Object.assign(base, { inHand });
  uploadMetrics?.watch(worker);
  worker.on("lockRenewalFailed", (ids) => {
    for (const id of ids) worker.cancelJob(id, "the job is no longer this worker's: its lock has expired");
  });
  worker.on("closing", () => worker.cancelAllJobs("the worker is closing"));
  return worker;
}

/** Another worker, or this machine's next, goes on with the job at once. */
async function giveBack(job: UploadJob, token: string | undefined): Promise<never> {
  await job.moveToWait(token);
  throw new WaitingError();
}

/** Tells how far a job is every so often, and at its end at once. What is lost of it is no harm. */
function progressOn(job: UploadJob, everyMs: number): (event: ProgressEvent) => void {
  let latest = {};
  let timer: NodeJS.Timeout | undefined;
  const tell = (): void => {
    timer = undefined;
    job.updateProgress(latest).catch(() => undefined);
  };
  return ({ phase, sentBytes, totalBytes }) => {
    latest = { phase, sentBytes, totalBytes };
    timer ??= setTimeout(tell, everyMs).unref();
    if (phase !== "done") return;
    clearTimeout(timer);
    tell();
  };
}

/** The code in front: it is what a dashboard is searched for. */
function textOf(error: unknown): string {
  if (error instanceof VodupError) return `${error.code}: ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}
