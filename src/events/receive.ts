import type { CallbackRejection } from "../signing/index.ts";
import { VodupError, invalidArgument, outOfRange } from "../errors.ts";
import { verifyCallback } from "../signing/index.ts";
import { eventIdentity, sha256 } from "./identity.ts";
import { textMember, member } from "../json.ts";
import { isTooDeep, parseJson } from "./body.ts";
import { parseEvent, type VodEvent } from "./parse.ts";
import { Recent } from "./recent.ts";
import { WorkQueue } from "./work-queue.ts";
import { reasonOf } from "../reason-of.ts";
import { refuseUnknown } from "../unknown-options.ts";

/**
 * How callbacks are received.
 *
 * **What `signKey` proves.** A signed callback carries `Sign` = MD5(SignKey + T) and `T`, when it expires. That covers
 * the key and the time, and nothing else: neither the event nor any other byte of the body. Who has seen one callback
 * (a proxy, a log, a plain http: address) can put its `Sign` and `T` on any body until `T`, up to 15 minutes. Use an
 * https: address, treat an event as a hint, and confirm what matters with DescribeMediaInfos or DescribeTaskDetail; or
 * pull events instead, where TC3 and TLS vouch for all of it. Without `signKey` anybody who knows the address can post.
 *
 * **At least once, and at most three times.** The service sends again only when no answer came within 5 s, three times
 * in all; it ignores the answer itself. So the answer goes out first and `onEvent` runs after it: what `onEvent` then
 * loses, nobody sends again. Deliveries that say the same within `dedupeWindowMs` reach `onEvent` once.
 */
export interface ReceiveOptions {
  /** Takes one event. What it throws or rejects with goes to `onError`. */
  readonly onEvent: (event: VodEvent) => void | Promise<void>;
  /**
   * The application's SignKey (ModifyEventConfig); callbacks without a valid `Sign` and `T` are then refused with 403.
   */
  readonly signKey?: string | undefined;
  /** What `onEvent` failed with. @defaultValue a process warning, `VodupEventWarning` */
  readonly onError?: ((error: unknown, event: VodEvent) => void) | undefined;
  /** Told of each request that was refused, and why; for a log. */
  readonly onRefused?: ((refusal: Refusal) => void) | undefined;
  /** Bytes, 1 to 64 MiB; more is answered 413. @defaultValue 1048576 (1 MiB) */
  readonly maxBodyBytes?: number | undefined;
  /** Milliseconds a body may take, 1 to 600000; then 408. @defaultValue 10000, twice what the service waits for us */
  readonly bodyTimeoutMs?: number | undefined;
  /** Seconds by which the two clocks may differ. @defaultValue 0 */
  readonly toleranceSeconds?: number | undefined;
  /** Calls of `onEvent` at a time, 1 to 1000. @defaultValue 8 */
  readonly concurrency?: number | undefined;
  /** Events that may wait for `onEvent`, 1 to 1000000; beyond, or beyond 8 MiB of bodies, 503. @defaultValue 1000 */
  readonly maxPending?: number | undefined;
  /** Milliseconds for which an event is remembered, 0 (never) to a day. @defaultValue 900000 (15 min) */
  readonly dedupeWindowMs?: number | undefined;
  /** Events remembered at most, 1 to 1000000, the oldest dropped first. @defaultValue 10000, some 1.5 MB */
  readonly dedupeLimit?: number | undefined;
  /** Epoch milliseconds; for tests. @defaultValue Date.now */
  readonly clock?: (() => number) | undefined;
}

/** By name, see refuseUnknown. */
const optionNames = {
  onEvent: true,
  signKey: true,
  onError: true,
  onRefused: true,
  maxBodyBytes: true,
  bodyTimeoutMs: true,
  toleranceSeconds: true,
  concurrency: true,
  maxPending: true,
  dedupeWindowMs: true,
  dedupeLimit: true,
  clock: true,
} satisfies Record<keyof ReceiveOptions, true>;

/** Why a request was refused. */
export interface Refusal {
  readonly status: number;
  readonly reason:
    | CallbackRejection
    | "method"
    | "content-type"
    | "content-encoding"
    | "browser"
    | "too-large"
    | "too-slow"
    | "already-read"
    | "not-json"
    | "not-an-event"
    | "overloaded"
    | "closed";
}

/** Why no body could be had; `gone`: the sender went away. */
export type BodyProblem = "too-large" | "too-slow" | "already-read" | "gone";

