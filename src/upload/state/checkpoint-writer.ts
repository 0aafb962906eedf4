import type { Checkpoint } from "./checkpoint.ts";
import { abortLimits, failureLimits, untilAborted, withLimit } from "../../http/abort.ts";

/**
 * Hands checkpoints to the caller one at a time. While one is being written, what happens is gathered into the next:
 * an upload of 10,000 parts does not wait for 10,000 writes. Nothing is lost by that: parts that the service holds and
 * the checkpoint does not know are found again by ListParts.
 */
export class CheckpointWriter {
  readonly #write: ((checkpoint: Checkpoint) => void | Promise<void>) | undefined;
  readonly #snapshot: () => Checkpoint;
  #running: Promise<void> = Promise.resolve();
  #isRunning = false;
  #stale = false;

  constructor(write: ((checkpoint: Checkpoint) => void | Promise<void>) | undefined, snapshot: () => Checkpoint) {
    this.#write = write;
    this.#snapshot = snapshot;
  }

  /**
   * Writes the state as it is now, or as it will be when the write before has ended.
   * @returns settles when a state at least as new as this one is written; rejects with the caller's own error
   */
  save(): Promise<void> {
    if (this.#write === undefined) return Promise.resolve();
    this.#stale = true;
    if (!this.#isRunning) this.#running = this.#drain(this.#write);
    return this.#running;
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Waits for a write that is under way, whatever becomes of it, but not for one that hangs. */
  async settle(aborted: boolean, ending: AbortSignal): Promise<void> {
    if (!this.#isRunning) return;
    const running = this.#running;
    const { checkpointMs } = aborted ? abortLimits : failureLimits;
    await withLimit(checkpointMs, ending, (limit) => untilAborted(running, limit)).catch(() => undefined);
  }

  async #drain(write: (checkpoint: Checkpoint) => void | Promise<void>): Promise<void> {
    this.#isRunning = true;
    try {
      while (this.#stale) {
        this.#stale = false;
        await write(this.#snapshot());
      }
    } finally {
      // In the turn of the last look, and no later: what is saved in between would wait for a writer that has ended.
      this.#isRunning = false;
    }
  }
}
