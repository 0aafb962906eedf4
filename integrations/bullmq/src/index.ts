/** Uploads as jobs on BullMQ: a queue to add them to, and workers that outlive each other. */
export { redirectsWithin } from "./admission.ts";
export type { Accept, AdmissionOptions } from "./admission.ts";
export { drain } from "./drain.ts";
export type { DrainOptions } from "./drain.ts";
export { UploadMetrics } from "./metrics.ts";
export type { UploadMetricsOptions } from "./metrics.ts";
export { startStatusServer } from "./status-server.ts";
export type { StatusServer, StatusServerOptions } from "./status-server.ts";
export { addUploads, jobIdOf, uploadQueue } from "./upload-queue.ts";
export type { UploadJob, UploadJobData, UploadJobOptions, UploadQueue, UploadRequest } from "./upload-queue.ts";
export { startUploadWorker } from "./upload-worker.ts";
export type { UploadClient, UploadWorker, UploadWorkerOptions } from "./upload-worker.ts";
