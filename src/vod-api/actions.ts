/**
 * The actions of the VOD API this library has types for: 22 of them, all that uploading, events, tasks, task flows,
 * storage regions and sub-applications need.
 */

import type {
  CreateStorageRegionRequest,
  CreateSubAppIdRequest,
  CreateSubAppIdResponse,
  DescribeEventConfigRequest,
  DescribeEventConfigResponse,
  DescribeStorageRegionsRequest,
  DescribeStorageRegionsResponse,
  DescribeSubAppIdsRequest,
  DescribeSubAppIdsResponse,
  ModifyEventConfigRequest,
} from "./types-config.ts";
import type { EmptyResponse } from "./types-common.ts";
import type {
  ConfirmEventsRequest,
  DescribeEventsStateRequest,
  DescribeEventsStateResponse,
  PullEventsRequest,
  PullEventsResponse,
} from "./types-events.ts";
import type {
  DeleteMediaRequest,
  DescribeFileAttributesRequest,
  DescribeFileAttributesResponse,
  DescribeMediaInfosRequest,
  DescribeMediaInfosResponse,
  ModifyMediaInfoRequest,
  ModifyMediaInfoResponse,
} from "./types-media-actions.ts";
import type {
  CreateProcedureTemplateRequest,
  DescribeProcedureTemplatesRequest,
  DescribeProcedureTemplatesResponse,
  ProcessMediaByProcedureRequest,
  ProcessMediaByProcedureResponse,
} from "./types-procedure.ts";
import type {
  DescribeTaskDetailRequest,
  DescribeTaskDetailResponse,
  DescribeTasksRequest,
  DescribeTasksResponse,
} from "./types-tasks.ts";
import type {
  ApplyUploadRequest,
  ApplyUploadResponse,
  CommitUploadRequest,
  CommitUploadResponse,
  ParseStreamingManifestRequest,
  ParseStreamingManifestResponse,
  PullUploadRequest,
  PullUploadResponse,
} from "./types-upload.ts";

/** Request and response of each action. Every response carries a RequestId besides. */
export interface VodActions {
  ApplyUpload: { request: ApplyUploadRequest; response: ApplyUploadResponse };
  CommitUpload: { request: CommitUploadRequest; response: CommitUploadResponse };
  PullUpload: { request: PullUploadRequest; response: PullUploadResponse };
  ParseStreamingManifest: { request: ParseStreamingManifestRequest; response: ParseStreamingManifestResponse };
  PullEvents: { request: PullEventsRequest; response: PullEventsResponse };
  ConfirmEvents: { request: ConfirmEventsRequest; response: EmptyResponse };
  DescribeEventConfig: { request: DescribeEventConfigRequest; response: DescribeEventConfigResponse };
  ModifyEventConfig: { request: ModifyEventConfigRequest; response: EmptyResponse };
  DescribeEventsState: { request: DescribeEventsStateRequest; response: DescribeEventsStateResponse };
  DescribeStorageRegions: { request: DescribeStorageRegionsRequest; response: DescribeStorageRegionsResponse };
  CreateStorageRegion: { request: CreateStorageRegionRequest; response: EmptyResponse };
  DescribeSubAppIds: { request: DescribeSubAppIdsRequest; response: DescribeSubAppIdsResponse };
  CreateSubAppId: { request: CreateSubAppIdRequest; response: CreateSubAppIdResponse };
  ProcessMediaByProcedure: { request: ProcessMediaByProcedureRequest; response: ProcessMediaByProcedureResponse };
  DescribeTaskDetail: { request: DescribeTaskDetailRequest; response: DescribeTaskDetailResponse };
  DescribeTasks: { request: DescribeTasksRequest; response: DescribeTasksResponse };
  DescribeMediaInfos: { request: DescribeMediaInfosRequest; response: DescribeMediaInfosResponse };
  DeleteMedia: { request: DeleteMediaRequest; response: EmptyResponse };
  ModifyMediaInfo: { request: ModifyMediaInfoRequest; response: ModifyMediaInfoResponse };
  CreateProcedureTemplate: { request: CreateProcedureTemplateRequest; response: EmptyResponse };
  DescribeProcedureTemplates: {
    request: DescribeProcedureTemplatesRequest;
    response: DescribeProcedureTemplatesResponse;
  };
  DescribeFileAttributes: { request: DescribeFileAttributesRequest; response: DescribeFileAttributesResponse };
}

/** Name of an action this library has types for. */
export type VodAction = keyof VodActions;

/** What a client must know of an action besides its types. */
export interface ActionTraits {
  /** The request takes a SubAppId. */
  readonly subAppId: boolean;
  /**
   * It may be sent again when nobody knows whether the first time took effect. `false` also where the service does not
   * say what a repetition does.
   */
  readonly idempotent: boolean;
}

export const actionTraits: Readonly<Record<VodAction, ActionTraits>> = {
  // Opens a session and nothing else: no media exists, and nothing is billed, before the commit.
  ApplyUpload: { subAppId: true, idempotent: true },
  // What a second commit of the same session answers is undocumented; the uploader has a way of its own to settle it.
  CommitUpload: { subAppId: true, idempotent: false },
  // Each call downloads another copy. A SessionId prevents that, but then the repetition answers an error, not the
  // task.
  PullUpload: { subAppId: true, idempotent: false },
  // Only reads the text it is given, hence no SubAppId either.
  ParseStreamingManifest: { subAppId: false, idempotent: true },
  // Events whose answer was lost come again after their 30 s: late, but neither lost nor doubled.
  PullEvents: { subAppId: true, idempotent: true },
  // Handles confirmed already may be refused, and nothing else happens.
  ConfirmEvents: { subAppId: true, idempotent: true },
  DescribeEventConfig: { subAppId: true, idempotent: true },
  // Sets values, so that the second time finds what the first one left.
  ModifyEventConfig: { subAppId: true, idempotent: true },
  DescribeEventsState: { subAppId: true, idempotent: true },
  DescribeStorageRegions: { subAppId: true, idempotent: true },
  // Cannot be undone, and a repetition's answer is undocumented: DescribeStorageRegions tells whether it worked.
  CreateStorageRegion: { subAppId: true, idempotent: false },
  DescribeSubAppIds: { subAppId: false, idempotent: true },
  // A repetition may make a second application.
  CreateSubAppId: { subAppId: false, idempotent: false },
  // Each call starts, and bills, another run; for SessionId see PullUpload.
  ProcessMediaByProcedure: { subAppId: true, idempotent: false },
  DescribeTaskDetail: { subAppId: true, idempotent: true },
  DescribeTasks: { subAppId: true, idempotent: true },
  DescribeMediaInfos: { subAppId: true, idempotent: true },
  // What is gone stays gone; at worst the repetition says that there is no such media.
  DeleteMedia: { subAppId: true, idempotent: true },
  // Subtitles are added, not set.
  ModifyMediaInfo: { subAppId: true, idempotent: false },
  // What a second template of the same name answers is undocumented.
  CreateProcedureTemplate: { subAppId: true, idempotent: false },
  DescribeProcedureTemplates: { subAppId: true, idempotent: true },
  // Describes nothing: each call starts a task that hashes the file.
  DescribeFileAttributes: { subAppId: true, idempotent: false },
};
