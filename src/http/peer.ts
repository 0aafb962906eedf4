import { performance } from "node:perf_hooks";
import { NetworkError } from "../errors.ts";

/** A service that had answered this client cannot be reached, answers again, or was waited for long enough. */
export interface Outage {
  /** `away` comes first, then `back` or `lost`; after `lost` it may still come `back`. */
  readonly state: "away" | "back" | "lost";
  /** `host[:port]` */
  readonly host: string;
  /** What a request met: with `away` the first one, with `lost` the last one. */
  readonly error?: NetworkError | undefined;
  /** Milliseconds that it is waited for at most. */
  readonly waitMs: number;
  /** Milliseconds for which no request was answered so far. */
  readonly awayMs: number;
}

/** How long requests may wait for a service that is away. */
export interface PeerOptions {
  /** With its port, if it has one. */
  readonly host: string;
  /** Milliseconds from the first request that was not answered; 0: attempts decide. */
  readonly waitMs: number;
  /** As of the client's options. */
  readonly onOutage?: ((outage: Outage) => void) | undefined;
  /** Whether it answers anything at all. @defaultValue it does */
  readonly probe?: ((signal: AbortSignal | undefined) => Promise<boolean>) | undefined;
  /** Milliseconds of a clock that never jumps. */
  readonly now?: (() => number) | undefined;
}

/**
 * One service, as all requests of a client have met it. One that has answered is known to be there, so that being
 * unreachable is waited for by time; before that a mistyped address looks the same, and attempts decide.
 */
export class Peer {
  readonly #options: PeerOptions;
  readonly #now: () => number;
  #hasAnswered = false;
  #awaySince: number | undefined;
  #isLost = false;
  #asking: Promise<boolean> | undefined;

  constructor(options: PeerOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** It gave an answer, whatever it says. */
  answered(): void {
    this.#hasAnswered = true;
    if (this.#awaySince === undefined) return;
    this.#tell("back", this.#now() - this.#awaySince);
    this.#awaySince = undefined;
    this.#isLost = false;
  }

  /**
   * A request got no answer. One that could not connect says that the service is away; one whose connection broke, or
   * went silent, may have met a fault of its own, and says so only where others meet nobody either.
   * @param triedForMs how long it has tried to connect: the service was away for that long already
   * @returns milliseconds for which the service may still be waited for, 0 and less when it was waited for long enough;
   * undefined where attempts decide
   */
  unanswered(error: NetworkError, triedForMs: number): number | undefined {
    if (!this.#mayWait) return undefined;
    if (this.#awaySince === undefined && error.phase !== "connect") return undefined;
    return this.#waitLeft(error, error.phase === "connect" ? triedForMs : 0);
  }

  /**
   * As `unanswered`, for a request whose attempts are used up: asks whether the service answers anything at all. A
   * cause that lies in the request alone, such as a proxy that cuts off large bodies, is not waited for.
   */
  async unansweredAtLast(error: NetworkError, signal: AbortSignal | undefined): Promise<number | undefined> {
    if (!this.#mayWait) return undefined;
    this.#asking ??= this.#ask(signal);
    return (await this.#asking) ? undefined : this.#waitLeft(error, 0);
  }

  async #ask(signal: AbortSignal | undefined): Promise<boolean> {
    try {
      return (await this.#options.probe?.(signal)) ?? true;
    } finally {
      this.#asking = undefined;
    }
  }

  get #mayWait(): boolean {
    return this.#hasAnswered && this.#options.waitMs > 0;
  }

  #waitLeft(error: NetworkError, triedForMs: number): number {
    const { waitMs } = this.#options;
    const now = this.#now();
    if (this.#awaySince === undefined) {
      this.#awaySince = now - triedForMs;
      this.#tell("away", now - this.#awaySince, error);
    }
    const awayMs = now - this.#awaySince;
    if (awayMs >= waitMs && !this.#isLost) {
      this.#isLost = true;
      this.#tell("lost", awayMs, error);
    }
    return waitMs - awayMs;
  }

  /** A handler that throws must not fail a request. */
  #tell(state: Outage["state"], awayMs: number, error?: NetworkError): void {
    const { onOutage, host, waitMs } = this.#options;
    try {
      onOutage?.({ state, host, error, waitMs, awayMs: Math.round(awayMs) });
    } catch {
      // It is only told.
    }
  }
}

/** Whom a failure is about, where it is not the service that the request itself is for: a source read meanwhile. */
const about = new WeakMap<Error, Peer>();

/** Says that a failure is about this peer, in whatever series of requests it is met. */
export function isAbout(error: Error, peer: Peer): void {
  about.set(error, peer);
}

/** @param peer whom the request is for */
export function peerOf(error: unknown, peer: Peer | undefined): Peer | undefined {
  return (error instanceof Error ? about.get(error) : undefined) ?? peer;
}

/** Whether nothing of the service came back: it is away, or something on the way to it. */
export function isUnreachable(error: unknown): error is NetworkError {
  return error instanceof NetworkError && error.retryable && error.code !== "BAD_ANSWER" && error.phase !== "body";
}