/** A request as both HTTP interfaces have it. */
export interface Delivery {
  readonly method: string;
  /** By lower-case name. */
  readonly header: (name: string) => string | undefined;
  readonly readBody: (limits: { maxBytes: number; timeoutMs: number }) => Promise<Uint8Array | BodyProblem>;
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface Work {
  readonly event: VodEvent;
  /** Of its body. */
  readonly bytes: number;
  readonly keys: readonly [event: string, delivery: string | undefined];
}

const statusOf: Readonly<Record<Refusal["reason"], number>> = {
  method: 405,
  "content-type": 415,
  "content-encoding": 415,
  browser: 403,
  "too-large": 413,
  "too-slow": 408,
  "already-read": 500,
  "not-json": 400,
  "not-an-event": 400,
  malformed: 403,
  "sign-mismatch": 403,
  expired: 403,
  "too-far-ahead": 403,
  overloaded: 503,
  closed: 503,
};

/** Bytes of bodies whose events may wait together; parsed, they can take thirty times as much memory. */
const mostPendingBytes = 8 * 2 ** 20;

/** No callback is valid for longer (vod ModifyEventConfig, SignKey: 10 minutes; verifyCallback allows 15). */
const longestLifeMs = 900_000;

/** What the listener and the fetch handler have in common: all but HTTP (wire §13.3, §14). */
export class Receiver {
  readonly #options: ReceiveOptions;
  readonly #maxBodyBytes: number;
  readonly #bodyTimeoutMs: number;
  readonly #now: () => number;
  readonly #events: Recent;
  readonly #deliveries: Recent;
  readonly #queue: WorkQueue<Work>;
  readonly #receiving = new Set<Promise<unknown>>();
  #closed = false;
  /** Of the bodies whose events wait or are being handled. */
  #pendingBytes = 0;

