import type { Agent, Dispatcher } from "./dispatcher.ts";
import type { IdleLimits, LimitOptions } from "./limits.ts";
import type { RetryOptions, RetryPolicy } from "./retry.ts";
import { invalidArgument } from "../errors.ts";
import { AlternateOrigins } from "./alternate-origins.ts";
import { ServiceClock } from "./clock.ts";
import { idleLimits } from "./limits.ts";
import { Pacer, checkRate } from "./pacer.ts";
import { retryPolicy } from "./retry.ts";
import { Transport } from "./transport.ts";

export interface WireOptions {
  /**
   * An undici Dispatcher (it stays yours: `close()` leaves it open), or options for the Agent that vodup makes.
   * @see docs/recipes.md: proxies, other dispatchers, internal and accelerated domains
   */
  readonly dispatcher?: Dispatcher | Agent.Options | undefined;
  readonly retry?: RetryOptions | undefined;
  /** Idle limits of an attempt. Rarely worth a change: they bound silence, never the duration. */
  readonly limits?: LimitOptions | undefined;
  /** Bytes a second that all uploads of the client send together, 1024 and up. @defaultValue unlimited */
  readonly limitRate?: number | undefined;
  /** Epoch milliseconds; for tests. @defaultValue Date.now */
  readonly clock?: (() => number) | undefined;
}

/** What everything that sends requests for one client shares: the sockets, the corrected clock, the retry policy. */
export class Wire {
  readonly transport: Transport;
  /** The VOD API's. */
  readonly clock: ServiceClock;
  /** The object storage's: the same, until the storage says otherwise. Lives of certificates are none of its business. */
  readonly storageClock: ServiceClock;
  readonly policy: RetryPolicy;
  readonly limits: IdleLimits;
  readonly origins: AlternateOrigins = new AlternateOrigins();

  constructor(options: WireOptions = {}) {
    if (options.clock !== undefined && typeof options.clock !== "function") {
      throw invalidArgument("clock", "must be a function that answers epoch milliseconds", options.clock);
    }
    this.limits = idleLimits(options.limits);
    checkRate("limitRate", options.limitRate);
    const pacer = options.limitRate === undefined ? undefined : new Pacer(options.limitRate);
    this.transport = new Transport(options.dispatcher, this.limits, pacer);
    this.clock = new ServiceClock(options.clock);
    this.storageClock = new ServiceClock(() => this.clock.now());
    this.policy = retryPolicy(options.retry);
  }
}
