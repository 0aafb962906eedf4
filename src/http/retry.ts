import type { Peer } from "./peer.ts";
import { performance } from "node:perf_hooks";
import { CosError, IntegrityError, NetworkError, VodApiError, VodupError, outOfRange } from "../errors.ts";
import { publishRetry } from "./diagnostics.ts";
import { sleep } from "./abort.ts";
import { isUnreachable, peerOf } from "./peer.ts";
import { refuseUnknown } from "../unknown-options.ts";

/**
 * What kind of failure a request had, as far as trying it again is concerned:
 * - `never` the same request would fail again
 * - `now` a socket that the server had closed while idle: no reason to wait
 * - `backoff` a passing fault
 * - `throttle` the service asks for fewer requests
 * - `resync-clock` our time was wrong: learn the service's, sign again; a second time only by another time
 * - `refresh-credentials` the keys ran out: get new ones, sign again, once
 */
export type RetryClass = "never" | "now" | "backoff" | "throttle" | "resync-clock" | "refresh-credentials";

/** All durations are milliseconds. */
export interface RetryPolicy {
  /** How often one request is sent at most, the first time included. 1–100. @defaultValue 6 */
  readonly attempts: number;
  /** Upper bound of the first delay; doubles with every attempt. @defaultValue 250 */
  readonly baseDelayMs: number;
  /** As `baseDelayMs`, for an answer that asks for fewer requests. @defaultValue 1000 */
  readonly throttleDelayMs: number;
  /** No delay is longer, but for a `Retry-After`. @defaultValue 8000 */
  readonly maxDelayMs: number;
  /** A `Retry-After` beyond this is not waited for: the error is thrown. @defaultValue 60000 */
  readonly maxRetryAfterMs: number;
  /**
   * How long a service that has answered this client and can no longer be reached is waited for, whatever the number of
   * attempts; 0: attempts decide, as they do before the first answer. 0–86,400,000. @defaultValue 0
   */
  readonly unreachableMs: number;
}

export type RetryOptions = { readonly [Field in keyof RetryPolicy]?: RetryPolicy[Field] | undefined };

const defaults: RetryPolicy = {
  attempts: 6,
  baseDelayMs: 250,
  throttleDelayMs: 1_000,
  maxDelayMs: 8_000,
  maxRetryAfterMs: 60_000,
  unreachableMs: 0,
};

const mostMs = 3_600_000;
/** What is allowed of each field, where it is not 0 to `mostMs`. */
const ranges: { readonly [Field in keyof RetryPolicy]?: readonly [number, number] } = {
  attempts: [1, 100],
  unreachableMs: [0, 86_400_000],
};

/** Fills in the defaults and refuses what is out of range. */
export function retryPolicy(options: RetryOptions = {}): RetryPolicy {
  refuseUnknown("retry", options, defaults);
  const policy = { ...defaults };
  for (const field of Object.keys(defaults) as (keyof RetryPolicy)[]) {
    const value = options[field];
    if (value === undefined) continue;
    const [least, most] = ranges[field] ?? [0, mostMs];
    if (!Number.isInteger(value) || value < least || value > most) {
      throw outOfRange(`retry.${field}`, `must be an integer from ${least} to ${most}`, value);
    }
    policy[field] = value;
  }
  return policy;
}

/**
 * Whether and when to send a request again. Pure, so that it can be read, tested and ported as a table
 * (fixtures/vectors/retry-decision.json). The delay is "full jitter": uniform in [0, min(max, base·2^(attempt−1))],
 * which spreads a fleet that failed together. A `Retry-After` is a lower bound (wire §11.5, §11.6).
 *
 * @param failure with `waitLeftMs` the service is away and is waited for by time: attempts do not count
 * @param attempt how many times the request was sent, from 1
 * @param random uniform in [0, 1)
 * @returns milliseconds to wait, or undefined to give up
 */
export function decide(
  failure: {
    readonly kind: RetryClass;
    readonly retryAfterMs?: number | undefined;
    readonly waitLeftMs?: number | undefined;
  },
  attempt: number,
  policy: RetryPolicy,
  random: number,
): number | undefined {
  if (failure.kind === "never") return undefined;
  if (failure.waitLeftMs === undefined ? attempt >= policy.attempts : failure.waitLeftMs <= 0) return undefined;
  if (failure.kind === "now" || failure.kind === "resync-clock" || failure.kind === "refresh-credentials") return 0;
  const base = failure.kind === "throttle" ? policy.throttleDelayMs : policy.baseDelayMs;
  const jittered = random * Math.min(policy.maxDelayMs, base * 2 ** (attempt - 1));
  const asked = failure.retryAfterMs ?? 0;
  if (asked > policy.maxRetryAfterMs) return undefined;
  return Math.round(Math.min(Math.max(asked, jittered), failure.waitLeftMs ?? Infinity));
}

