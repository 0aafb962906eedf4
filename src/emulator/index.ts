/** `vodup/emulator`: a strict VOD API and COS on a loopback port, with faults on demand. */
export { startEmulator, type Emulator } from "./emulator.ts";
export { parseFaultRules, type FaultRule, type RuleCount } from "./fault-rules.ts";
export type { Fault, FaultKind } from "./faults.ts";
export type { CommittedMedia, Inspector, ObjectSummary, OpenUpload, SessionSummary } from "./inspected.ts";
export type { Delivery, LoggedEvent } from "./vod/event-log.ts";
export type { Json, JsonObject } from "./json.ts";
export type { LineDifference, SignatureMismatch, SignatureMistake } from "./signatures/mismatch.ts";
export type { EmulatorOptions, TaskOptions } from "./options.ts";
export type { Api, LoggedRequest } from "./request-log.ts";
