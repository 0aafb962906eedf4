import { setMaxListeners } from "node:events";

/**
 * Milliseconds after an abort in which cleaning up has to be over, whatever the service does: who aborts waits for it,
 * and is promised a second.
 */
const endingMs = 750;

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
    timer = setTimeout(() => late.abort(given.reason), endingMs);
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
