import type { RateLimiterOptions } from "bullmq";
import type { Redis } from "ioredis";
import type { UploadResult, VodClient } from "vodup";
import type { UploadJobData } from "./upload-job.ts";
import type { QueuePlace, UploadJob } from "./upload-queue.ts";
import { setMaxListeners } from "node:events";
import { Worker } from "bullmq";
import { JobRecord } from "./job-record.ts";
import { runUpload } from "./run-upload.ts";
import { defaultName, defaultPrefix } from "./upload-queue.ts";

export interface UploadWorkerOptions extends QueuePlace {
  /** With `maxRetriesPerRequest: null`: a worker waits for a Redis that is away. */
  readonly connection: Redis;
  readonly vod: VodClient;
  /** Uploads at a time. @defaultValue 4 */
  readonly uploads?: number | undefined;
  /** Jobs begun by all workers together, which all must name the same. @defaultValue 8 in 100 ms: at most 88 in any second of the 100 ApplyUpload and 100 CommitUpload that an account has */
  readonly limiter?: RateLimiterOptions | undefined;
  /** Milliseconds after which another worker takes the job of one that fell silent. @defaultValue 30000 */
  readonly lockMs?: number | undefined;
  /** Milliseconds between two writes of a checkpoint, or of progress, where only parts were added. @defaultValue 2000 */
  readonly partsEveryMs?: number | undefined;
  /** How often a job may lose its worker before it is taken for what kills them. @defaultValue 50 */
  readonly maxLosses?: number | undefined;
  /** Told of what BullMQ and Redis report, and of locks that were lost. */
  readonly onError?: ((error: Error) => void) | undefined;
}

export interface UploadWorker {
  readonly worker: Worker<UploadJobData, UploadResult, "upload">;
  /** Takes no more jobs, stops the running uploads with their parts kept, and gives their jobs back to the queue. */
  close(): Promise<void>;
}

/** Works on a queue of uploads until it is closed. The client and the connection stay open: they are the caller's. */
export function startUploadWorker(options: UploadWorkerOptions): UploadWorker {
  const {
    connection,
    vod,
    name = defaultName,
    prefix = defaultPrefix,
    lockMs = 30_000,
    partsEveryMs = 2_000,
  } = options;
  const stop = new AbortController();
  // Every running upload listens to it; Node takes more than ten listeners for a leak.
  setMaxListeners(0, stop.signal);
  const work = async (job: UploadJob, token = "", lost?: AbortSignal): Promise<UploadResult> => {
    const jobId = job.id ?? "";
    const record = new JobRecord({ redis: connection, jobId, key: worker.toKey(jobId), token, partsEveryMs }, job.data);
    return runUpload({ vod, job, token, record, partsEveryMs, lost, stop: stop.signal });
  };
  const worker: UploadWorker["worker"] = new Worker(name, work, {
    connection,
    prefix,
    concurrency: options.uploads ?? 4,
    limiter: options.limiter ?? { max: 8, duration: 100 },
    lockDuration: lockMs,
    stalledInterval: lockMs / 2,
    maxStalledCount: options.maxLosses ?? 50,
  });
  const onError = options.onError ?? (() => undefined);
  worker.on("error", onError);
  worker.on("lockRenewalFailed", (ids) => {
    for (const id of ids) worker.cancelJob(id);
  });
  return {
    worker,
    close: async () => {
      const closed = worker.close();
      stop.abort();
      await closed;
    },
  };
}
