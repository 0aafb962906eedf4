import { describe, expect, test } from "vitest";
import { VodupError } from "../../../src/errors.ts";
import { CertificateKeeper, type Certificate } from "../../../src/upload/session/certificate.ts";

const start = Date.UTC(2026, 0, 1);
const certificate = (name: string, lifeSeconds: number, from = start): Certificate => ({
  secretId: name,
  secretKey: `key of ${name}`,
  token: `token of ${name}`,
  expiredTime: Math.floor(from / 1000) + lifeSeconds,
});

/** A keeper with clocks that the test moves, together or this machine's alone, and renewals that it decides. */
function keep(lifeSeconds: number, renew?: (count: number, now: number) => Promise<Certificate>, isTold = true) {
  let now = start;
  let setBy = 0;
  let renewals = 0;
  const keeper = new CertificateKeeper(
    certificate("first", lifeSeconds),
    start,
    { now: () => now + setBy, told: () => (isTold ? now : undefined) },
    async () => {
      renewals += 1;
      if (renew !== undefined) return renew(renewals, now);
      return certificate(`renewed ${renewals}`, lifeSeconds, now);
    },
  );
  return {
    keeper,
    renewals: () => renewals,
    at: (seconds: number) => (now = start + seconds * 1000),
    set: (seconds: number) => (setBy = seconds * 1000),
    id: async () => (await keeper.get()).secretId,
  };
}

const final = (): VodupError => new VodupError("SESSION_INVALID", "another session came back");
const passing = (): VodupError => new VodupError("NETWORK", "no answer", { retryable: true });

describe("a certificate", () => {
  test.each([7_200, 60, 10, 2])("of %i seconds serves until 90 %% of its life, then another does", async (life) => {
    const { id, at, renewals } = keep(life);
    expect(await id()).toBe("first");
    at(life * 0.899);
    expect(await id()).toBe("first");
    at(life * 0.9);
    expect(await id()).toBe("renewed 1");
    expect(renewals()).toBe(1);
  });

  test("outlived many times over is replaced as often", async () => {
    const { id, at } = keep(10);
    for (let round = 1; round <= 20; round += 1) {
      at(round * 9.5);
      expect(await id()).toBe(`renewed ${round}`);
    }
  });

  test("is renewed once, however many ask at the same time", async () => {
    const { keeper, at, renewals } = keep(100);
    at(95);
    const got = await Promise.all(Array.from({ length: 50 }, () => keeper.get()));
    expect(new Set(got.map(({ secretId }) => secretId))).toEqual(new Set(["renewed 1"]));
    expect(renewals()).toBe(1);
  });

  test("whose renewal is impossible is used to its end, without asking again, and then is an error", async () => {
    const { id, at, renewals, keeper } = keep(100, () => Promise.reject(final()));
    at(91);
    expect(await id()).toBe("first");
    at(99);
    expect(await id()).toBe("first");
    expect(renewals()).toBe(1);
    at(100);
    await expect(keeper.get()).rejects.toMatchObject({
      code: "CERTIFICATE_EXPIRED",
      retryable: true,
      stage: "transfer",
      message: expect.stringMatching(/another session came back.*checkpoint/s),
      cause: expect.objectContaining({ code: "SESSION_INVALID" }),
    });
  });

  test("whose renewal failed in passing is renewed with the next request", async () => {
    const { id, at, renewals } = keep(100, async (count, now) => {
      if (count < 3) throw passing();
      return certificate("third try", 100, now);
    });
    at(91);
    expect(await id()).toBe("first");
    expect(await id()).toBe("first");
    expect(await id()).toBe("third try");
    expect(renewals()).toBe(3);
  });

  test("that came with its end in the past tells of a wrong clock: it is used until it is refused", async () => {
    const { id, at, renewals } = keep(-5);
    expect(await id()).toBe("first");
    at(1_000);
    expect(await id()).toBe("first");
    expect(renewals()).toBe(0);
  });
});

