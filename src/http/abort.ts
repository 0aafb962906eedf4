import { setMaxListeners } from "node:events";
import { setTimeout as delay } from "node:timers/promises";

/**
 * Milliseconds that an abort waits for what, whatever the service and the caller's functions do: if you abort you are
 * promised a second. docs/design.md has the same as a table.
 */
export const abortLimits = {
  /** undici ending a request that is being sent, with the body that hangs on it: its buffers are not used again before. */
  requestMs: 250,
  /** A checkpoint that is being written. */
  checkpointMs: 300,
  /** The answer that names a multipart upload which is just being opened: without it nobody can remove the upload. */
  openingMs: 400,
  /** All of it together, what was sent removed. */
  allMs: 750,
} as const;

/** The same after a failure, which is held back as long: nobody waits for it within a second. */
export const failureLimits = {
  checkpointMs: 1_000,
  /** Removing what was sent. */
  cleanUpMs: 5_000,
} as const;

/** The signals of one upload. */
export interface OwnSignals {
  /** Aborts with the caller's, and for the same reason. */
  readonly signal: AbortSignal;
  /** Aborts a while later: what still cleans up then has to leave it at that. */
  readonly ending: AbortSignal;
  /** Ends the listening. */
  readonly release: () => void;
}

/**
 * Everything in flight listens to an upload's own signal: on the caller's, perhaps shared by many uploads, there is so
 * one listener an upload.
 */
export function ownSignals(given: AbortSignal | undefined): OwnSignals {
  const own = new AbortController();
  const late = new AbortController();
  setMaxListeners(0, own.signal);
  const signals = { signal: own.signal, ending: late.signal };
  if (given === undefined) return { ...signals, release: () => undefined };
  let timer: NodeJS.Timeout | undefined;
  const pass = (): void => {
    timer = setTimeout(() => late.abort(given.reason), abortLimits.allMs);
    own.abort(given.reason);
  };
  if (given.aborted) pass();
  else given.addEventListener("abort", pass, { once: true });
  return {
    ...signals,
    release: () => {
      given.removeEventListener("abort", pass);
      clearTimeout(timer);
    },
  };
}

/**
 * Does work that leaves something behind at the service, and lets it come to its end for a while after an abort: only
 * who knows what was made can remove it.
 *
 * @param work must end early when the signal that it is given aborts
 * @param graceMs milliseconds
 * @throws the signal's own reason, if it aborted meanwhile and the work failed
 */
export async function withGrace<T>(
  signal: AbortSignal,
  graceMs: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const late = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const begin = (): void => {
    timer = setTimeout(() => late.abort(signal.reason), graceMs);
  };
  signal.addEventListener("abort", begin, { once: true });
  try {
    return await work(late.signal);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", begin);
  }
}

/**
 * Does work that a time and a signal bound. AbortSignal.any() and AbortSignal.timeout() are no help here: what they give
 * may be collected as garbage before it has aborted, while the work still waits for it (Node 20 and 22).
 *
 * @param ms milliseconds after which the signal that the work is given aborts
 * @param parent aborts it earlier, and for its own reason
 */
export async function withLimit<T>(
  ms: number,
  parent: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), ms);
  const pass = (): void => limit.abort(parent.reason);
  if (parent.aborted) pass();
  parent.addEventListener("abort", pass, { once: true });
  try {
    return await work(limit.signal);
  } finally {
    clearTimeout(timer);
    parent.removeEventListener("abort", pass);
  }
}

/**
 * Waits for work that knows nothing of `signal`, such as a caller's own function, or does not always heed it: an abort
 * ends the waiting with the signal's reason, while the work itself goes on unobserved.
 * @param graceMs milliseconds that the work may take to end by itself after the abort. @defaultValue 0
 */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined, graceMs = 0): Promise<T> {
  if (signal === undefined) return work;
  return new Promise<T>((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const stop = (): void => reject(signal.reason as Error);
    const stopSoon = (): void => {
      if (graceMs === 0) stop();
      else timer = setTimeout(stop, graceMs);
    };
    if (signal.aborted) stopSoon();
    else signal.addEventListener("abort", stopSoon, { once: true });
    work.then(resolve, reject).finally(() => {
      signal.removeEventListener("abort", stopSoon);
      clearTimeout(timer);
    });
  });
}

/** Waits, unless the signal ends the wait with its own reason. */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  if (ms <= 0) return signal?.throwIfAborted();
  try {
    await delay(ms, undefined, signal === undefined ? undefined : { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}
