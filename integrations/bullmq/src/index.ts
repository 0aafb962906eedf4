/** Uploads as jobs on BullMQ: a queue to add them to, and workers that outlive each other. */
export { addUploads, jobIdOf, uploadQueue } from "./upload-queue.ts";
export type { UploadJob, UploadJobData, UploadJobOptions, UploadQueue, UploadRequest } from "./upload-queue.ts";
export { startUploadWorker } from "./upload-worker.ts";
export type { UploadWorker, UploadWorkerOptions } from "./upload-worker.ts";
