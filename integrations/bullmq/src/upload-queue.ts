import type { ConnectionOptions, DefaultJobOptions, Job } from "bullmq";
import type { UploadResult } from "vodup";
import type { UploadJobData, UploadRequest } from "./upload-job.ts";
import { Queue } from "bullmq";
import { jobIdOf } from "./upload-job.ts";

export type UploadJob = Job<UploadJobData, UploadResult, "upload">;
export type UploadQueue = Queue<UploadJobData, UploadResult, "upload">;

export interface QueuePlace {
  readonly connection: ConnectionOptions;
  /** @defaultValue "vodup" */
  readonly name?: string | undefined;
  /** Of all keys in Redis; a cluster needs one in braces, such as `{vodup}`. @defaultValue "bull" */
  readonly prefix?: string | undefined;
}

export const defaultName = "vodup";
export const defaultPrefix = "bull";

const daySeconds = 86_400;
/** What keeps Redis from growing: finished jobs are forgotten by age and by number, whichever comes first. */
const retention = {
  removeOnComplete: { age: daySeconds, count: 10_000 },
  removeOnFail: { age: 14 * daySeconds, count: 10_000 },
};
/** Waits of 5 s doubling to 43 minutes, each shortened by up to a half: for what the retries of a request did not outlast. */
const persistence = {
  attempts: 11,
  backoff: { type: "exponential", delay: 5_000, jitter: 0.5 },
  stackTraceLimit: 3,
};

/**
 * A queue of uploads, with retries and retention. Close it when all is added.
 * @param jobOptions other numbers than those above
 */
export function uploadQueue(
  { connection, name = defaultName, prefix = defaultPrefix }: QueuePlace,
  jobOptions: DefaultJobOptions = {},
): UploadQueue {
  return new Queue(name, { connection, prefix, defaultJobOptions: { ...persistence, ...retention, ...jobOptions } });
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
