import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { describe, expect, test } from "vitest";
import { CosError, NetworkError, VodApiError, VodupError } from "../../src/errors.ts";
import { retryPolicy, retrying, type RetryClass, type RetryContext, type RetryOptions } from "../../src/http/retry.ts";
import { sleep } from "../../src/http/abort.ts";
import { pause } from "../support/raw-servers.ts";
import { rejection } from "./support.ts";
import { timing } from "../support/timing.ts";

class Failure extends VodupError {
  readonly kind: RetryClass;

  constructor(kind: RetryClass) {
    super("NETWORK", kind);
    this.kind = kind;
  }
}

interface Run {
  readonly outcome: unknown;
  readonly sent: number;
  readonly delays: number[];
  readonly recovered: string[];
}

/** Runs a series whose attempts fail by the kinds given, and then succeed. */
async function series(
  kinds: readonly RetryClass[],
  policy: RetryOptions = {},
  more: Partial<RetryContext> = {},
): Promise<Run> {
  const delays: number[] = [];
  const recovered: string[] = [];
  let sent = 0;
  const outcome = await retrying(
    {
      policy: retryPolicy({ baseDelayMs: 4, throttleDelayMs: 8, ...policy }),
      operation: "Test",
      classify: (error) => (error instanceof Failure ? error.kind : "never"),
      recover: async (kind) => {
        recovered.push(kind);
        return true;
      },
      onRetry: ({ delayMs }) => delays.push(delayMs),
      random: () => 0.5,
      ...more,
    },
    async (attempt) => {
      sent += 1;
      expect(attempt).toBe(sent);
      const kind = kinds[attempt - 1];
      if (kind !== undefined) throw new Failure(kind);
      return "done";
    },
  ).catch((error: unknown) => error);
  return { outcome, sent, delays, recovered };
}

describe("a series", () => {
  test("that succeeds at once is sent once", async () => {
    expect(await series([])).toEqual({ outcome: "done", sent: 1, delays: [], recovered: [] });
  });

  test("goes on after passing faults, each delay by its own kind", async () => {
    const run = await series(["backoff", "throttle", "backoff"]);
    expect(run).toEqual({ outcome: "done", sent: 4, delays: [2, 8, 8], recovered: [] });
  });

  test("ends with the last error, which knows how often the request was sent", async () => {
    const run = await series(["backoff", "backoff", "backoff"], { attempts: 3 });
    expect(run.outcome).toMatchObject({ message: "backoff", attempts: 3 });
    expect(run.sent).toBe(3);
  });

  test("ends at once with what cannot succeed", async () => {
    const run = await series(["backoff", "never"]);
    expect(run.outcome).toMatchObject({ message: "never", attempts: 2 });
    expect(run.sent).toBe(2);
  });

  test("with one attempt never repeats anything", async () => {
    for (const kind of ["now", "backoff", "throttle", "resync-clock", "refresh-credentials"] as const) {
      expect((await series([kind], { attempts: 1 })).sent).toBe(1);
    }
  });

  test("repeats at once after a reused socket, but only the first time", async () => {
    expect((await series(["now", "now", "now"])).delays).toEqual([0, 4, 8]);
  });

  test.each([
    ["resync-clock", 2],
    ["refresh-credentials", 1],
  ] as const)("mends (%s) %i times, then takes it for final", async (kind, most) => {
    const mended = Array.from({ length: most }, () => kind);
    const delays = mended.map(() => 0);
    expect(await series(mended)).toEqual({ outcome: "done", sent: most + 1, delays, recovered: mended });
    const run = await series([...mended, kind]);
    expect(run.outcome).toMatchObject({ message: kind, attempts: most + 1 });
    expect(run.recovered).toEqual(mended);
  });

  test("mends clock and credentials in one series, each once", async () => {
    const run = await series(["resync-clock", "refresh-credentials", "backoff"]);
    expect(run).toMatchObject({ outcome: "done", sent: 4, recovered: ["resync-clock", "refresh-credentials"] });
  });

  test("ends when mending does not help, or cannot be done", async () => {
    expect((await series(["resync-clock"], {}, { recover: async () => false })).sent).toBe(1);
    expect((await series(["resync-clock"], {}, { recover: undefined })).sent).toBe(1);
  });

  test("ends with the error of the mending, if that fails", async () => {
    const why = new Error("the provider is down");
    const run = await series(["refresh-credentials"], {}, { recover: () => Promise.reject(why) });
    expect(run.outcome).toBe(why);
  });

  test("is told on vodup:retry, each repetition with what it is about", async () => {
    const told: unknown[] = [];
    const listen = (message: unknown): unknown => told.push(message);
    subscribe("vodup:retry", listen);
    await series(["backoff", "throttle"]);
    unsubscribe("vodup:retry", listen);
    expect(told).toMatchObject([
      { operation: "Test", attempt: 1, delayMs: 2 },
      { operation: "Test", attempt: 2, delayMs: 8 },
    ]);
  });

  test.each([
    [{ attempts: 0 }, /^retry\.attempts: .*integer from 1 to 100/],
    [{ attempts: 101 }, /^retry\.attempts: .*integer from 1 to 100/],
    [{ baseDelayMs: 3_600_001 }, /^retry\.baseDelayMs: .*integer from 0 to 3600000/],
  ])("refuses the policy %j by name", (options, message) => {
    expect(() => retryPolicy(options)).toThrow(message);
    expect(retryPolicy({ attempts: 100, maxDelayMs: 3_600_000 })).toMatchObject({
      attempts: 100,
      maxDelayMs: 3_600_000,
    });
  });

  test("leaves errors of others alone", async () => {
    const mine = Object.freeze(new Error("mine"));
    const context = { policy: retryPolicy(), operation: "Test", classify: (): RetryClass => "never" };
    expect(await rejection(retrying(context, () => Promise.reject(mine)))).toBe(mine);
  });

  const where = { host: "h", phase: "headers" } as const;
  const cos = { operation: "UploadPart", status: 503, cosCode: "SlowDown" };
  const api = { action: "ApplyUpload", apiCode: "RequestLimitExceeded", requestId: undefined };
  test.each([
    ["network", new NetworkError("BAD_ANSWER", "x", { ...where, retryAfterMs: 30 })],
    ["COS", new CosError("x", { ...cos, retryAfterMs: 30 })],
    ["VOD", new VodApiError("x", { ...api, retryAfterMs: 30 })],
  ])("waits as long as a %s answer asks for", timing, async (_, error) => {
    const delays: number[] = [];
    let sent = 0;
    const started = performance.now();
    const context: RetryContext = {
      policy: retryPolicy({ baseDelayMs: 1, throttleDelayMs: 1 }),
      operation: "Test",
      classify: () => "throttle",
      onRetry: ({ delayMs }) => delays.push(delayMs),
    };
    await retrying(context, async () => {
      if ((sent += 1) === 1) throw error;
    });
    expect(delays).toEqual([30]);
    expect(performance.now() - started).toBeGreaterThan(25);
  });
});

