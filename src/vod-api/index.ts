/** `vodup/vod-api`: the VOD server API, version 2018-07-17. */

export { VodApi } from "./client.ts";
export type { CallOptions, UntypedParams, VodApiOptions } from "./client.ts";
export type { Site } from "./endpoint.ts";
export { NetworkError, VodApiError } from "../errors.ts";
export { actionTraits } from "./actions.ts";
export type { ActionTraits, VodAction, VodActions } from "./actions.ts";
export { apiCodeRules, classifyApiCode, hintFor } from "./error-codes.ts";
export type { ApiCodeRule } from "./error-codes.ts";
export type * from "./types-common.ts";
export type * from "./types-config.ts";
export type * from "./types-editing.ts";
export type * from "./types-events.ts";
export type * from "./types-file-tasks.ts";
export type * from "./types-media.ts";
export type * from "./types-media-actions.ts";
export type * from "./types-media-outputs.ts";
export type * from "./types-procedure.ts";
export type * from "./types-processing.ts";
export type * from "./types-tasks.ts";
export type * from "./types-upload.ts";