/** A request is about to be repeated. */
export interface RetryEvent {
  /** Such as `UploadPart`. */
  readonly operation: string;
  /** How many times it was sent so far. */
  readonly attempt: number;
  /** Milliseconds until it is sent again. */
  readonly delayMs: number;
  /** Why. */
  readonly error: unknown;
  /** Set while a service that had answered cannot be reached: milliseconds for which it is waited for still. */
  readonly waitLeftMs?: number | undefined;
}

/** What the retry loop needs to know of one request, beside the policy. */
export interface RetryContext {
  readonly policy: RetryPolicy;
  /** The request's name in diagnostics, such as `UploadPart`. */
  readonly operation: string;
  readonly classify: (error: unknown) => RetryClass;
  /** Fixes what a `resync-clock` or `refresh-credentials` failure needs fixed; answers whether to try again. */
  readonly recover?: ((kind: "resync-clock" | "refresh-credentials", error: unknown) => Promise<boolean>) | undefined;
  readonly onRetry?: ((event: RetryEvent) => void) | undefined;
  /** Whom the request is for. */
  readonly peer?: Peer | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly random?: (() => number) | undefined;
}

/**
 * Failures that a series has given up: a series around it (Complete, which asks by HEAD) must not multiply its
 * attempts.
 */
const givenUp = new WeakSet<object>();

/**
 * Runs `send` until it succeeds, cannot succeed, or the attempts are used up; the last error is thrown with its
 * `attempts` set. An abort ends a delay at once and rejects with the signal's own reason (wire §11.7, §11.8).
 */
export async function retrying<T>(context: RetryContext, send: (attempt: number) => Promise<T>): Promise<T> {
  const { policy, signal } = context;
  const extra = new Map<RetryClass, number>();
  // Attempts that met nobody while the service was away: they count for nothing.
  let unmet = 0;
  for (let attempt = 1; ; attempt += 1) {
    signal?.throwIfAborted();
    const begun = performance.now();
    try {
      const answer = await send(attempt);
      context.peer?.answered();
      return answer;
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof Error && givenUp.has(error)) throw error;
      const peer = peerOf(error, context.peer);
      const isAway = isUnreachable(error);
      let waitLeftMs = isAway ? peer?.unanswered(error, performance.now() - begun) : undefined;
      if (isAnswer(error)) peer?.answered();
      const kind = await settleClass(context, error, extra);
      if (isAway && waitLeftMs === undefined && kind !== "never" && attempt - unmet >= policy.attempts) {
        waitLeftMs = await peer?.unansweredAtLast(error, signal);
        signal?.throwIfAborted();
      }
      if (waitLeftMs !== undefined) unmet += 1;
      const counted = waitLeftMs === undefined ? attempt - unmet : unmet;
      const failure = { kind, retryAfterMs: retryAfterOf(error), waitLeftMs };
      const delayMs = decide(failure, counted, policy, (context.random ?? Math.random)());
      if (delayMs === undefined) {
        if (error instanceof VodupError) {
          error.attempts = attempt;
          givenUp.add(error);
        }
        throw error;
      }
      const event: RetryEvent = { operation: context.operation, attempt, delayMs, error, waitLeftMs };
      context.onRetry?.(event);
      publishRetry(event);
      await sleep(delayMs, signal);
    }
  }
}

/** Whether the service itself has answered, if only to refuse. */
function isAnswer(error: unknown): boolean {
  return error instanceof VodApiError || error instanceof CosError || error instanceof IntegrityError;
}

function retryAfterOf(error: unknown): number | undefined {
  const hasOne = error instanceof NetworkError || error instanceof CosError || error instanceof VodApiError;
  return hasOne ? error.retryAfterMs : undefined;
}

/**
 * How many extra tries of a series are good for what; after that, failures are what they look like. Two for the clock:
 * the servers behind one name may disagree, and the first one that was asked may be the wrong one.
 */
const extraTries = { now: 1, "resync-clock": 2, "refresh-credentials": 1 } as const;

async function settleClass(context: RetryContext, error: unknown, extra: Map<RetryClass, number>): Promise<RetryClass> {
  const kind = context.classify(error);
  if (kind === "never" || kind === "backoff" || kind === "throttle") return kind;
  const before = extra.get(kind) ?? 0;
  extra.set(kind, before + 1);
  if (before >= extraTries[kind]) return kind === "now" ? "backoff" : "never";
  if (kind !== "now" && (await context.recover?.(kind, error)) !== true) return "never";
  return kind;
}
