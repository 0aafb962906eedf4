import type { JsonObject } from "../json.ts";
import type { Settings } from "../options.ts";
import type { VodAction } from "./context.ts";
import { performance } from "node:perf_hooks";
import { VodFailure } from "./envelope.ts";
import { maxBatch, type EventConfig } from "./event-queues.ts";
import { textOf, textsOf } from "./validate.ts";

/** PullEvents (266/34183): waits for an event if there is none (wire §13.2). */
export const pullEvents: VodAction = async ({ context, subAppId, gone }) => {
  const { events, settings } = context;
  const deadline = performance.now() + settings.pullWaitMs;
  for (;;) {
    const content = gone.aborted ? [] : events.take(subAppId);
    if (content.length > 0) return { EventSet: content };
    const left = deadline - performance.now();
    if (left <= 0 || gone.aborted) return nothingThere(settings);
    await events.wait(left, gone);
  }
};

/** @throws {VodFailure} ResourceNotFound, unless the option has it otherwise (wire §17.14) */
function nothingThere({ emptyQueue }: Settings): JsonObject {
  if (emptyQueue === "ResourceNotFound") throw new VodFailure("ResourceNotFound", "no event");
  return { EventSet: emptyQueue === "null" ? null : [] };
}

/** ConfirmEvents: too late or unknown is the same error, and then nothing is confirmed (wire §13.2). */
export const confirmEvents: VodAction = ({ context, params, subAppId }) => {
  const handles = textsOf(params, "EventHandles") ?? [];
  if (handles.length === 0 || handles.length > maxBatch) {
    throw new VodFailure("InvalidParameterValue", `EventHandles takes 1 to ${maxBatch} handles.`);
  }
  if (!context.events.confirm(subAppId, handles)) {
    throw new VodFailure("InvalidParameterValue", "An event handle is unknown, or its 30 seconds have passed.");
  }
  return {};
};

export const describeEventsState: VodAction = ({ context, subAppId }) => ({
  CountOfEventsToPull: context.events.count(subAppId),
});

/** SignKey is never told again. */
export const describeEventConfig: VodAction = ({ context, subAppId }) => {
  const config = context.events.config(subAppId);
  return {
    Mode: config.mode,
    NotificationUrl: config.notificationUrl,
    UploadMediaCompleteEventSwitch: config.uploadSwitch,
    DeleteMediaCompleteEventSwitch: config.deleteSwitch,
    PersistenceCompleteEventSwitch: config.persistenceSwitch,
  };
};

function oneOf<T extends string>(value: string | undefined, allowed: readonly T[], name: string): T | undefined {
  if (value === undefined) return undefined;
  const found = allowed.find((one) => one === value);
  if (found === undefined) throw new VodFailure("InvalidParameter", `${name} must be one of ${allowed.join(", ")}.`);
  return found;
}

/**
 * ModifyEventConfig (266/57589): what is not named stays; an empty NotificationUrl or SignKey clears it.
 * wire §13.4.
 */
export const modifyEventConfig: VodAction = ({ context, params, subAppId }) => {
  const config: EventConfig = context.events.config(subAppId);
  const onOff = (name: string): "ON" | "OFF" | undefined => oneOf(textOf(params, name), ["ON", "OFF"], name);
  const mode = oneOf(textOf(params, "Mode"), ["PUSH", "PULL"], "Mode");
  const uploadSwitch = onOff("UploadMediaCompleteEventSwitch");
  const deleteSwitch = onOff("DeleteMediaCompleteEventSwitch");
  const persistenceSwitch = onOff("PersistenceCompleteEventSwitch");
  const signKey = textOf(params, "SignKey");
  if (signKey !== undefined && !/^[0-9A-Za-z]{0,32}$/.test(signKey)) {
    throw new VodFailure("InvalidParameter", "SignKey takes at most 32 letters and digits.");
  }
  const url = textOf(params, "NotificationUrl");
  if (url !== undefined && url !== "" && !/^https?:\/\/[^/]/.test(url)) {
    throw new VodFailure("InvalidParameter", "NotificationUrl is not an http or https address.");
  }
  config.mode = mode ?? config.mode;
  config.notificationUrl = url ?? config.notificationUrl;
  config.uploadSwitch = uploadSwitch ?? config.uploadSwitch;
  config.deleteSwitch = deleteSwitch ?? config.deleteSwitch;
  config.persistenceSwitch = persistenceSwitch ?? config.persistenceSwitch;
  if (signKey !== undefined) config.signKey = signKey === "" ? undefined : signKey;
  return {};
};
