import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import type { CredentialProvider, ExpiringCredentials } from "../../src/credentials/source.ts";
import { CredentialSource, checkCredentials } from "../../src/credentials/source.ts";

const minute = 60_000;
const key = { secretId: "AKIDexample", secretKey: "exampleKey" };

/** A source with a clock to turn and a provider that counts its calls. */
function counted(answer: (call: number, now: number) => ExpiringCredentials | Promise<ExpiringCredentials>) {
  let now = 1_000_000_000_000;
  let calls = 0;
  const provider: CredentialProvider = async () => answer((calls += 1), now);
  const source = new CredentialSource(provider, () => now);
  return { source, calls: () => calls, pass: (ms: number) => (now += ms) };
}

const living = (lifeMs: number) => (call: number, now: number) => ({
  secretId: `AKID${call}`,
  secretKey: "k",
  expiration: new Date(now + lifeMs),
});

describe("static credentials", () => {
  test("are given as they are, without a hook to change them later", async () => {
    const mutable = { ...key, token: "t", extra: "x" };
    const source = new CredentialSource(mutable);
    mutable.secretId = "other";
    expect(await source.get()).toEqual({ ...key, token: "t" });
  });

  test("cannot be renewed", () => {
    expect(new CredentialSource(key).invalidate(key)).toBe(false);
  });

  const bad: [string, unknown, RegExp][] = [
    ["no object", "AKID:key", /^credentials: must be \{ secretId/],
    ["an empty id", { ...key, secretId: "" }, /^credentials\.secretId: is empty/],
    ["no key", { secretId: "AKID" }, /^credentials\.secretKey: must be a non-empty string$/],
    ["an id with a line end", { ...key, secretId: "AKIDexample\n" }, /^credentials\.secretId: has blanks or line ends/],
    ["a key with a leading blank", { ...key, secretKey: " exampleKey" }, /^credentials\.secretKey: has blanks/],
    [
      "an id that no header can hold",
      { ...key, secretId: "AKID\u2028example" },
      /^credentials\.secretId: holds a blank/,
    ],
    ["a key broken in two", { ...key, secretKey: "example\nKey" }, /^credentials\.secretKey: holds a blank/],
    ["an empty token", { ...key, token: "" }, /^credentials\.token: is empty/],
    ["a token that is null", { ...key, token: null }, /^credentials\.token: must be a non-empty string$/],
  ];
  test.each(bad)("%s: refused, naming the field and not the value", (_, credentials, message) => {
    const refusal = thrownBy(() => checkCredentials(credentials));
    expect(refusal).toBeInstanceOf(TypeError);
    expect(refusal).toMatchObject({ code: "ERR_INVALID_ARG_VALUE" });
    expect(refusal.message).toMatch(message);
    expect(inspect(refusal)).not.toMatch(/AKIDexample|exampleKey/);
  });
});

describe("renewal", () => {
  test("many askers at once cause one call", async () => {
    const { source, calls } = counted(async () => key);
    const given = await Promise.all(Array.from({ length: 50 }, () => source.get()));
    expect(new Set(given).size).toBe(1);
    expect(calls()).toBe(1);
  });

  test("credentials without expiration are asked for once", async () => {
    const { source, calls, pass } = counted(() => key);
    await source.get();
    pass(365 * 24 * 60 * minute);
    await source.get();
    expect(calls()).toBe(1);
  });

  test("those that live for an hour are renewed when 300 s are left", async () => {
    const { source, calls, pass } = counted(living(60 * minute));
    await source.get();
    pass(55 * minute - 1);
    await source.get();
    expect(calls()).toBe(1);
    pass(1);
    expect((await source.get()).secretId).toBe("AKID2");
  });

  test("those that live for less than the margin are not renewed for every request", async () => {
    const { source, calls, pass } = counted(living(2 * minute));
    for (let request = 0; request < 60; request += 1) {
      await source.get();
      pass(1_000);
    }
    expect(calls()).toBe(1);
    await source.get();
    expect(calls()).toBe(2);
  });

  test("those that seem expired on arrival are used, and asked for again the next time", async () => {
    const { source, calls } = counted(living(-minute));
    expect((await source.get()).secretId).toBe("AKID1");
    expect((await source.get()).secretId).toBe("AKID2");
    expect(calls()).toBe(2);
  });

  test("a failure is not kept", async () => {
    const { source, calls } = counted((call) => {
      if (call === 1) throw new Error("the vault is sealed");
      return key;
    });
    await expect(source.get()).rejects.toMatchObject({ code: "CREDENTIALS" });
    expect(await source.get()).toEqual(key);
    expect(calls()).toBe(2);
  });

  test("one that fails ahead of time does no harm while the credentials last", async () => {
    const { source, calls, pass } = counted((call, now) => {
      if (call > 1) throw new Error("the vault is sealed");
      return living(60 * minute)(call, now);
    });
    await source.get();
    pass(56 * minute);
    expect((await source.get()).secretId).toBe("AKID1");
    expect((await source.get()).secretId).toBe("AKID1");
    expect(calls()).toBe(2);
    pass(minute);
    await source.get();
    expect(calls()).toBe(3);
    pass(3 * minute);
    await expect(source.get()).rejects.toThrow("the vault is sealed");
  });

  test("refused credentials are asked for anew, and newer ones are kept", async () => {
    const { source, calls } = counted((call) => ({ ...key, secretId: `AKID${call}` }));
    const first = await source.get();
    expect(source.invalidate(first)).toBe(true);
    const second = await source.get();
    expect(source.invalidate(first)).toBe(true);
    expect(await source.get()).toBe(second);
    expect(calls()).toBe(2);
  });

  test("refused credentials are not the fall-back of a failed renewal", async () => {
    const { source } = counted((call, now) => {
      if (call > 1) throw new Error("the vault is sealed");
      return living(60 * minute)(call, now);
    });
    source.invalidate(await source.get());
    await expect(source.get()).rejects.toThrow("the vault is sealed");
  });
});

describe("a provider's failure", () => {
  test("is CREDENTIALS, says why and what to do, and holds its cause", async () => {
    const cause = new Error("the vault is sealed");
    const { source } = counted(() => Promise.reject(cause));
    await expect(source.get()).rejects.toMatchObject({
      name: "VodupError",
      code: "CREDENTIALS",
      message: "the credential provider failed: the vault is sealed; fix it, or give another as credentials",
      cause,
    });
  });

  const unusable: [string, unknown, RegExp][] = [
    ["nothing", undefined, /it must resolve to \{ secretId/],
    ["an empty key", { ...key, secretKey: "" }, /secretKey is empty/],
    ["a token with a line end", { ...key, token: "exampleToken\n" }, /token has blanks or line ends/],
    ["seconds as expiration", { ...key, expiration: 1_790_000_000 }, /expiration must be a valid Date/],
    ["an invalid date", { ...key, expiration: new Date("soon") }, /expiration must be a valid Date/],
  ];
  test.each(unusable)("%s is refused", async (_, answer, message) => {
    const { source } = counted(() => answer as ExpiringCredentials);
    const refusal = await source.get().catch((error: unknown) => error as Error);
    expect(refusal).toMatchObject({ code: "CREDENTIALS", message: expect.stringMatching(message) });
    expect(inspect(refusal)).not.toMatch(/AKIDexample|exampleKey|exampleToken/);
  });

  test("to answer at all ends with its time, and the next request asks again", async () => {
    let calls = 0;
    const provider = (): Promise<ExpiringCredentials> =>
      (calls += 1) === 1 ? new Promise<never>(() => undefined) : Promise.resolve(key);
    const source = new CredentialSource(provider, Date.now, 50);
    await expect(source.get()).rejects.toMatchObject({
      code: "CREDENTIALS",
      retryable: true,
      message: expect.stringContaining("within 0.05 s") as string,
    });
    expect(await source.get()).toEqual(key);
  });

  test("does not hold up one who stops waiting, and serves the others", async () => {
    let give: (found: ExpiringCredentials) => void = () => undefined;
    const { source, calls } = counted(() => new Promise((resolve) => (give = resolve)));
    const abort = new AbortController();
    const reason = new Error("enough");
    const [leaver, stayer] = [source.get(abort.signal), source.get()];
    abort.abort(reason);
    await expect(leaver).rejects.toBe(reason);
    give(key);
    expect(await stayer).toEqual(key);
    expect(calls()).toBe(1);
  });

  test("does not even call for one whose signal is aborted already", async () => {
    const { source, calls } = counted(() => key);
    await expect(source.get(AbortSignal.abort("stop"))).rejects.toBe("stop");
    expect(calls()).toBe(0);
  });
});

function thrownBy(run: () => void): Error {
  try {
    run();
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was thrown");
}
