import { refuseUnknown } from "../unknown-options.ts";

/**
 * Of all functions of this folder together, since they hand their options on to each other; see refuseUnknown. That
 * none is missing is checked by test/tasks/option-names.test.ts: here, the types would import this file and it them.
 */
export const taskOptionNames = {
  classId: true,
  coverUrl: true,
  expireTime: true,
  extInfo: true,
  filters: true,
  maxPollMs: true,
  mediaName: true,
  mediaStoragePath: true,
  mediaType: true,
  onProgress: true,
  parts: true,
  pollMs: true,
  procedure: true,
  sessionContext: true,
  sessionId: true,
  signal: true,
  sourceContext: true,
  startTimeoutMs: true,
  storageRegion: true,
  subAppId: true,
  tasksNotifyMode: true,
  tasksPriority: true,
  timeoutMs: true,
  wait: true,
} as const;

/** @throws TypeError `ERR_INVALID_ARG_VALUE` for a misspelt option */
export function checkNames(options: object): void {
  refuseUnknown("", options, taskOptionNames);
}
