import { setMaxListeners } from "node:events";

/**
 * Works through items, several at a time. The first failure is the one that is reported: it stops all others, and
 * nothing settles before every one of them has ended. A failure of `items` itself counts as one.
 *
 * @param most how many at a time; read again and again, because it may change
 * @param work must end early when its signal aborts
 * @throws the first failure, or the signal's own reason
 */
export async function inParallel<T>(
  items: Iterable<T> | AsyncIterable<T>,
  most: () => number,
  signal: AbortSignal,
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  // As many listeners as there are requests under way: no leak.
  setMaxListeners(0, stop.signal);
  const pass = (): void => stop.abort(signal.reason);
  if (signal.aborted) pass();
  signal.addEventListener("abort", pass, { once: true });

  let failure: { readonly error: unknown } | undefined;
  const fail = (error: unknown): void => {
    failure ??= { error: signal.aborted ? signal.reason : error };
    stop.abort(error);
  };
  const running = new Set<Promise<void>>();
  let ended = (): void => undefined;
  // Not Promise.race: whatever runs on while a hundred thousand others end would gather a reaction for each of them.
  const oneEnded = (): Promise<void> => new Promise((resolve) => (ended = resolve));
  try {
    for await (const item of items) {
      while (running.size >= most() && !stop.signal.aborted) await oneEnded();
      if (stop.signal.aborted) break;
      const task: Promise<void> = work(item, stop.signal)
        .catch(fail)
        .finally(() => {
          running.delete(task);
          ended();
        });
      running.add(task);
    }
  } catch (error) {
    fail(error);
  }
  await Promise.all(running);
  signal.removeEventListener("abort", pass);
  if (failure !== undefined) throw failure.error;
  signal.throwIfAborted();
}
