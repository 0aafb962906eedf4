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
