/** `vodup/events`: event notifications of VOD, pushed and pulled, in both formats. */

export { VodupError } from "../errors.ts";
export { eventFields } from "./event-types.ts";
export type { EventType } from "./event-types.ts";
export { eventIdentity } from "./identity.ts";
export type { JsonObject } from "../json.ts";
export { eventPayload, parseEvent } from "./parse.ts";
export type { VodEvent } from "./parse.ts";
export { createListener } from "./listener.ts";
export type { EventListener } from "./listener.ts";
export { createFetchHandler } from "./fetch-handler.ts";
export type { EventFetchHandler } from "./fetch-handler.ts";
export type { ReceiveOptions, Refusal } from "./receive.ts";
export { createTestEvent } from "./test-event.ts";
export type { TestEventOverrides } from "./test-event.ts";
export { pullEvents } from "./pull.ts";
export type { PulledEvent, PulledEvents, PullEventsOptions } from "./pull.ts";
