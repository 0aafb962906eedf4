/** Settings of an application: event delivery, storage regions, the sub-applications themselves. */

import type { ResourceTag, SubAppScope } from "./types-common.ts";

export interface DescribeEventConfigRequest extends SubAppScope {}

/** How events are delivered. The signing key of callbacks is never handed out. */
export interface DescribeEventConfigResponse {
  /** `PUSH` (HTTP callback) or `PULL` (reliable queue, read by PullEvents). */
  Mode: string;
  /** Callback address; "" when none is set. Dead while the mode is `PULL`. */
  NotificationUrl: string;
  /** `ON` or `OFF`: event NewFileUpload. */
  UploadMediaCompleteEventSwitch: string;
  /** `ON` or `OFF`: event FileDeleted. */
  DeleteMediaCompleteEventSwitch: string;
  /** `ON` or `OFF`: event PersistenceComplete. */
  PersistenceCompleteEventSwitch: string;
}

/** Closed: an event switch knows these two. */
export type EventSwitch = "ON" | "OFF";

export interface ModifyEventConfigRequest extends SubAppScope {
  /** HTTP callback or reliable queue. Closed: the service knows these two. */
  Mode?: "PUSH" | "PULL" | undefined;
  /** Callback address; "" removes it. */
  NotificationUrl?: string | undefined;
  /** Event NewFileUpload. Default `OFF`. */
  UploadMediaCompleteEventSwitch?: EventSwitch | undefined;
  /** Event FileDeleted. Default `OFF`. */
  DeleteMediaCompleteEventSwitch?: EventSwitch | undefined;
  /** Event PersistenceComplete. Default `OFF`. */
  PersistenceCompleteEventSwitch?: EventSwitch | undefined;
  /**
   * Secret of at most 32 letters and digits; with it callbacks carry `Sign` and `T`. Write-only. Without it a receiver
   * cannot tell who sent a callback.
   */
  SignKey?: string | undefined;
}

export interface DescribeStorageRegionsRequest extends SubAppScope {}

export interface DescribeStorageRegionsResponse {
  StorageRegionInfos: readonly StorageRegionInfo[];
}

/** A region media can be stored in. */
export interface StorageRegionInfo {
  /** E.g. `ap-singapore`. */
  Region: string;
  /** Name for people, in the account's language. */
  Description: string;
  /** `opened` or `unopened`. */
  Status: string;
  IsDefault: boolean;
  /** `Chinese Mainland` or `Outside Chinese Mainland`. */
  Area: string;
}

/** Opens a region. It takes 5 to 10 minutes and cannot be undone. */
export interface CreateStorageRegionRequest extends SubAppScope {
  StorageRegion: string;
}

/** Lists the sub-applications of the account; has no SubAppId of its own. */
export interface DescribeSubAppIdsRequest {
  Name?: string | undefined;
  /** Only applications with all of these tags. */
  Tags?: readonly ResourceTag[] | undefined;
  /** Default 0. */
  Offset?: number | undefined;
  /** Default and maximum 200. */
  Limit?: number | undefined;
}

export interface DescribeSubAppIdsResponse {
  SubAppIdInfoSet: readonly SubAppIdInfo[];
  /** Of all, not of this page. */
  TotalCount: number;
}

export interface SubAppIdInfo {
  SubAppId: number;
  SubAppIdName: string;
  Description: string;
  /** ISO 8601. */
  CreateTime: string;
  /** `On`, `Off`, `Destroying` or `Destroyed`. */
  Status: string;
  /** Deprecated double of `SubAppIdName`. */
  Name: string;
  /** `fileid`, or `fileid+path`, in which media have paths of the caller's choice. */
  Mode?: string | undefined;
  /** Regions opened for this application. */
  StorageRegions?: readonly string[] | undefined;
  Tags?: readonly ResourceTag[] | undefined;
}

export interface CreateSubAppIdRequest {
  /** At most 40 characters. */
  Name: string;
  /** At most 300 characters. Default "". */
  Description?: string | undefined;
  /** `AllInOne` (default) or `Professional`; the latter is uploaded to in another way. */
  Type?: string | undefined;
  /** Default `fileid`. Closed: the service knows these two. */
  Mode?: "fileid" | "fileid+path" | undefined;
  /** Default storage region; must be given with mode `fileid+path`. */
  StorageRegion?: string | undefined;
  Tags?: readonly ResourceTag[] | undefined;
}

export interface CreateSubAppIdResponse {
  SubAppId: number;
}
