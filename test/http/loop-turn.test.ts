import { performance } from "node:perf_hooks";
import { setImmediate } from "node:timers";
import { expect, test, vi } from "vitest";
import { loopTurn } from "../../src/http/loop-turn.ts";
import { tap } from "../../src/http/tap.ts";
import { timing } from "../support/timing.ts";

/** Chunks that take 3 ms of the processor each and are there at once: nothing here waits for a socket. */
async function* costly(count: number): AsyncGenerator<Uint8Array> {
  for (let made = 0; made < count; made += 1) {
    const until = performance.now() + 3;
    while (performance.now() < until);
    yield new Uint8Array(1);
  }
}

/** The most chunks that sixteen bodies together were given in one turn of the event loop. */
async function mostInOneTurn(before?: () => Promise<void> | undefined): Promise<number> {
  const turns = new Map<number, number>();
  let turn = 0;
  let ticking = true;
  const tick = (): void => {
    turn += 1;
    if (ticking) setImmediate(tick);
  };
  tick();
  const see = (): void => void turns.set(turn, (turns.get(turn) ?? 0) + 1);
  const send = async (): Promise<void> => {
    for await (const chunk of tap(costly(5), before === undefined ? { see } : { see, before })) void chunk;
  };
  await Promise.all(Array.from({ length: 16 }, send));
  ticking = false;
  expect([...turns.values()].reduce((sum, count) => sum + count, 0)).toBe(80);
  return Math.max(...turns.values());
}

test("many bodies share a turn of the event loop, and leave the rest of it to the host", timing, async () => {
  expect(await mostInOneTurn()).toBeGreaterThan(16);
  expect(await mostInOneTurn(loopTurn)).toBeLessThanOrEqual(4);
});

/** As a host's tests have them: what was scheduled with a global function is never called. */
test("timers that a host has replaced neither stop a body nor leave the next one spinning", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "setImmediate", "setInterval", "performance", "Date"] });
  try {
    expect(await mostInOneTurn(loopTurn)).toBeLessThanOrEqual(16);
  } finally {
    vi.useRealTimers();
  }
  await new Promise((resolve) => setImmediate(resolve));
  expect(loopTurn()).toBeUndefined();
});
