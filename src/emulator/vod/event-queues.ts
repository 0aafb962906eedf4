import type { EmulatorClock } from "../clock.ts";
import type { JsonObject } from "../json.ts";
import type { Settings } from "../options.ts";
import type { Identifiers } from "../random.ts";
import type { Pusher, PushTarget } from "./push.ts";
import type { EmulatedEvent } from "./event-bodies.ts";
import { clearTimeout, setTimeout } from "node:timers";
import { withUnusedMembers } from "./event-bodies.ts";
import { EventLog, type EventRecord } from "./event-log.ts";

/** How a sub-app wants its events. */
export interface EventConfig {
  mode: "PUSH" | "PULL";
  notificationUrl: string;
  uploadSwitch: "ON" | "OFF";
  deleteSwitch: "ON" | "OFF";
  persistenceSwitch: "ON" | "OFF";
  signKey: string | undefined;
}

interface QueuedEvent {
  readonly record: EventRecord;
  readonly createdAt: number;
  /** The handle of the last delivery; a new one each time. */
  handle: string | undefined;
  /** When it was pulled; undefined while it waits. */
  pulledAt: number | undefined;
}

/** Unpulled events are kept four days, ≤ 16 go out at a time. */
const keptMs = 4 * 86_400_000;
export const maxBatch = 16;

/** What a switch of the configuration decides about; other events are always sent. */
export type EventTopic = "upload" | "delete" | "task";

/** The events of all sub-apps on their way out: queued for PullEvents, or handed to the pusher. */
export class EventQueues {
  readonly #settings: Settings;
  readonly #clock: EmulatorClock;
  readonly #ids: Identifiers;
  readonly #pusher: Pusher;
  readonly #configs = new Map<number, EventConfig>();
  readonly #queues = new Map<number, QueuedEvent[]>();
  readonly log: EventLog = new EventLog();
  #waiting: (() => void)[] = [];

  constructor(settings: Settings, clock: EmulatorClock, ids: Identifiers, pusher: Pusher) {
    this.#settings = settings;
    this.#clock = clock;
    this.#ids = ids;
    this.#pusher = pusher;
  }

  config(subAppId: number): EventConfig {
    let config = this.#configs.get(subAppId);
    if (config === undefined) {
      const { eventMode, notificationUrl, uploadEvents, signKey } = this.#settings;
      const uploadSwitch = uploadEvents ? "ON" : "OFF";
      config = {
        mode: eventMode,
        notificationUrl: notificationUrl ?? "",
        uploadSwitch,
        deleteSwitch: uploadSwitch,
        persistenceSwitch: "OFF",
        signKey,
      };
      this.#configs.set(subAppId, config);
    }
    return config;
  }

  emit(subAppId: number, event: EmulatedEvent, topic: EventTopic): void {
    const config = this.config(subAppId);
    const off =
      (topic === "upload" && config.uploadSwitch === "OFF") || (topic === "delete" && config.deleteSwitch === "OFF");
    const record = this.log.add(event, { subAppId, time: this.#clock.now(), state: off ? "off" : "waiting" });
    if (!off) this.#sendOut(record, config);
  }

  /** Sends an event once more, as its sub-app wants its events now. @returns false when no such event is remembered */
  again(id: number): boolean {
    const record = this.log.find(id);
    if (record === undefined) return false;
    const { subAppId } = record;
    this.#queues.set(
      subAppId,
      this.#queue(subAppId).filter((one) => one.record !== record),
    );
    this.#sendOut(record, this.config(subAppId));
    return true;
  }

  /** Pushes an event to a receiver of the caller's choice, whatever the sub-app's configuration is. */
  pushTo(subAppId: number, event: EmulatedEvent, target: PushTarget): void {
    this.#pusher.push(this.log.add(event, { subAppId, time: this.#clock.now(), state: "pushed" }), target);
  }

  #sendOut(record: EventRecord, config: EventConfig): void {
    record.state = config.mode === "PUSH" ? "pushed" : "waiting";
    record.heldUntil = undefined;
    if (config.mode === "PUSH") {
      this.#pusher.push(record, config);
      return;
    }
    const createdAt = this.#clock.now();
    this.#queue(record.subAppId).push({ record, createdAt, handle: undefined, pulledAt: undefined });
    this.#wake();
  }

  /** Up to 16 events nobody holds, the oldest first; from now on they are held for the confirm window. */
  take(subAppId: number): JsonObject[] {
    const now = this.#clock.now();
    const free = this.#alive(subAppId).filter((one) => one.pulledAt === undefined || !this.#held(one, now));
    return free.slice(0, maxBatch).map((one) => {
      one.handle = this.#ids.bytes(48).toString("base64");
      one.pulledAt = now;
      one.record.pulls += 1;
      one.record.state = "held";
      one.record.heldUntil = now + this.#settings.confirmWindowMs;
      return { EventHandle: one.handle, ...withUnusedMembers(one.record.event) };
    });
  }

  /** Removes the events of these deliveries; false, and nothing removed, when one is unknown or too late. */
  confirm(subAppId: number, handles: readonly string[]): boolean {
    const now = this.#clock.now();
    const queue = this.#alive(subAppId);
    const confirmed = new Set<QueuedEvent>();
    for (const handle of handles) {
      const held = queue.find((one) => one.handle === handle && this.#held(one, now));
      if (held === undefined) return false;
      confirmed.add(held);
    }
    for (const { record } of confirmed) record.state = "confirmed";
    this.#queues.set(
      subAppId,
      queue.filter((one) => !confirmed.has(one)),
    );
    return true;
  }

  /** How many events wait to be pulled. */
  count(subAppId: number): number {
    const now = this.#clock.now();
    return this.#alive(subAppId).filter((one) => !this.#held(one, now)).length;
  }

  /** Resolves when an event may have come, after `ms` of real time, or when `gone` is aborted. */
  async wait(ms: number, gone: AbortSignal): Promise<void> {
    if (gone.aborted) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        gone.removeEventListener("abort", done);
        this.#waiting = this.#waiting.filter((one) => one !== done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      gone.addEventListener("abort", done, { once: true });
      this.#waiting.push(done);
    });
  }

  #wake(): void {
    for (const waiting of this.#waiting) waiting();
  }

  #held({ pulledAt }: QueuedEvent, now: number): boolean {
    return pulledAt !== undefined && now - pulledAt <= this.#settings.confirmWindowMs;
  }

  #queue(subAppId: number): QueuedEvent[] {
    let queue = this.#queues.get(subAppId);
    if (queue === undefined) {
      queue = [];
      this.#queues.set(subAppId, queue);
    }
    return queue;
  }

  #alive(subAppId: number): QueuedEvent[] {
    const oldest = this.#clock.now() - keptMs;
    const alive = this.#queue(subAppId).filter((one) => one.createdAt >= oldest);
    this.#queues.set(subAppId, alive);
    return alive;
  }
}
