/**
 * vodup: uploads video from servers to Tencent Cloud VOD by speaking the wire protocols itself.
 * The layers below have entry points of their own: `vodup/signing`, `vodup/vod-api`, `vodup/cos`, `vodup/events`,
 * `vodup/batch`, `vodup/emulator`.
 */
export { VodClient } from "./client.ts";
export type { VodClientOptions } from "./client.ts";
export {
  CheckpointError,
  CommitUncertainError,
  CosError,
  IntegrityError,
  ManifestError,
  NetworkError,
  SourceError,
  TaskFailedError,
  VodApiError,
  VodupError,
} from "./errors.ts";
export type { ErrorCode, NetworkPhase, Stage, TaskFailure } from "./errors.ts";
export { chain, configFromEnvironment, defaultCredentials } from "./credentials/chain.ts";
export type { ConfigFromEnvironment, CredentialLink } from "./credentials/chain.ts";
export { fromEnvironment } from "./credentials/environment.ts";
export { fromIni } from "./credentials/ini.ts";
export type { IniOptions } from "./credentials/ini.ts";
export { fromMetadata } from "./credentials/metadata.ts";
export type { MetadataOptions } from "./credentials/metadata.ts";
export type { CredentialProvider, Credentials, ExpiringCredentials } from "./credentials/source.ts";
export type { VodEvent } from "./events/parse.ts";
export type { PulledEvent, PulledEvents, PullEventsOptions } from "./events/pull.ts";
export type { RequestMessage, RetryMessage, UploadMessage } from "./http/diagnostics.ts";
export { proxyFromEnvironment } from "./http/proxy.ts";
export type { Outage } from "./http/peer.ts";
export type { AllowRedirect } from "./http/reach.ts";
export type { RetryEvent, RetryOptions } from "./http/retry.ts";
export type { DeleteMediaOptions, DescribeMediaOptions } from "./tasks/media.ts";
export type { TaskCallOptions, WaitOptions } from "./tasks/options.ts";
export type { ProcessOptions, ProcessResult } from "./tasks/process-by-procedure.ts";
export type { PullOptions, PullResult } from "./tasks/pull-upload.ts";
export type { OpenStorageRegionOptions, StorageRegion } from "./tasks/storage-regions.ts";
export type { TaskState } from "./tasks/task-state.ts";
export type { WaitForProcedureOptions } from "./tasks/wait-for-procedure.ts";
export type { WaitForTaskOptions } from "./tasks/wait-for-task.ts";
export type { UploadedMedia, WaitForUploadOptions } from "./tasks/wait-for-upload.ts";
export type { Checkpoint } from "./upload/state/checkpoint.ts";
export type { DiscardOptions, Discarded } from "./upload/clean-up.ts";
export type { SettleOptions } from "./upload/state/settle.ts";
export { planManifest } from "./upload/manifest/plan.ts";
export type { ManifestPlan, PlannedFile } from "./upload/manifest/plan.ts";
export type { UploadOptions } from "./upload/options.ts";
export type { Warning } from "./upload/warning.ts";
export type { SessionRefresh } from "./upload/session/apply.ts";
export type { ProgressEvent } from "./upload/progress.ts";
export type { SessionIdentity } from "./upload/session/apply.ts";
export type { Certificate as RefreshedSession } from "./upload/session/certificate.ts";
export type { UploadSource } from "./upload/source/source.ts";
export type { PlannedObject, UploadPlan } from "./upload/plan.ts";
export type { UploadResult } from "./upload/state/result.ts";
export { summarizeCheckpoint } from "./upload/state/summary.ts";
export type { CheckpointSummary } from "./upload/state/summary.ts";
export type { CallOptions } from "./vod-api/client.ts";
export type { Site } from "./vod-api/endpoint.ts";
