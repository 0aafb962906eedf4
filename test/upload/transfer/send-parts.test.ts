import fc from "fast-check";
import pLimit from "p-limit";
import { describe, expect, test } from "vitest";
import { sendParts } from "../../../src/upload/transfer/send-parts.ts";
import { type DonePart, type Part } from "../../../src/upload/transfer/job.ts";
import { pause } from "../../support/raw-servers.ts";

const ever = new AbortController().signal;

interface Trace {
  readonly released: number[];
  readonly made: number[];
  readonly told: number[];
  sending: number;
  mostSending: number;
  mostHeld: number;
  feederEnded: boolean;
}

function trace(): Trace {
  return { released: [], made: [], told: [], sending: 0, mostSending: 0, mostHeld: 0, feederEnded: false };
}

const partOf = (log: Trace, number: number): Part => {
  log.made.push(number);
  log.mostHeld = Math.max(log.mostHeld, log.made.length - log.released.length);
  return {
    number,
    offset: number - 1,
    size: 1,
    body: { size: 1, begin: () => Promise.reject(new Error("not asked for")) },
    release: () => log.released.push(number),
  };
};

function feedOf(
  log: Trace,
  count: number,
  step: (number: number, signal: AbortSignal) => Promise<void> = async () => undefined,
) {
  return async function* (signal: AbortSignal): AsyncGenerator<Part> {
    try {
      for (let number = 1; number <= count; number += 1) {
        await step(number, signal);
        yield partOf(log, number);
      }
    } finally {
      log.feederEnded = true;
    }
  };
}

const done = (number: number): DonePart => ({ number, size: 1, etag: `e${number}`, crc64: "0" });

async function outcome<T>(promise: Promise<T>): Promise<{ value?: T; error?: unknown }> {
  return promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
}

