import type { Job, QueueOptions } from "bullmq";
import type { Checkpoint, UploadOptions, UploadResult } from "vodup";
import { createHash } from "node:crypto";
import { Queue } from "bullmq";

/** The options of an upload as far as JSON can hold them: a time is ISO 8601, a cover a path or an http(s) URL. */
export type UploadJobOptions = {
  readonly [Name in Exclude<keyof UploadOptions, "onFailure">]?: Extract<
    UploadOptions[Name],
    string | number | boolean | undefined
  >;
};

/** What is to be uploaded. */
export interface UploadRequest {
  /** A path that every worker sees, or an http(s) URL. */
  readonly source: string;
  readonly options?: UploadJobOptions | undefined;
}

/** A job's data: the request, and how far it is. */
export interface UploadJobData extends UploadRequest {
  /** What the next worker goes on from. Holds the upload's short-lived certificate. */
  readonly checkpoint?: Checkpoint | undefined;
  /** Set, in place of the checkpoint, once the media exists: a worker that gets the job now only reports it. */
  readonly result?: UploadResult | undefined;
}

export type UploadJob = Job<UploadJobData, UploadResult, "upload">;
export type UploadQueue = Queue<UploadJobData, UploadResult, "upload">;

export const defaultName = "vodup";

const daySeconds = 86_400;
const jobOptions = {
  // Waits of 5 s doubling to 43 minutes, each shortened by up to a half: for what the retries of a request did not outlast.
  attempts: 11,
  backoff: { type: "exponential", delay: 5_000, jitter: 0.5 },
  stackTraceLimit: 3,
  // What keeps Redis from growing: finished jobs are forgotten by age and by number, whichever comes first.
  removeOnComplete: { age: daySeconds, count: 10_000 },
  removeOnFail: { age: 14 * daySeconds, count: 10_000 },
};

/** BullMQ's queue, with retries and retention for uploads. Close it when all is added. */
export function uploadQueue(options: QueueOptions, name: string = defaultName): UploadQueue {
  return new Queue(name, { ...options, defaultJobOptions: { ...jobOptions, ...options.defaultJobOptions } });
}

/** Adds uploads, in one round trip for each thousand; those that are there already are left as they are. */
export async function addUploads(queue: UploadQueue, requests: readonly UploadRequest[]): Promise<UploadJob[]> {
  const jobs: UploadJob[] = [];
  for (let from = 0; from < requests.length; from += 1_000) {
    const some = requests.slice(from, from + 1_000);
    const entries = some.map((data) => ({ name: "upload" as const, data, opts: { jobId: jobIdOf(data) } }));
    jobs.push(...(await queue.addBulk(entries)));
  }
  return jobs;
}

/** The same source with the same options has the same id, so that adding it again does nothing while the job is there. */
export function jobIdOf({ source, options = {} }: UploadRequest): string {
  // With its keys named, JSON.stringify writes them in this order.
  const text = JSON.stringify([source, options], Object.keys(options).sort());
  return createHash("sha256").update(text).digest("hex").slice(0, 40);
}