describe("a clock that is set while a certificate lives", () => {
  const none = (): Promise<Certificate> => Promise.reject(new VodupError("CERTIFICATE_EXPIRED", "renewal is none"));

  test.each([3_600, 30 * 86_400])("forward by %i s ends none that cannot be renewed", async (seconds) => {
    const { id, at, set, keeper } = keep(100, none);
    set(seconds);
    expect(await id()).toBe("first");
    at(99);
    expect(await id()).toBe("first");
    at(100);
    await expect(keeper.get()).rejects.toMatchObject({ code: "CERTIFICATE_EXPIRED" });
  });

  test("forward renews once, and not for each request", async () => {
    const { id, set, renewals } = keep(100);
    set(3_600);
    expect([await id(), await id(), await id()]).toEqual(["renewed 1", "renewed 1", "renewed 1"]);
    expect(renewals()).toBe(1);
  });

  test.each([-60, -3_600])("back by %i s keeps none that is over", async (seconds) => {
    const { id, at, set, keeper } = keep(100, none);
    set(seconds);
    at(99);
    expect(await id()).toBe("first");
    at(100);
    await expect(keeper.get()).rejects.toMatchObject({ code: "CERTIFICATE_EXPIRED" });
    const renewable = keep(100);
    renewable.set(seconds);
    renewable.at(90);
    expect(await renewable.id()).toBe("renewed 1");
  });

  test("leaves one of another process to the service, which has not said what time it is", async () => {
    const { id, set, keeper } = keep(100, none, false);
    set(86_400);
    expect(await id()).toBe("first");
    await expect(keeper.refused(await keeper.get())).rejects.toMatchObject({ code: "CERTIFICATE_EXPIRED" });
  });
});

describe("a refusal", () => {
  test("leads to another certificate before its time, once for all that were refused together", async () => {
    const { keeper, renewals } = keep(7_200);
    const used = await keeper.get();
    const answers = await Promise.all(Array.from({ length: 20 }, () => keeper.refused(used)));
    expect(answers).toEqual(Array.from({ length: 20 }, () => true));
    expect(renewals()).toBe(1);
    expect((await keeper.get()).secretId).toBe("renewed 1");
  });

  test("of one that was replaced meanwhile asks for nothing", async () => {
    const { keeper, renewals } = keep(7_200);
    const used = await keeper.get();
    await keeper.refused(used);
    expect(await keeper.refused(used)).toBe(true);
    expect(renewals()).toBe(1);
  });

  test("without a way to renew is the end, and says why", async () => {
    const { keeper, renewals } = keep(7_200, () => Promise.reject(final()));
    const used = await keeper.get();
    await expect(keeper.refused(used)).rejects.toMatchObject({ code: "CERTIFICATE_EXPIRED" });
    await expect(keeper.refused(used)).rejects.toMatchObject({ code: "CERTIFICATE_EXPIRED" });
    expect(renewals()).toBe(1);
  });

  test("whose renewal failed in passing is no end for good: the next one asks again", async () => {
    const { keeper, renewals } = keep(7_200, async (count, now) => {
      if (count === 1) throw passing();
      return certificate("second try", 7_200, now);
    });
    const used = await keeper.get();
    await expect(keeper.refused(used)).rejects.toMatchObject({ code: "CERTIFICATE_EXPIRED", retryable: true });
    expect(await keeper.refused(used)).toBe(true);
    expect(renewals()).toBe(2);
  });

  test("may be about age when most of the life is over, and only then", () => {
    const { keeper, at } = keep(100);
    expect(keeper.isOld()).toBe(false);
    at(79);
    expect(keeper.isOld()).toBe(false);
    at(80);
    expect(keeper.isOld()).toBe(true);
    at(200);
    expect(keeper.isOld()).toBe(true);
    expect(keep(-1).keeper.isOld()).toBe(true);
  });
});

test("a renewal that never ends holds nobody longer than the certificate lives", async () => {
  // The renewal has its own idle limits; what matters here is that one failure is one failure for all who waited.
  let fail: (error: unknown) => void = () => undefined;
  const { keeper, at, renewals } = keep(100, () => new Promise<Certificate>((_, reject) => (fail = reject)));
  at(95);
  const waiting = [1, 2, 3].map(() => keeper.get());
  await Promise.resolve();
  fail(passing());
  expect((await Promise.all(waiting)).map(({ secretId }) => secretId)).toEqual(["first", "first", "first"]);
  expect(renewals()).toBe(1);
});

test("neither the keeper nor its errors show a key", async () => {
  const { inspect } = await import("node:util");
  const { keeper, at } = keep(10, () => Promise.reject(final()));
  at(11);
  const error: unknown = await keeper.get().catch((thrown: unknown) => thrown);
  const told = inspect(keeper, { depth: 20 }) + inspect(error, { depth: 20 }) + JSON.stringify({ keeper, error });
  expect(told).not.toMatch(/key of|token of/);
});
