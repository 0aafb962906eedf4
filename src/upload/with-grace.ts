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
