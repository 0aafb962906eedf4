import { openController } from "./abort.ts";

export interface ParallelWork<T> {
  /** Makes the items; ends early when the signal aborts. A failure of this counts like one of `work`. */
  readonly items: (signal: AbortSignal) => Iterable<T> | AsyncIterable<T>;
  /** How many at a time; read again and again, because it may change. */
  readonly most: () => number;
  readonly signal: AbortSignal;
  /** Must end early when its signal aborts. */
  readonly work: (item: T, signal: AbortSignal) => Promise<void>;
  /** Takes back an item that was made and will not be worked on. */
  readonly drop?: ((item: T) => void) | undefined;
}

/**
 * Works through items, several at a time, and makes none before all but one of those made are being worked on. The
 * first failure is the one that is reported: it stops all others, and nothing settles before every one of them has
 * ended.
 *
 * @throws the first failure, or the signal's own reason
 */
export async function inParallel<T>({ items, most, signal, work, drop }: ParallelWork<T>): Promise<void> {
  const stop = openController();
  const pass = (): void => stop.abort(signal.reason);
  if (signal.aborted) pass();
  signal.addEventListener("abort", pass, { once: true });

  let failure: { readonly error: unknown } | undefined;
  const fail = (error: unknown): void => {
    // What fails after an abort fails because of it.
    failure ??= { error: signal.aborted ? signal.reason : error };
    stop.abort(error);
  };
  const running = new Set<Promise<void>>();
  let ended = (): void => undefined;
  // Not Promise.race: whatever runs on while a hundred thousand others end would gather a reaction for each of them.
  const oneEnded = (): Promise<void> => new Promise((resolve) => (ended = resolve));
  try {
    for await (const item of items(stop.signal)) {
      while (running.size >= most() && !stop.signal.aborted) await oneEnded();
      if (stop.signal.aborted) {
        drop?.(item);
        break;
      }
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
