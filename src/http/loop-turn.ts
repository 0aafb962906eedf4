import { setImmediate } from "node:timers";
import { performance } from "node:perf_hooks";

/** Milliseconds of one turn of the event loop that all uploads of the process together take for what they send. */
const shareMs = 4;

/** Milliseconds after which a turn is over: its end was never reported (a host's fake timers). */
const lostTurnMs = 250;

let began: number | undefined;

/**
 * What to wait for before the next chunk of a body is made and sent; undefined when it may be at once.
 *
 * To check, encrypt and write a chunk takes half a millisecond, and many sockets often ask for their next one in the
 * same turn. Then the rest of them wait for the next turn, so that a host's own requests and timers come in between.
 */
export function loopTurn(): Promise<void> | undefined {
  return hasTime() ? undefined : turned();
}

async function turned(): Promise<void> {
  do {
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  } while (!hasTime());
}

function hasTime(): boolean {
  const now = performance.now();
  if (began !== undefined && now - began < lostTurnMs) return now - began < shareMs;
  began = now;
  setImmediate(() => {
    began = undefined;
  });
  return true;
}
