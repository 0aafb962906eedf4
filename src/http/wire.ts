import type { Agent, DispatcherLike } from "./dispatcher.ts";
import type { Download, DownloadRequest } from "./download.ts";
import type { IdleLimits, LimitOptions } from "./limits.ts";
import type { Outage } from "./peer.ts";
import type { AllowRedirect } from "./reach.ts";
import type { RetryOptions, RetryPolicy } from "./retry.ts";
import { invalidArgument } from "../errors.ts";
import { AlternateOrigins } from "./alternate-origins.ts";
import { ServiceClock } from "./clock.ts";
import { hostOf } from "./endpoint.ts";
import { idleLimits } from "./limits.ts";
import { Pacer, checkRate } from "./pacer.ts";
import { Peer, isAbout } from "./peer.ts";
import { retryPolicy } from "./retry.ts";
import { Transport } from "./transport.ts";

export interface WireOptions {
  /**
   * An undici Dispatcher (it stays yours: `close()` leaves it open), or options for the Agent that vodup makes.
   * @see docs/recipes.md: proxies, other dispatchers, internal and accelerated domains
   */
  readonly dispatcher?: DispatcherLike | Agent.Options | undefined;
  /** How often and how long is tried again. @see docs/options.md: the default of each field */
  readonly retry?: RetryOptions | undefined;
  /**
   * Called when a service that had answered can no longer be reached and is waited for (`retry.unreachableMs`), and
   * again when it answers: once each, however many uploads wait.
   */
  readonly onOutage?: ((outage: Outage) => void) | undefined;
  /**
   * Says for each redirect of a URL source whether it is followed; in no case from `https:` to anything else, and not
   * more than five. @defaultValue followed, but not from a public server to an address of this machine or network,
   * whatever its name resolves to (loopback, private, link-local: the metadata service's is one). Through a dispatcher
   * of your own, such as a proxy's, names are looked up beforehand, and it may still connect to another address.
   */
  readonly allowRedirect?: AllowRedirect | undefined;
  /** Idle limits of an attempt. Rarely worth a change: they bound silence, never the duration. */
  readonly limits?: LimitOptions | undefined;
  /** Bytes a second that all uploads of the client send together, 1024 and up. @defaultValue unlimited */
  readonly limitRate?: number | undefined;
  /** Epoch milliseconds; for tests. @defaultValue Date.now */
  readonly clock?: (() => number) | undefined;
}

/** By name, see refuseUnknown. */
export const wireOptionNames: Readonly<Record<keyof WireOptions, true>> = {
  dispatcher: true,
  retry: true,
  limits: true,
  limitRate: true,
  clock: true,
  onOutage: true,
  allowRedirect: true,
};

/** What everything that sends requests for one client shares: the sockets, the corrected clock, the retry policy. */
export class Wire {
  readonly transport: Transport;
  /** The VOD API's. */
  readonly clock: ServiceClock;
  /**
   * The object storage's: the same, until the storage says otherwise. Lives of certificates are none of its business.
   */
  readonly storageClock: ServiceClock;
  readonly policy: RetryPolicy;
  readonly limits: IdleLimits;
  readonly origins: AlternateOrigins = new AlternateOrigins();
  readonly #onOutage: WireOptions["onOutage"];
  readonly #peers = new Map<string, Peer>();

  constructor(options: WireOptions = {}) {
    if (options.clock !== undefined && typeof options.clock !== "function") {
      throw invalidArgument("clock", "must be a function that answers epoch milliseconds", options.clock);
    }
    this.limits = idleLimits(options.limits);
    checkRate("limitRate", options.limitRate);
    const pacer = options.limitRate === undefined ? undefined : new Pacer(options.limitRate);
    if (options.allowRedirect !== undefined && typeof options.allowRedirect !== "function") {
      throw invalidArgument("allowRedirect", "must be a function");
    }
    this.transport = new Transport(options.dispatcher, this.limits, pacer, options.allowRedirect);
    this.clock = new ServiceClock(options.clock);
    this.storageClock = new ServiceClock(() => this.clock.now());
    this.policy = retryPolicy(options.retry);
    if (options.onOutage !== undefined && typeof options.onOutage !== "function") {
      throw invalidArgument("onOutage", "must be a function", options.onOutage);
    }
    this.#onOutage = options.onOutage;
  }

  /** @param origin `scheme://host[:port]` that a service is asked at first; its alternate is the same service */
  peer(origin: string): Peer {
    let peer = this.#peers.get(origin);
    if (peer === undefined) {
      peer = new Peer({
        host: hostOf(origin),
        waitMs: this.policy.unreachableMs,
        onOutage: this.#onOutage,
        probe: (signal) => this.#answers(origin, signal),
      });
      this.#peers.set(origin, peer);
    }
    return peer;
  }

  /**
   * Opens a source. Its server is a service of its own: that it is away says nothing of the one that it is sent to.
   * @throws NetworkError, or the signal's own reason
   */
  async download(request: DownloadRequest): Promise<Download> {
    const peer = this.peer(request.url.origin);
    try {
      const download = await this.transport.download(request);
      peer.answered();
      return download;
    } catch (error) {
      if (error instanceof Error) isAbout(error, peer);
      throw error;
    }
  }

  /** Asks for nothing, unsigned: any answer will do, but for a gateway's that it reaches nobody either. */
  async #answers(origin: string, signal: AbortSignal | undefined): Promise<boolean> {
    const headers = { host: hostOf(origin) };
    const limits = { headersMs: Math.min(this.limits.headersMs, probeMs) };
    const request = { operation: "Probe", origin, method: "HEAD", path: "/", headers, limits, signal } as const;
    const answer = await this.transport.send({ ...request, maxAnswerBytes: 65_536 }).catch(() => undefined);
    return answer !== undefined && ![502, 503, 504].includes(answer.status);
  }
}

/** Milliseconds in which a service that is there says something. */
const probeMs = 10_000;
