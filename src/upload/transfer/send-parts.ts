import { setMaxListeners } from "node:events";
import type { LimitFunction } from "p-limit";
import type { PartBody } from "../source/part-body.ts";
import type { PartRange } from "./part-plan.ts";

/** A part that is ready to be sent. */
export interface Part extends PartRange {
  readonly body: PartBody;
  /** Gives the part's memory back; called once, whatever became of it. */
  release(): void;
}

/** A part that the service holds, verified. */
export interface DonePart {
  readonly number: number;
  /** Bytes. */
  readonly size: number;
  /** Without quotes. */
  readonly etag: string;
  /** CRC-64/XZ of the bytes that were sent, as unsigned decimal. */
  readonly crc64: string;
  /** Whether the service named the same CRC. */
  readonly crcConfirmed: boolean;
}

/** Where parts go. What to retry and how to verify is the sink's business; order and concurrency are the engine's. */
export interface PartSink {
  putPart(part: Part, signal: AbortSignal): Promise<DonePart>;
}

/**
 * Sends parts as they come, at most `limit` at a time, and never more than one beyond those in memory (wire §7.2).
 *
 * The first failure is the one that is reported: it stops the feeder and every sibling, and nothing settles before all
 * of them have ended.
 *
 * @param feed makes the parts, in order; ends early when its signal aborts
 * @param onPart called for every part as it is done, in any order
 * @returns all parts, by number
 * @throws the first failure, or the signal's own reason
 */
export async function sendParts(
  feed: (signal: AbortSignal) => AsyncIterable<Part>,
  sink: PartSink,
  limit: LimitFunction,
  signal: AbortSignal,
  onPart: (part: DonePart) => void,
): Promise<DonePart[]> {
  const stop = new AbortController();
  // Every request in flight listens to it; Node takes more than ten listeners for a leak, and says so on stderr.
  setMaxListeners(0, stop.signal);
  const pass = (): void => stop.abort(signal.reason);
  if (signal.aborted) pass();
  signal.addEventListener("abort", pass, { once: true });

  let failure: { readonly error: unknown } | undefined;
  const fail = (error: unknown): void => {
    // What fails after an abort fails because of it.
    failure ??= { error: signal.aborted ? signal.reason : error };
    stop.abort(error);
  };
  const done: DonePart[] = [];
  const running = new Set<Promise<void>>();

  const launch = (part: Part): void => {
    const send = async (): Promise<void> => {
      try {
        const result = await limit(() => sink.putPart(part, stop.signal));
        done.push(result);
        onPart(result);
      } catch (error) {
        fail(error);
      } finally {
        part.release();
        running.delete(task);
      }
    };
    const task = send();
    running.add(task);
  };

  try {
    for await (const part of feed(stop.signal)) {
      if (stop.signal.aborted) {
        part.release();
        break;
      }
      launch(part);
      // Read again and again: the limit may change while parts are under way.
      // One part waits in line, so that the feeder fills the next one while all connections are busy.
      while (running.size > limit.concurrency && !stop.signal.aborted) await Promise.race(running);
    }
  } catch (error) {
    fail(error);
  }
  await Promise.all(running);
  signal.removeEventListener("abort", pass);
  if (failure !== undefined) throw failure.error;
  signal.throwIfAborted();
  return done.sort((a, b) => a.number - b.number);
}