describe("the engine, in any order of events", () => {
  const scenario = fc.record({
    parts: fc.integer({ min: 0, max: 12 }),
    concurrency: fc.integer({ min: 1, max: 5 }),
    failing: fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 3 }),
    feederFailsAt: fc.option(fc.integer({ min: 1, max: 13 }), { nil: undefined }),
    abortAfter: fc.option(fc.integer({ min: 0, max: 30 }), { nil: undefined }),
  });

  test("never exceeds its concurrency, releases each part once, and settles when all has ended, with the first failure", async () => {
    await fc.assert(
      fc.asyncProperty(
        scenario,
        fc.scheduler(),
        async ({ parts, concurrency, failing, feederFailsAt, abortAfter }, s) => {
          const log = trace();
          const failures: unknown[] = [];
          const fail = (error: unknown): never => {
            failures.push(error);
            throw error;
          };
          const controller = new AbortController();
          const reason = new Error("aborted");
          let steps = 0;
          const tick = (): void => {
            steps += 1;
            if (steps !== abortAfter) return;
            failures.push(reason);
            controller.abort(reason);
          };
          const feed = feedOf(log, parts, async (number) => {
            await s.schedule(Promise.resolve(), `make ${number}`);
            tick();
            if (number === feederFailsAt) fail(new Error(`feed ${number}`));
          });
          const putPart = async (part: Part, signal: AbortSignal): Promise<DonePart> => {
            log.sending += 1;
            log.mostSending = Math.max(log.mostSending, log.sending);
            try {
              await s.schedule(Promise.resolve(), `send ${part.number}`);
              tick();
              signal.throwIfAborted();
              if (failing.includes(part.number)) fail(new Error(`part ${part.number}`));
              await s.schedule(Promise.resolve(), `answer ${part.number}`);
              return done(part.number);
            } finally {
              log.sending -= 1;
            }
          };
          let settledWith: Trace | undefined;
          const sending = outcome(
            sendParts(feed, { putPart }, pLimit(concurrency), controller.signal, (part) => log.told.push(part.number)),
          );
          void sending.then(() => (settledWith = { ...log, released: [...log.released], made: [...log.made] }));
          await s.waitFor(sending);
          const result = await sending;

          expect(log.mostSending).toBeLessThanOrEqual(concurrency);
          expect(log.mostHeld).toBeLessThanOrEqual(concurrency + 1);
          expect([...log.released].sort((a, b) => a - b)).toEqual(log.made);
          expect(new Set(log.told).size).toBe(log.told.length);
          expect(settledWith?.sending).toBe(0);
          expect(settledWith?.feederEnded).toBe(true);
          expect(settledWith?.released.length).toBe(settledWith?.made.length);
          if (result.value !== undefined) {
            expect(failures).toEqual([]);
            expect(result.value).toEqual(Array.from({ length: parts }, (_, index) => done(index + 1)));
            expect([...log.told].sort((a, b) => a - b)).toEqual(log.made);
          } else {
            expect(result.error).toBe(failures[0]);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe("the engine", () => {
  test("makes no part before there is room for it", async () => {
    const log = trace();
    const gates: (() => void)[] = [];
    const putPart = async (part: Part): Promise<DonePart> => {
      await new Promise<void>((resolve) => gates.push(resolve));
      return done(part.number);
    };
    const sending = sendParts(feedOf(log, 6), { putPart }, pLimit(2), ever, () => undefined);
    await pause(5);
    expect(log.made).toEqual([1, 2, 3]);
    gates.shift()?.();
    await pause(5);
    expect(log.made).toEqual([1, 2, 3, 4]);
    while (log.released.length < 6) {
      gates.shift()?.();
      await pause(1);
    }
    expect(await sending).toHaveLength(6);
  });

  test("gives all siblings the failure as their signal's reason, at once", async () => {
    const log = trace();
    const why = new Error("part 2");
    const reasons: unknown[] = [];
    const putPart = async (part: Part, signal: AbortSignal): Promise<DonePart> => {
      if (part.number === 2) throw why;
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
      reasons.push(signal.reason);
      throw signal.reason;
    };
    expect(await outcome(sendParts(feedOf(log, 10), { putPart }, pLimit(4), ever, () => undefined))).toEqual({
      error: why,
    });
    expect(reasons.length).toBeGreaterThan(0);
    for (const reason of reasons) expect(reason).toBe(why);
    expect(log.made.length).toBeLessThanOrEqual(5);
  });

  test("does not settle before a sibling that takes its time has ended", async () => {
    const log = trace();
    let ended = false;
    const putPart = async (part: Part): Promise<DonePart> => {
      if (part.number === 1) throw new Error("first");
      await pause(60);
      ended = true;
      throw new Error("second");
    };
    const result = await outcome(sendParts(feedOf(log, 2), { putPart }, pLimit(2), ever, () => undefined));
    expect(result).toMatchObject({ error: { message: "first" } });
    expect(ended).toBe(true);
  });

  test("stops a feeder that waits for its source", async () => {
    const log = trace();
    const feed = feedOf(log, 5, async (number, signal) => {
      if (number < 3) return;
      await new Promise<void>((_, reject) =>
        signal.addEventListener("abort", () => reject(signal.reason), { once: true }),
      );
    });
    const putPart = async (part: Part): Promise<DonePart> => {
      await pause(5);
      if (part.number === 2) throw new Error("part 2");
      return done(part.number);
    };
    const result = await outcome(sendParts(feed, { putPart }, pLimit(2), ever, () => undefined));
    expect(result).toMatchObject({ error: { message: "part 2" } });
    expect(log.feederEnded).toBe(true);
    expect(log.released.toSorted((a, b) => a - b)).toEqual([1, 2]);
  });

  test("aborted beforehand sends nothing", async () => {
    const log = trace();
    let sent = 0;
    const putPart = async (part: Part): Promise<DonePart> => {
      sent += 1;
      return done(part.number);
    };
    const sending = sendParts(feedOf(log, 3), { putPart }, pLimit(2), AbortSignal.abort("gone"), () => undefined);
    expect(await outcome(sending)).toEqual({ error: "gone" });
    expect(sent).toBe(0);
    expect(log.released).toEqual(log.made);
  });

  test.each(["a string", 0, undefined, null])("rejects with any abort reason as it is: %j", async (reason) => {
    const controller = new AbortController();
    const putPart = async (_: Part, signal: AbortSignal): Promise<DonePart> => {
      signal.throwIfAborted();
      return new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
      });
    };
    const sending = outcome(sendParts(feedOf(trace(), 3), { putPart }, pLimit(2), controller.signal, () => undefined));
    await pause(1);
    controller.abort(reason);
    expect(await sending).toEqual({ error: controller.signal.reason });
  });

  test("fails with what onPart throws, and ends the others first", async () => {
    const log = trace();
    const sending = sendParts(feedOf(log, 4), { putPart: async (part) => done(part.number) }, pLimit(2), ever, () => {
      throw new Error("the caller's");
    });
    expect(await outcome(sending)).toMatchObject({ error: { message: "the caller's" } });
    expect(log.released.toSorted((a, b) => a - b)).toEqual(log.made);
  });

  test("leaves no listener on the caller's signal", async () => {
    const controller = new AbortController();
    let listeners = 0;
    const { signal } = controller;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => ((listeners += 1), add(...args));
    signal.removeEventListener = (...args: Parameters<typeof remove>) => ((listeners -= 1), remove(...args));
    await sendParts(
      feedOf(trace(), 4),
      { putPart: async (part) => done(part.number) },
      pLimit(2),
      signal,
      () => undefined,
    );
    await outcome(
      sendParts(
        feedOf(trace(), 4),
        { putPart: () => Promise.reject(new Error("x")) },
        pLimit(2),
        signal,
        () => undefined,
      ),
    );
    expect(listeners).toBe(0);
  });

  test("follows a limit that changes on the way", async () => {
    const log = trace();
    const limit = pLimit(1);
    const putPart = async (part: Part): Promise<DonePart> => {
      log.sending += 1;
      log.mostSending = Math.max(log.mostSending, log.sending);
      if (part.number === 3) limit.concurrency = 4;
      await pause(2);
      log.sending -= 1;
      return done(part.number);
    };
    expect(await sendParts(feedOf(log, 20), { putPart }, limit, ever, () => undefined)).toHaveLength(20);
    expect(log.mostSending).toBe(4);
  });
});
