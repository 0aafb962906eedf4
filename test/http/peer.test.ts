import { describe, expect, test } from "vitest";
import { CosError, NetworkError } from "../../src/errors.ts";
import { Peer, type Outage } from "../../src/http/peer.ts";
import { retryPolicy, retrying, type RetryEvent } from "../../src/http/retry.ts";
import { rejection } from "./support.ts";

const refused = (): NetworkError =>
  new NetworkError("NETWORK", "connection refused", { host: "h", phase: "connect" }, { retryable: true });

/** A service whose clock is moved by the test, and what was told of it. */
function bench(waitMs = 1_000, probe?: () => Promise<boolean>) {
  let now = 0;
  const outages: Outage[] = [];
  const peer = new Peer({ host: "h:1", waitMs, probe, now: () => now, onOutage: (outage) => outages.push(outage) });
  const events: RetryEvent[] = [];
  let sent = 0;
  const run = (answers: readonly unknown[], everyMs = 100): Promise<unknown> =>
    retrying(
      {
        policy: retryPolicy({ attempts: 3, baseDelayMs: 0 }),
        operation: "Test",
        classify: () => "backoff",
        onRetry: (event) => events.push(event),
        peer,
      },
      async (attempt) => {
        now += everyMs;
        sent += 1;
        const error = answers[Math.min(attempt, answers.length) - 1];
        if (error !== undefined) throw error;
        return "done";
      },
    );
  return { peer, outages, events, run, sent: () => sent, advance: (ms: number) => (now += ms) };
}

const states = (outages: readonly Outage[]): string[] => outages.map(({ state }) => state);

describe("a service that cannot be reached", () => {
  test("is asked as often as attempts allow before its first answer: the address may be mistyped", async () => {
    const { run, sent, outages } = bench();
    await rejection(run([refused()]));
    expect({ sent: sent(), outages }).toEqual({ sent: 3, outages: [] });
  });

  test("is waited for by time once it has answered, whatever the number of attempts, and told once", async () => {
    const { run, sent, outages, events } = bench();
    await run([undefined]);
    expect(await run([...Array.from({ length: 8 }, refused), undefined])).toBe("done");
    expect(sent()).toBe(1 + 9);
    expect(states(outages)).toEqual(["away", "back"]);
    expect(outages[1]?.awayMs).toBeGreaterThanOrEqual(800);
    expect(events.at(0)?.waitLeftMs).toBeLessThanOrEqual(1_000);
    expect(events.at(-1)?.waitLeftMs).toBeLessThan(400);
  });

  test("is given up after that time; the next request then tries once", async () => {
    const { run, sent, outages } = bench();
    await run([undefined]);
    const error = await rejection(run([refused()]));
    expect(error).toMatchObject({ code: "NETWORK", attempts: 11 });
    expect(states(outages)).toEqual(["away", "lost"]);
    const before = sent();
    await rejection(run([refused()]));
    expect(sent() - before).toBe(1);
    expect(await run([undefined])).toBe("done");
    expect(states(outages)).toEqual(["away", "lost", "back"]);
  });

  test("that refuses is there: attempts decide again, and those in vain do not count", async () => {
    const { run, sent, outages } = bench();
    await run([undefined]);
    const busy = new CosError("busy", { operation: "Test", status: 503, cosCode: "SlowDown" }, { retryable: true });
    await rejection(run([refused(), refused(), refused(), refused(), busy]));
    expect(sent()).toBe(1 + 4 + 3);
    expect(states(outages)).toEqual(["away", "back"]);
  });

  test("is asked, once the attempts are used up, whether a broken connection is the request's own fault", async () => {
    const reset = (): NetworkError =>
      new NetworkError("NETWORK", "reset", { host: "h", phase: "headers" }, { retryable: true });
    const there = bench(1_000, async () => true);
    await there.run([undefined]);
    await rejection(there.run([reset()]));
    expect({ sent: there.sent(), outages: there.outages }).toEqual({ sent: 1 + 3, outages: [] });
    const away = bench(1_000, async () => false);
    await away.run([undefined]);
    expect(await away.run([...Array.from({ length: 8 }, reset), undefined])).toBe("done");
    expect(states(away.outages)).toEqual(["away", "back"]);
  });

  test("is not waited for by default, nor after an answer that no service gives", async () => {
    const without = bench(0);
    await without.run([undefined]);
    await rejection(without.run([refused()]));
    expect(without.sent()).toBe(1 + 3);
    const gateway = bench();
    await gateway.run([undefined]);
    const page = new NetworkError("BAD_ANSWER", "a page", { host: "h", phase: "body" }, { retryable: true });
    await rejection(gateway.run([page]));
    expect(gateway.sent()).toBe(1 + 3);
  });
});
