import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MemoryBudget, shortageMs, type Release } from "../../../src/upload/buffers/budget.ts";
import { pause } from "../../support/raw-servers.ts";

const ever = new AbortController().signal;

/** Whether a promise has settled by now. */
async function settled(promise: Promise<unknown>): Promise<boolean> {
  const open = Symbol("open");
  return (await Promise.race([promise.catch(() => undefined), pause(0).then(() => open)])) !== open;
}

describe("a budget", () => {
  test("is given at once while it lasts, and comes back once", async () => {
    const budget = new MemoryBudget(10);
    const [a, b] = [await budget.reserve(6, ever), await budget.reserve(4, ever)];
    expect(budget.used).toBe(10);
    expect(budget.tryReserve(1)).toBeUndefined();
    a();
    a();
    expect(budget.used).toBe(4);
    b();
    expect(budget.used).toBe(0);
  });

  test("serves those who wait in the order of their asking, small ones do not overtake", async () => {
    const budget = new MemoryBudget(10);
    const first = await budget.reserve(8, ever);
    const order: string[] = [];
    const big = budget.reserve(9, ever).then((release) => (order.push("big"), release));
    const small = budget.reserve(1, ever).then((release) => (order.push("small"), release));
    await pause(0);
    expect(order).toEqual([]);
    expect(budget.tryReserve(1)).toBeUndefined();
    expect(budget.contended).toBe(true);
    first();
    const releaseBig = await big;
    await small;
    expect(order).toEqual(["big", "small"]);
    expect(budget.used).toBe(10);
    releaseBig();
    expect(budget.contended).toBe(false);
  });

  test("gives more than all of it to one who asks for it, when nobody else has any", async () => {
    const budget = new MemoryBudget(10);
    const one = await budget.reserve(1, ever);
    const all = budget.reserve(25, ever);
    expect(await settled(all)).toBe(false);
    one();
    const release = await all;
    expect(budget.used).toBe(25);
    const next = budget.reserve(1, ever);
    expect(await settled(next)).toBe(false);
    release();
    await next;
    expect(budget.used).toBe(1);
  });

  test("lets go of one who aborts, with their own reason, and serves the next", async () => {
    const budget = new MemoryBudget(10);
    const held = await budget.reserve(5, ever);
    const controller = new AbortController();
    const big = budget.reserve(8, controller.signal);
    const small = budget.reserve(5, ever);
    expect(await settled(small)).toBe(false);
    controller.abort("no longer");
    await expect(big).rejects.toBe("no longer");
    const release = await small;
    expect(budget.used).toBe(10);
    release();
    held();
    expect(budget.used).toBe(0);
  });

  test("gives nothing to one who has aborted already", async () => {
    const budget = new MemoryBudget(10);
    await expect(budget.reserve(1, AbortSignal.abort("gone"))).rejects.toBe("gone");
    expect(budget.used).toBe(0);
  });

  test("does not take back what an abort comes too late for", async () => {
    const budget = new MemoryBudget(10);
    const first = await budget.reserve(10, ever);
    const controller = new AbortController();
    const second = budget.reserve(10, controller.signal);
    first();
    controller.abort();
    const release = await second;
    expect(budget.used).toBe(10);
    release();
    expect(budget.used).toBe(0);
  });

  test("of any requests, aborts and releases loses nothing and never goes over", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ bytes: fc.integer({ min: 1, max: 14 }), abort: fc.boolean(), later: fc.boolean() }), {
          maxLength: 30,
        }),
        async (requests) => {
          const budget = new MemoryBudget(10);
          let most = 0;
          let large = 0;
          const jobs = requests.map(async ({ bytes, abort, later }) => {
            const controller = new AbortController();
            const granted = budget.reserve(bytes, controller.signal);
            if (abort) controller.abort("x");
            const release = await granted.catch((): Release | undefined => undefined);
            if (release === undefined) return;
            large = bytes > 10 ? Math.max(large, bytes) : large;
            most = Math.max(most, budget.used);
            if (later) await pause(0);
            release();
          });
          await Promise.all(jobs);
          expect(budget.used).toBe(0);
          expect(budget.contended).toBe(false);
          expect(most).toBeLessThanOrEqual(Math.max(10, large));
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe("a shortage", () => {
  test("is told when somebody waits and nothing moves, again and again, and not otherwise", async () => {
    const budget = new MemoryBudget(10);
    let told = 0;
    const off = budget.onShortage(() => (told += 1));
    const held = await budget.reserve(10, ever);
    await pause(shortageMs * 1.4);
    expect(told).toBe(0);
    const waiting = budget.reserve(1, ever);
    await pause(shortageMs * 1.4);
    expect(told).toBe(1);
    await pause(shortageMs);
    expect(told).toBe(2);
    held();
    (await waiting)();
    await pause(shortageMs * 1.4);
    expect(told).toBe(2);
    off();
  });

  test("is not told while something is on its way: that will give its memory back", async () => {
    const budget = new MemoryBudget(10);
    let told = 0;
    budget.onShortage(() => (told += 1));
    const held = await budget.reserve(10, ever);
    const [one, two] = [budget.sending(), budget.sending()];
    const waiting = budget.reserve(1, ever);
    await pause(shortageMs * 1.4);
    one();
    one();
    await pause(shortageMs);
    expect(told).toBe(0);
    two();
    await pause(shortageMs * 1.2);
    expect(told).toBeGreaterThan(0);
    held();
    (await waiting)();
  });

  test("can be met by going beyond the budget, which is paid back first", async () => {
    const budget = new MemoryBudget(10);
    const held = await budget.reserve(10, ever);
    const beyond = budget.exceed(3);
    expect(budget.used).toBe(13);
    const waiting = budget.reserve(1, ever);
    beyond();
    expect(await settled(waiting)).toBe(false);
    held();
    (await waiting)();
    expect(budget.used).toBe(0);
  });

  test("leaves no timer behind when nobody waits any more", async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
    const before = timers();
    const budget = new MemoryBudget(10);
    const held = await budget.reserve(10, ever);
    const controller = new AbortController();
    const waiting = budget.reserve(1, controller.signal);
    controller.abort("x");
    await expect(waiting).rejects.toBe("x");
    held();
    await pause(0);
    expect(timers()).toBeLessThanOrEqual(before);
  });
});
