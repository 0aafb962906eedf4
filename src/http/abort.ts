import { clearTimeout, setTimeout } from "node:timers";
import { setMaxListeners } from "node:events";
import { setTimeout as delay } from "node:timers/promises";

/**
 * Milliseconds that an abort waits for what, whatever the service and the caller's functions do: if you abort you are
 * promised a second. docs/design.md has the same as a table.
 */
export const abortLimits = {
  /**
   * undici ending a request that is being sent, with the body that hangs on it: its buffers are not used again before.
   */
  requestMs: 250,
  /** A checkpoint that is being written. */
  checkpointMs: 300,
  /** The answer that names a multipart upload which is just being opened: without it nobody can remove the upload. */
  openingMs: 400,
  /** The list of multipart uploads whose ids were lost: what is known is removed after it. */
  lostMs: 200,
  /** All of it together, what was sent removed. */
  allMs: 750,
  /**
   * After this the promise rejects even if something still hangs: a read of a dead network drive, a function of the
   * caller's.
   */
  promiseMs: 900,
} as const;

/** The same after a failure, which is delayed as long: nobody waits for it within a second. */
export const failureLimits = {
  checkpointMs: 1_000,
  /** The list of multipart uploads whose ids were lost; as long for removing them while an upload goes on. */
  lostMs: 2_000,
  /** Removing what was sent. */
  cleanUpMs: 5_000,
  /** What a source does when it is told that no more is wanted of it. */
  sourceMs: 500,
} as const;

/** Signals that were made here: any number may listen to them. */
const made = new WeakSet<AbortSignal>();

/** As `new AbortController()`. Node takes more than ten listeners for a leak and says so on the host's stderr. */
export function openController(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  made.add(controller.signal);
  return controller;
}

/** Who waits for a caller's signal, which so has one listener of ours, however many calls share it. */
const waiting = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls once when a signal aborts; at once if it has.
 * @returns ends the waiting
 */
export function onAbort(signal: AbortSignal, call: () => void): () => void {
  if (signal.aborted) {
    call();
    return () => undefined;
  }
  // Its own entry, even if the same function waits twice.
  const entry = (): void => call();
  const before = waiting.get(signal);
  const all = before ?? new Set<() => void>();
  const tell = (): void => {
    waiting.delete(signal);
    for (const each of all) each();
  };
  all.add(entry);
  if (before === undefined) {
    waiting.set(signal, all);
    signal.addEventListener("abort", tell, { once: true });
    ends.set(all, () => signal.removeEventListener("abort", tell));
  }
  return () => {
    all.delete(entry);
    if (all.size > 0 || waiting.get(signal) !== all) return;
    waiting.delete(signal);
    ends.get(all)?.();
  };
}

const ends = new WeakMap<Set<() => void>, () => void>();

/** A signal of our own that follows a caller's, for work that may listen to it any number of times. */
export async function withOwnSignal<T>(
  given: AbortSignal | undefined,
  work: (signal: AbortSignal | undefined) => Promise<T>,
): Promise<T> {
  if (given === undefined || made.has(given)) return work(given);
  const own = openController();
  const release = onAbort(given, () => own.abort(given.reason));
  try {
    return await work(own.signal);
  } finally {
    release();
  }
}

/** The signals of one upload. */
export interface OwnSignals {
  /** Aborts with the caller's, and for the same reason. */
  readonly signal: AbortSignal;
  /** Aborts a while later: what still cleans up then has to leave it at that. */
  readonly ending: AbortSignal;
  /** Aborts both, for a reason of the upload's own. */
  readonly fail: (reason: unknown) => void;
  /** Ends the listening. */
  readonly release: () => void;
}

/**
 * Everything in flight listens to an upload's own signal: on the caller's, perhaps shared by many uploads, there is so
 * one listener an upload.
 */
export function ownSignals(given: AbortSignal | undefined): OwnSignals {
  const own = openController();
  const late = openController();
  let timer: NodeJS.Timeout | undefined;
  const fail = (reason: unknown): void => {
    if (own.signal.aborted) return;
    timer = setTimeout(() => late.abort(reason), abortLimits.allMs);
    own.abort(reason);
  };
  const ignore = given === undefined ? undefined : onAbort(given, () => fail(given.reason));
  return {
    signal: own.signal,
    ending: late.signal,
    fail,
    release: () => {
      ignore?.();
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
  const late = openController();
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
 * Does work that a time and a signal bound. AbortSignal.any() and AbortSignal.timeout() are no help here: what they
 * give may be collected as garbage before it has aborted, while the work still waits for it (Node 20 and 22).
 *
 * @param ms milliseconds after which the signal that the work is given aborts
 * @param parent aborts it earlier, and for its own reason
 */
export async function withLimit<T>(
  ms: number,
  parent: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = openController();
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
    const ended = (): void => {
      signal.removeEventListener("abort", stopSoon);
      clearTimeout(timer);
    };
    work.then(ended, ended);
    work.then(resolve, reject);
  });
}

/** Waits for work of the caller's, but not if it hangs; what it fails with is thrown. @returns whether it has ended */
export function endsWithin(ms: number, work: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(false), ms);
    work.then(() => resolve(true), reject).finally(() => clearTimeout(timer));
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