  /** @throws TypeError, RangeError `ERR_INVALID_ARG_VALUE` naming the option */
  constructor(options: ReceiveOptions) {
    refuseUnknown("", options, optionNames);
    if (typeof options.onEvent !== "function") throw invalidArgument("onEvent", "must be a function");
    if (options.signKey !== undefined && (typeof options.signKey !== "string" || options.signKey === "")) {
      throw invalidArgument("signKey", "must be a string that is not empty, or left out");
    }
    this.#options = options;
    this.#maxBodyBytes = whole(options, "maxBodyBytes", { least: 1, most: 64 * 2 ** 20, preset: 2 ** 20 });
    this.#bodyTimeoutMs = whole(options, "bodyTimeoutMs", { least: 1, most: 600_000, preset: 10_000 });
    this.#now = options.clock ?? Date.now;
    const tolerance = whole(options, "toleranceSeconds", { least: 0, most: 86_400, preset: 0 });
    const limit = whole(options, "dedupeLimit", { least: 1, most: 1_000_000, preset: 10_000 });
    const lifeMs = whole(options, "dedupeWindowMs", { least: 0, most: 86_400_000, preset: longestLifeMs });
    this.#events = new Recent({ limit, lifeMs, now: this.#now });
    this.#deliveries = new Recent({ limit, lifeMs: longestLifeMs + 2000 * tolerance, now: this.#now });
    this.#queue = new WorkQueue({
      concurrency: whole(options, "concurrency", { least: 1, most: 1000, preset: 8 }),
      limit: whole(options, "maxPending", { least: 1, most: 1_000_000, preset: 1000 }),
      work: (work) => this.#handle(work),
    });
  }

  /** Judges one request and answers what to reply; undefined when there is nobody to reply to. Never rejects. */
  async receive(delivery: Delivery): Promise<Reply | undefined> {
    const judging = this.#judge(delivery);
    this.#receiving.add(judging);
    try {
      const outcome = await judging;
      if (outcome === "gone") return undefined;
      return outcome === "accepted" ? accepted : this.#refuse(outcome);
    } finally {
      this.#receiving.delete(judging);
    }
  }

  /** Resolves when every event received so far has been handled. */
  async drain(): Promise<void> {
    await Promise.all(this.#receiving);
    await this.#queue.drain();
  }

  /** Refuses what comes from now on, and waits as `drain` does. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.drain();
  }

  async #judge(delivery: Delivery): Promise<"accepted" | "gone" | Refusal["reason"]> {
    if (this.#closed) return "closed";
    if (delivery.method !== "POST") return "method";
    if (!isJsonType(delivery.header("content-type"))) return "content-type";
    if (!/^(identity)?$/i.test(delivery.header("content-encoding") ?? "")) return "content-encoding";
    if (this.#options.signKey === undefined && isOfPage(delivery)) return "browser";
    if (Number(delivery.header("content-length") ?? 0) > this.#maxBodyBytes) return "too-large";
    const bytes = await delivery.readBody({ maxBytes: this.#maxBodyBytes, timeoutMs: this.#bodyTimeoutMs });
    if (typeof bytes === "string") return bytes;
    if (isTooDeep(bytes)) return "not-an-event";
    const body = parseJson(bytes);
    if (body === undefined) return "not-json";
    return this.#accept(body.value, bytes);
  }

  #accept(body: unknown, bytes: Uint8Array): "accepted" | Refusal["reason"] {
    const { signKey, toleranceSeconds } = this.#options;
    let deliveryKey: string | undefined;
    if (signKey !== undefined) {
      const verdict = verifyCallback(body, signKey, { now: this.#now() / 1000, toleranceSeconds });
      if (!verdict.valid) return verdict.reason;
      // A delivery that was seen before is a repetition or a replay, and nobody can tell which: both are done with.
      deliveryKey = sha256(`${textMember(body, "Sign")?.toLowerCase()} ${String(member(body, "T"))} `, bytes);
      if (this.#deliveries.has(deliveryKey)) return "accepted";
    }
    const event = readEvent(body);
    if (event === undefined) return "not-an-event";
    const eventKey = eventIdentity(event);
    if (this.#events.has(eventKey)) return "accepted";
    const isTooMuch = this.#pendingBytes > 0 && this.#pendingBytes + bytes.byteLength > mostPendingBytes;
    if (this.#queue.full || isTooMuch) return "overloaded";
    this.#pendingBytes += bytes.byteLength;
    this.#events.add(eventKey);
    if (deliveryKey !== undefined) this.#deliveries.add(deliveryKey);
    this.#queue.add({ event, bytes: bytes.byteLength, keys: [eventKey, deliveryKey] });
    return "accepted";
  }

  async #handle({ event, bytes, keys: [eventKey, deliveryKey] }: Work): Promise<void> {
    try {
      await this.#options.onEvent(event);
    } catch (error) {
      // Should the service send it again after all, it gets another chance.
      this.#events.delete(eventKey);
      if (deliveryKey !== undefined) this.#deliveries.delete(deliveryKey);
      this.#notify(() => (this.#options.onError ?? warn)(error, event));
    } finally {
      this.#pendingBytes -= bytes;
    }
  }

  #refuse(reason: Refusal["reason"]): Reply {
    const status = statusOf[reason];
    this.#notify(() => this.#options.onRefused?.({ status, reason }));
    const headers: Record<string, string> = { "content-type": "application/json" };
    if (reason === "method") headers["allow"] = "POST";
    if (status === 503) headers["retry-after"] = "1";
    return { status, headers, body: JSON.stringify({ accepted: false, reason }) };
  }

  /** A callback of the caller's that fails must not take the process, or the reply, with it. */
  #notify(call: () => void): void {
    try {
      call();
    } catch (error) {
      warn(error);
    }
  }
}

const accepted: Reply = {
  status: 200,
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ accepted: true }),
};

function warn(error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? reasonOf(error)) : reasonOf(error);
  process.emitWarning(`an event could not be handled: ${text}`, { type: "VodupEventWarning" });
}

/**
 * The service's own Content-Type is not documented, so that none at all is taken for JSON; a browser's form never is.
 */
function isJsonType(type: string | undefined): boolean {
  if (type === undefined) return true;
  const charset = /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(type)?.[1];
  return (
    /^\s*application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(type) && (charset === undefined || /^utf-?8$/i.test(charset))
  );
}

/** A page that somebody looks at can post here without a Content-Type; what a browser sends says that it does. */
function isOfPage({ header }: Delivery): boolean {
  // Not Sec-Fetch-Mode: Node's own fetch sends it, too.
  return ["origin", "sec-fetch-site"].some((name) => header(name) !== undefined);
}

function readEvent(body: unknown): VodEvent | undefined {
  try {
    return parseEvent(typeof body === "object" && body !== null ? body : {});
  } catch (error) {
    if (error instanceof VodupError && error.code === "EVENT_INVALID") return undefined;
    throw error;
  }
}

function whole<Field extends string>(
  options: { readonly [Name in Field]?: number | undefined },
  field: Field,
  { least, most, preset }: { readonly least: number; readonly most: number; readonly preset: number },
): number {
  const value = options[field];
  if (value === undefined) return preset;
  if (!Number.isSafeInteger(value) || value < least || value > most) {
    throw outOfRange(field, `must be an integer from ${least} to ${most}`, value);
  }
  return value;
}
