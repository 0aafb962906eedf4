import type { LimitFunction } from "p-limit";
import type { DonePart, Part, PartSink } from "./job.ts";
import { inParallel } from "../../http/in-parallel.ts";

/**
 * Sends parts as they come, at most `limit` at a time, and never makes more than one beyond those (wire §7.2).
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
  const done: DonePart[] = [];
  await inParallel({
    items: feed,
    // Other objects of the upload share the limit: it is asked for each part, too.
    most: () => limit.concurrency,
    signal,
    work: async (part, stop) => {
      try {
        const result = await limit(() => sink.putPart(part, stop));
        done.push(result);
        onPart(result);
      } finally {
        part.release();
      }
    },
    drop: (part) => part.release(),
  });
  return done.sort((a, b) => a.number - b.number);
}