describe("an abort", () => {
  const reason = new Error("enough");

  test("before the first attempt sends nothing", async () => {
    const run = await series([], {}, { signal: AbortSignal.abort(reason) });
    expect(run).toMatchObject({ outcome: reason, sent: 0 });
  });

  test("during a delay ends it at once", timing, async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), 20);
    const started = performance.now();
    const run = await series(["backoff"], { baseDelayMs: 60_000, maxDelayMs: 60_000 }, { signal: controller.signal });
    expect(run).toMatchObject({ outcome: reason, sent: 1 });
    expect(performance.now() - started).toBeLessThan(1_000);
  });

  test("during an attempt wins over the attempt's own failure", async () => {
    const controller = new AbortController();
    const context: RetryContext = {
      policy: retryPolicy(),
      operation: "Test",
      classify: () => "backoff",
      signal: controller.signal,
    };
    const error = await rejection(
      retrying(context, async () => {
        controller.abort(reason);
        throw new Error("reset");
      }),
    );
    expect(error).toBe(reason);
  });

  test("while credentials are being mended sends nothing more", async () => {
    const controller = new AbortController();
    const recover = async (): Promise<boolean> => {
      controller.abort(reason);
      return true;
    };
    const run = await series(["refresh-credentials"], {}, { recover, signal: controller.signal });
    expect(run).toMatchObject({ outcome: reason, sent: 1 });
  });
});

describe("sleep", () => {
  test("waits", timing, async () => {
    const started = performance.now();
    await sleep(30);
    expect(performance.now() - started).toBeGreaterThan(25);
  });

  test("rejects with the signal's reason, whatever it is, and keeps no listener", async () => {
    for (const reason of [new Error("a"), "text", undefined]) {
      const controller = new AbortController();
      const sleeping = rejection(sleep(60_000, controller.signal));
      controller.abort(reason);
      expect(await sleeping).toBe(controller.signal.reason);
    }
  });

  test("of nothing still sees an abort", async () => {
    await sleep(0);
    expect(await rejection(sleep(0, AbortSignal.abort("gone")))).toBe("gone");
    await pause(1);
  });
});

describe("a series within a series", () => {
  test("does not multiply its attempts: what one has given up, the other does not begin again", async () => {
    const inner: number[] = [];
    const policy = retryPolicy({ attempts: 3, baseDelayMs: 0 });
    const context: RetryContext = { policy, operation: "Test", classify: () => "backoff" };
    let outer = 0;
    const error = await rejection(
      retrying(context, async () => {
        outer += 1;
        return retrying({ ...context, operation: "Inner" }, async (attempt) => {
          inner.push(attempt);
          throw new Failure("backoff");
        });
      }),
    );
    expect({ outer, inner }).toEqual({ outer: 1, inner: [1, 2, 3] });
    expect(error).toMatchObject({ attempts: 3 });
  });
});
