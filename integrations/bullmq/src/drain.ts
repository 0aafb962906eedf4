import type { UploadWorker } from "./upload-worker.ts";
import { setTimeout as sleep } from "node:timers/promises";

export interface DrainOptions {
  /** Milliseconds that running uploads have to end by themselves. @defaultValue 8000 */
  readonly finishMs?: number | undefined;
  /** Milliseconds that stopped uploads have to write their checkpoints and give their jobs back. @defaultValue 5000 */
  readonly stopMs?: number | undefined;
  /** Told what happens, a line at a time. */
  readonly tell?: ((line: string) => void) | undefined;
}

/**
 * Ends a worker in good order: it takes no more jobs, lets running uploads end, then stops the others with their parts
 * kept and gives their jobs back.
 * @returns false when Redis did not answer in time: the jobs then go to another worker once their locks have expired
 */
export async function drain(worker: UploadWorker, options: DrainOptions = {}): Promise<boolean> {
  const { finishMs = 8_000, stopMs = 5_000, tell = () => {} } = options;
  const running = (): string => (worker.inHand.size === 1 ? "1 upload" : `${worker.inHand.size} uploads`);
  if (worker.inHand.size === 0) tell("draining: no more jobs are taken, and nothing is running");
  else tell(`draining: no more jobs are taken; ${running()} may run for ${finishMs / 1_000} s more`);
  await within(worker.pause(), finishMs);
  if (worker.inHand.size > 0) tell(`draining: stopping ${running()}; what was sent is kept, other workers resume it`);
  const closed = await within(worker.close(), stopMs);
  if (closed) tell("draining: done");
  else if (worker.inHand.size === 0) tell("draining: Redis did not answer; nothing was running");
  else tell(`draining: Redis did not answer; ${running()} will be resumed once the lock has expired`);
  return closed;
}

async function within(work: Promise<void>, limitMs: number): Promise<boolean> {
  const limit = new AbortController();
  const over = sleep(limitMs, false, { signal: limit.signal }).catch(() => false);
  try {
    return await Promise.race([work.then(() => true), over]);
  } finally {
    limit.abort();
  }
}
