/** Uploads as jobs on BullMQ: a queue to add them to, and workers that outlive each other. */
export { addUploads, uploadQueue } from "./upload-queue.ts";
export type { QueuePlace, UploadJob, UploadQueue } from "./upload-queue.ts";
export { jobIdOf } from "./upload-job.ts";
export type { UploadJobData, UploadJobOptions, UploadProgress, UploadRequest } from "./upload-job.ts";
export { startUploadWorker } from "./upload-worker.ts";
export type { UploadWorker, UploadWorkerOptions } from "./upload-worker.ts";
