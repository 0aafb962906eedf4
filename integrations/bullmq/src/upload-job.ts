import { createHash } from "node:crypto";
import type { Checkpoint, UploadOptions, UploadResult } from "vodup";

/** The options of an upload that JSON can hold; `cover` is a path or an http(s) URL, as `source` is. */
export type UploadJobOptions = Pick<
  UploadOptions,
  | "mediaType"
  | "mediaName"
  | "coverType"
  | "procedure"
  | "storageRegion"
  | "classId"
  | "sourceContext"
  | "sessionContext"
  | "extInfo"
  | "mediaStoragePath"
  | "partSize"
  | "concurrency"
  | "requireCrc64"
  | "offlineManifest"
> & {
  readonly cover?: string | undefined;
  /** ISO 8601. */
  readonly expireTime?: string | undefined;
  readonly subAppId?: number | string | undefined;
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
  /** Set, in place of the checkpoint, once the media exists: whoever gets the job now has nothing to do but to say so. */
  readonly result?: UploadResult | undefined;
}

/** On the job while it runs. */
export interface UploadProgress {
  readonly phase: "apply" | "transfer" | "commit" | "done";
  /** Bytes that the service has acknowledged. */
  readonly sentBytes: number;
  readonly totalBytes?: number | undefined;
}

/** The same source with the same options has the same id, so that adding it again does nothing while the job is there. */
export function jobIdOf({ source, options = {} }: UploadRequest): string {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const text = JSON.stringify([source, given.sort(([a], [b]) => (a < b ? -1 : 1))]);
  return createHash("sha256").update(text).digest("hex").slice(0, 40);
}

/** A source as `VodClient.upload` takes it. */
export function sourceOf(text: string): string | URL {
  return /^https?:\/\//i.test(text) ? new URL(text) : text;
}
