import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { md5Hex } from "../../signing/index.ts";
import type { EmulatorClock } from "../clock.ts";
import type { JsonObject } from "../json.ts";
import type { Settings } from "../options.ts";
import type { EmulatedEvent } from "./event-bodies.ts";
import type { Delivery, EventRecord } from "./event-log.ts";
import { bodyV2 } from "./event-bodies-v2.ts";
import { withUnusedMembers } from "./event-bodies.ts";
import { writeNothing } from "./nothing.ts";

export interface PushTarget {
  readonly notificationUrl: string;
  readonly signKey?: string | undefined;
}

/** Sign and T are valid this long (266/57589). */
const signLifeSeconds = 600;
function sign(signKey: string, now: number): { Sign: string; T: number } {
  const expiry = Math.floor(now / 1000) + signLifeSeconds;
  return { Sign: md5Hex(`${signKey}${expiry}`), T: expiry };
}

/** Deliveries remembered. */
const mostKept = 1000;

const isLoopback = (host: string): boolean => /^(localhost|.*\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(host);

/**
 * Sends events to a receiver by POST. As the service does it: a receiver that takes longer than the time-out gets the
 * event again, three sends in all; whatever it answers in time ends the matter, even a 500 (wire §13.3, §14).
 */
export class Pusher {
  readonly #settings: Settings;
  readonly #clock: EmulatorClock;
  readonly #closing: AbortSignal;
  readonly #deliveries: Delivery[] = [];
  readonly #running = new Set<Promise<void>>();

  constructor(settings: Settings, clock: EmulatorClock, closing: AbortSignal) {
    this.#settings = settings;
    this.#clock = clock;
    this.#closing = closing;
  }

  push(event: EventRecord, target: PushTarget): void {
    if (target.notificationUrl === "" || this.#closing.aborted) return;
    const run = this.#deliver(event, target).finally(() => this.#running.delete(run));
    this.#running.add(run);
  }

  deliveries(): Delivery[] {
    return [...this.#deliveries];
  }

  /** Resolves when no delivery is under way. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  async #deliver({ id: eventId, event }: EventRecord, { notificationUrl, signKey }: PushTarget): Promise<void> {
    const url = URL.canParse(notificationUrl) ? new URL(notificationUrl) : undefined;
    // A receiver's URL may hold a password.
    const shown = url === undefined ? "" : `${url.origin}${url.pathname}`;
    for (let attempt = 1; attempt <= this.#settings.pushAttempts; attempt++) {
      const time = this.#clock.now();
      // Made again for each attempt: T would be past otherwise.
      const signed = signKey === undefined ? undefined : sign(signKey, time);
      const sent =
        url === undefined || !(this.#settings.pushAnywhere || isLoopback(url.hostname))
          ? { outcome: "not-loopback" as const }
          : await this.#post(url, JSON.stringify({ ...this.#body(event), ...signed }));
      if (this.#closing.aborted) return;
      const described = { time: this.#clock.now(), url: shown, eventType: event.type, eventId, signedUntil: signed?.T };
      this.#deliveries.push({ ...described, attempt, ...sent });
      if (this.#deliveries.length > mostKept) this.#deliveries.shift();
      if (sent.outcome === "answered" || sent.outcome === "not-loopback") return;
    }
  }

  #body(event: EmulatedEvent): JsonObject {
    const { eventFormat, nothing } = this.#settings;
    if (eventFormat === "2.0") return writeNothing(bodyV2(event), nothing);
    // Both are seen: all unused members null, and none of them there.
    const unused = nothing === "null" ? withUnusedMembers(event) : { EventType: event.type, [event.field]: event.body };
    return writeNothing(unused, nothing);
  }

  async #post(url: URL, body: string): Promise<Pick<Delivery, "outcome" | "status">> {
    const timeout = AbortSignal.timeout(this.#settings.pushTimeoutMs);
    const signal = AbortSignal.any([timeout, this.#closing]);
    const send = url.protocol === "https:" ? httpsRequest : httpRequest;
    return new Promise((resolve) => {
      const headers = { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) };
      const request = send(url, { method: "POST", headers, signal, agent: false }, (response) => {
        response.resume();
        resolve({ outcome: "answered", status: response.statusCode });
      });
      request.on("error", () => resolve({ outcome: timeout.aborted ? "timeout" : "unreachable" }));
      request.end(body);
    });
  }
}
