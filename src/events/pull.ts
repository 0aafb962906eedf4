import type { VodApi } from "../vod-api/client.ts";
import { performance } from "node:perf_hooks";
import { VodApiError, VodupError, invalidArgument } from "../errors.ts";
import { onAbort, openController, sleep } from "../http/abort.ts";
import { parseSubAppId } from "../vod-api/client.ts";
import { refuseUnknown } from "../unknown-options.ts";
import type { VodEvent } from "./parse.ts";
import { Confirmations } from "./confirm.ts";
import { Recent } from "./recent.ts";

export interface PullEventsOptions {
  /** Ends the loop with its reason, once confirmations under way have ended. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Confirm each event when the loop asks for the next one. The event at which the loop ends early (`break`, an
   * exception) is not confirmed and comes again. @defaultValue false
   */
  readonly autoConfirm?: boolean | undefined;
  /** @defaultValue the client's */
  readonly subAppId?: number | bigint | string | undefined;
  /**
   * Told of failures that pass (the retries of a request were used up, a confirmation failed, an entry is no event),
   * after which the loop goes on, ever more slowly while they last. @defaultValue they end the loop
   */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** By name, see refuseUnknown. */
const optionNames = {
  signal: true,
  autoConfirm: true,
  subAppId: true,
  onError: true,
} satisfies Record<keyof PullEventsOptions, true>;

export interface PulledEvent extends VodEvent {
  /** What ConfirmEvents takes. */
  readonly handle: string;
  /**
   * Takes the event off the queue. Must reach the service within 30 s of the pull, so call it when the event has been
   * dealt with and before anything slow; calls made together share a request (16 at most).
   *
   * @returns true: it will not come again. False: the 30 s had passed; it comes again, and this loop then confirms it
   * without delivering it a second time (for an hour, 10,000 events).
   * @throws VodApiError, NetworkError: the service may or may not have taken it; treated as false is
   */
  confirm(): Promise<boolean>;
}

/** A loop over the queue of events; to be iterated once. */
export interface PulledEvents extends AsyncIterableIterator<PulledEvent> {
  /** Ends the loop in order: nothing more is pulled or delivered, confirmations under way are finished. */
  stop(): void;
  /** Resolves when no request of this loop is under way. */
  settled(): Promise<void>;
}

/** The service holds a pull for 5 s (vod PullEvents: give it 10 s). */
const headersMs = 10_000;
/** Handles older than this are about to expire; their events come again under new ones. */
const freshMs = 25_000;
/** A pull that finds nothing should have waited; if it did not, the next one is put off up to this. */
const longestPauseMs = 1_000;
const longestBackOffMs = 30_000;
/** For how long, and how many, events are known that were dealt with but perhaps not confirmed. */
const unconfirmed = { limit: 10_000, lifeMs: 3_600_000 };

/**
 * Reads reliable notifications: an endless loop over the application's queue, in which each event stays until it is
 * confirmed. At least once: an event whose `confirm()` was not called, or came too late, is delivered again.
 * wire §13.2.
 *
 * The application's delivery mode must be `PULL` (ModifyEventConfig). Several loops may share a queue.
 *
 * @example
 * for await (const event of pullEvents(api, { signal })) {
 *   await save(event);
 *   await event.confirm();
 * }
 *
 * @param running holds the loop while it is under way, for an owner that may have to stop it
 * @throws TypeError `ERR_INVALID_ARG_VALUE`; while iterating: the signal's reason, VodApiError, NetworkError
 * @see https://www.tencentcloud.com/document/product/266/33433
 */
export function pullEvents(
  api: Pick<VodApi, "call">,
  options: PullEventsOptions = {},
  running?: Set<PulledEvents>,
): PulledEvents {
  return new PullLoop(api, options, running);
}

/** What reads an event is loaded with the first one: a client that only uploads has none. */
async function loadReader() {
  const [{ parseEvent }, { eventIdentity }] = await Promise.all([import("./parse.ts"), import("./identity.ts")]);
  return { parseEvent, eventIdentity };
}
type Reader = Awaited<ReturnType<typeof loadReader>>;

interface Read {
  readonly event: PulledEvent;
  readonly identity: string;
}

interface Batch {
  readonly events: readonly Read[];
  readonly at: number;
}

class PullLoop implements PulledEvents {
  readonly #api: Pick<VodApi, "call">;
  readonly #options: PullEventsOptions;
  readonly #running: Set<PulledEvents> | undefined;
  readonly #subAppId: bigint | undefined;
  readonly #confirmations: Confirmations;
  readonly #dealtWith: Recent;
  readonly #stopping = openController();
  readonly #events: AsyncGenerator<PulledEvent, void>;
  #stopped = false;
  #pulling: Promise<unknown> | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(api: Pick<VodApi, "call">, options: PullEventsOptions, running: Set<PulledEvents> | undefined) {
    refuseUnknown("", options, optionNames);
    if (options.signal !== undefined && !(options.signal instanceof AbortSignal)) {
      throw invalidArgument("signal", "must be an AbortSignal");
    }
    this.#api = api;
    this.#options = options;
    this.#running = running;
    this.#subAppId = parseSubAppId("subAppId", options.subAppId);
    this.#confirmations = new Confirmations(api, this.#subAppId);
    this.#dealtWith = new Recent({ ...unconfirmed, now: () => performance.now() });
    this.#events = this.#run();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<PulledEvent>> {
    return this.#events.next();
  }

