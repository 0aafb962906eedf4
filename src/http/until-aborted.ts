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
