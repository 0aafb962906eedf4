import { isJsonObject } from "../json.ts";
import type { EmulatedEvent } from "./event-bodies.ts";

/** One attempt to push an event. */
export interface Delivery {
  /** Epoch milliseconds of the emulator's clock. */
  readonly time: number;
  readonly url: string;
  readonly eventType: string;
  /** Of the event, counted from 1: equal numbers mean one event sent again. */
  readonly eventId: number;
  /** T of a signed event: until when its Sign holds, epoch seconds. Undefined without a sign key. */
  readonly signedUntil?: number | undefined;
  /** Counted from 1. */
  readonly attempt: number;
  readonly outcome: "answered" | "timeout" | "unreachable" | "not-loopback";
  /** Of the receiver's answer; the service ignores it. */
  readonly status?: number | undefined;
}

/** One event and the way it took. */
export interface LoggedEvent {
  /** Counted from 1. */
  readonly id: number;
  readonly subAppId: number;
  /** Such as "NewFileUpload". */
  readonly type: string;
  /** Of the media it is about, when it is about one. */
  readonly fileId?: string | undefined;
  /** Epoch milliseconds of the emulator's clock. */
  readonly time: number;
  /**
   * `off`: the sub-app's switch for it is off. `waiting`: can be pulled. `held`: pulled, not yet confirmed.
   * `confirmed`: done. `pushed`: sent to the NotificationUrl, once or more.
   */
  readonly state: "off" | "waiting" | "held" | "confirmed" | "pushed";
  /** How often it was pulled. */
  readonly pulls: number;
  /** `held`: when it can be pulled again unless it is confirmed before, epoch milliseconds. */
  readonly heldUntil?: number | undefined;
  /** Attempts to push it. */
  readonly deliveries: readonly Delivery[];
}

/** {@link LoggedEvent} while it is on its way, with what it says. */
export type EventRecord = { -readonly [Name in keyof Omit<LoggedEvent, "deliveries">]: LoggedEvent[Name] } & {
  readonly event: EmulatedEvent;
};

/** Events remembered. */
const mostKept = 1000;

/** The state of the last events. */
export class EventLog {
  #records: EventRecord[] = [];
  #count = 0;

  add(event: EmulatedEvent, seen: Pick<LoggedEvent, "subAppId" | "time" | "state">): EventRecord {
    const record: EventRecord = {
      id: (this.#count += 1),
      type: event.type,
      fileId: fileIdOf(event),
      pulls: 0,
      event,
      ...seen,
    };
    this.#records.push(record);
    if (this.#records.length > mostKept) this.#records.shift();
    return record;
  }

  find(id: number): EventRecord | undefined {
    return this.#records.find((record) => record.id === id);
  }

  list(): readonly EventRecord[] {
    return this.#records;
  }
}

function fileIdOf({ body }: EmulatedEvent): string | undefined {
  const [first] = Array.isArray(body["FileIdSet"]) ? body["FileIdSet"] : [];
  const task = isJsonObject(body["PullUploadTask"]) ? body["PullUploadTask"]["FileId"] : undefined;
  return [body["FileId"], first, task].find((one): one is string => typeof one === "string" && one !== "");
}