  async return(): Promise<IteratorResult<PulledEvent>> {
    this.stop();
    return this.#events.return();
  }

  stop(): void {
    this.#stopped = true;
    this.#stopping.abort();
  }

  async settled(): Promise<void> {
    await this.#pulling;
    await this.#confirmations.settled();
  }

  async *#run(): AsyncGenerator<PulledEvent, void> {
    const { signal } = this.#options;
    const ignore = signal === undefined ? undefined : onAbort(signal, () => this.#stopping.abort());
    this.#running?.add(this);
    try {
      for (;;) {
        const batch = await this.#pull();
        for (const { event, identity } of batch.events) {
          this.#check();
          if (this.#stopped) return;
          if (performance.now() - batch.at > freshMs) break;
          if (this.#dealtWith.size > 0 && this.#dealtWith.has(identity)) {
            this.#confirmAside(event);
            continue;
          }
          yield event;
          if (this.#options.autoConfirm === true) this.#confirmAside(event);
        }
        this.#check();
        if (this.#stopped) return;
      }
    } finally {
      ignore?.();
      await this.#confirmations.settled();
      this.#running?.delete(this);
    }
  }

  /** The next batch that has events; an empty one when the loop is to end. */
  async #pull(): Promise<Batch> {
    let failures = 0;
    let pauseMs = 0;
    for (;;) {
      this.#check();
      if (this.#stopped) return { events: [], at: 0 };
      const startedAt = performance.now();
      try {
        const batch = await this.#pullOnce();
        if (batch.events.length > 0) return batch;
        failures = 0;
        pauseMs = performance.now() - startedAt < longestPauseMs ? Math.min(pauseMs * 2 + 50, longestPauseMs) : 0;
      } catch (error) {
        // Told apart from a failure by `#check`: the request ends with the reason of `#stopping`, not the caller's.
        if (this.#stopping.signal.aborted) continue;
        if (this.#options.onError === undefined || !(error instanceof VodupError && error.retryable)) throw error;
        this.#options.onError(error);
        failures += 1;
        pauseMs = Math.round((0.5 + Math.random() / 2) * Math.min(longestBackOffMs, 1000 * 2 ** (failures - 1)));
      }
      await sleep(pauseMs, this.#stopping.signal).catch(() => undefined);
    }
  }

  async #pullOnce(): Promise<Batch> {
    const pulling = this.#api.call(
      "PullEvents",
      { SubAppId: this.#subAppId },
      { signal: this.#stopping.signal, headersMs },
    );
    this.#pulling = pulling.then(
      () => undefined,
      () => undefined,
    );
    const { EventSet } = await pulling.catch(nothingThere);
    const at = performance.now();
    const contents: readonly unknown[] = Array.isArray(EventSet) ? EventSet : [];
    if (contents.length === 0) return { events: [], at };
    const reader = await loadReader();
    return { events: contents.flatMap((content) => this.#read(content, reader)), at };
  }

  #read(content: unknown, { parseEvent, eventIdentity }: Reader): Read[] {
    try {
      const event = parseEvent(typeof content === "object" && content !== null ? content : {});
      const { handle } = event;
      if (handle === undefined || handle === "") throw new VodupError("EVENT_INVALID", "a pulled event has no handle");
      const identity = eventIdentity(event);
      return [{ event: { ...event, handle, confirm: () => this.#confirm(identity, handle) }, identity }];
    } catch (error) {
      // What cannot be read was not dealt with, so that it is not confirmed either.
      this.#report(error);
      return [];
    }
  }

  async #confirm(identity: string, handle: string): Promise<boolean> {
    // From here on a redelivery is no news; once the service has taken the confirmation there will be none.
    this.#dealtWith.add(identity);
    const confirmed = await this.#confirmations.confirm(handle);
    if (confirmed) this.#dealtWith.delete(identity);
    return confirmed;
  }

  #confirmAside(event: PulledEvent): void {
    event.confirm().catch((error: unknown) => this.#report(error));
  }

  #report(error: unknown): void {
    if (this.#options.onError === undefined) this.#failure ??= { error };
    else this.#options.onError(error);
  }

  /** @throws the signal's reason, or a failure that nobody was told of */
  #check(): void {
    this.#options.signal?.throwIfAborted();
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}

/**
 * The service answers an empty queue with an error (wire §13.2). Only this very code: its sub-codes are faults of the
 * account, and the message may be translated.
 */
function nothingThere(error: unknown): { readonly EventSet?: undefined } {
  if (error instanceof VodApiError && error.apiCode === "ResourceNotFound") return {};
  throw error;
}
