/** Batches for programs: what `vodup batch` does, without the command line. */
export { BatchManifestError, uploadBatch } from "./upload-batch.ts";
export type { BatchOptions, BatchSummary } from "./upload-batch.ts";
export type { ChangedPolicy } from "./batch.ts";
export type { ErrorFields, ErrorLine, ResultFields, ResultLine } from "./records.ts";
export type { BatchProgress } from "./tally.ts";
