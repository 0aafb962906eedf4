import { setMaxListeners } from "node:events";

/**
 * An upload's own signal, which aborts with the caller's and for the same reason. Everything in flight listens to it: on
 * the caller's signal, perhaps shared by many uploads, there is so one listener an upload.
 * @returns the signal, and what ends the listening
 */
export function ownSignal(given: AbortSignal | undefined): {
  readonly signal: AbortSignal;
  readonly release: () => void;
} {
  const own = new AbortController();
  setMaxListeners(0, own.signal);
  if (given === undefined) return { signal: own.signal, release: () => undefined };
  const pass = (): void => own.abort(given.reason);
  if (given.aborted) pass();
  given.addEventListener("abort", pass, { once: true });
  return { signal: own.signal, release: () => given.removeEventListener("abort", pass) };
}
