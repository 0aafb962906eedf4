import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import type { FaultRule } from "../../../src/emulator/index.ts";
import type { Warning } from "../../../src/upload/warning.ts";
import { attempt, bench, counts, expectCommittedOnce, mib, once, random } from "../support.ts";
import { timing } from "../../support/timing.ts";

const bytes = random(4 * mib + 3);
const parts = { partSize: mib, concurrency: 2 };
const apply = "ApplyUpload";

const good = {
  VodSessionKey: "the-session-key",
  StorageBucket: "vod-1250000000",
  StorageRegion: "ap-singapore",
  MediaStoragePath: "/0123abcd5285890784273533167/f0.mp4",
  CoverStoragePath: null,
  TempCertificate: { SecretId: "AKIDtemp", SecretKey: "t3mpKey", Token: "t3mpToken", ExpiredTime: 4_000_000_000 },
  RequestId: "req-of-fault",
};

const answer = (changes: object): FaultRule["fault"] => ({
  kind: "answer",
  status: 200,
  body: JSON.stringify({ Response: { ...good, ...changes } }),
});

describe("an answer of ApplyUpload that must not be acted on", () => {
  const { TempCertificate } = good;
  test.each<[string, object]>([
    ["no key", { VodSessionKey: undefined }],
    ["an empty key", { VodSessionKey: "" }],
    ["a key that is a number", { VodSessionKey: 5 }],
    ["no bucket", { StorageBucket: undefined }],
    ["a bucket that is another host", { StorageBucket: "evil.example/x" }],
    ["a bucket with an @", { StorageBucket: "a@evil.example" }],
    ["no region", { StorageRegion: null }],
    ["a region that is another host", { StorageRegion: "r.evil.example#" }],
    ["no path", { MediaStoragePath: "" }],
    ["a path with dot segments", { MediaStoragePath: "/a/../b.mp4" }],
    ["a path that is a dot", { MediaStoragePath: "/." }],
    ["a path of nothing but a slash", { MediaStoragePath: "/" }],
    ["too long a path", { MediaStoragePath: `/${"x".repeat(851)}` }],
    ["a path that is a list", { MediaStoragePath: ["/a"] }],
    ["a certificate without a key", { TempCertificate: { ...TempCertificate, SecretKey: "" } }],
    ["a certificate without a token", { TempCertificate: { ...TempCertificate, Token: undefined } }],
    ["a certificate without an end", { TempCertificate: { ...TempCertificate, ExpiredTime: undefined } }],
    ["a certificate with a text for its end", { TempCertificate: { ...TempCertificate, ExpiredTime: "soon" } }],
    ["a certificate that is a text", { TempCertificate: "AKID" }],
  ])("%s: nothing is sent to storage, and the request id is told", async (_, changes) => {
    const { emulator, vod } = await bench({ faults: [{ operation: apply, fault: answer(changes) }] });
    const { error } = await attempt(vod, bytes, parts);
    expect(error).toMatchObject({ code: "SESSION_INVALID", stage: "apply", retryable: false });
    expect((error as Error).message).toContain("req-of-fault");
    expect(inspect(error, { depth: 20 })).not.toMatch(/t3mpKey|t3mpToken|the-session-key/);
    expect(counts(emulator)).toEqual({ [apply]: 1 });
  });

  test.each<[string, object]>([
    ["missing", { CoverStoragePath: null }],
    ["empty", { CoverStoragePath: "" }],
    ["a number", { CoverStoragePath: 5 }],
    ["with dot segments", { CoverStoragePath: "/a/./b.jpg" }],
    ["the media's own", { CoverStoragePath: good.MediaStoragePath }],
  ])("a cover's path that is %s, where a cover was given", async (_, changes) => {
    const { emulator, vod } = await bench({ faults: [{ operation: apply, fault: answer(changes) }] });
    const { error } = await attempt(vod, bytes, { ...parts, cover: Buffer.from("x"), coverType: "jpg" });
    expect(error).toMatchObject({ code: "SESSION_INVALID", stage: "apply" });
    expect(counts(emulator)).toEqual({ [apply]: 1 });
  });
});

describe("ApplyUpload", () => {
  test("is sent again after passing faults, and what an unused session cost is nothing", async () => {
    const { emulator, vod } = await bench({
      faults: [once(apply, { kind: "reset-after-effect" }), once(apply, { kind: "answer", status: 502 }, { nth: 2 })],
    });
    const { result } = await attempt(vod, bytes, parts);
    await expectCommittedOnce(emulator, bytes, result);
    expect(counts(emulator)).toMatchObject({ [apply]: 3, CommitUpload: 1 });
  });

  test("without a certificate leaves the caller's own key to write", async () => {
    const { emulator, vod } = await bench({ faults: [{ operation: apply, fault: answer({ TempCertificate: null }) }] });
    // The emulator knows no such session to commit; what counts is that storage was written with the account's key.
    await attempt(vod, bytes, parts);
    const put = emulator.requests().find(({ operation }) => operation === "UploadPart");
    expect(put).toMatchObject({ verified: true, status: 200 });
    expect(put?.headers["authorization"]).toContain(`q-ak=${emulator.secretId}&`);
  });
});

describe("a certificate that runs out on the way", () => {
  /** Moves the emulator's clock, and with it the client's, by so much with every part that is done. */
  async function aging(lifeSeconds: number, step: number, options: Parameters<typeof bench>[0] = {}) {
    let clock: () => number = Date.now;
    const made = await bench({ certificateLifeSeconds: lifeSeconds, ...options }, { clock: () => clock() });
    clock = () => made.emulator.now();
    let done = 0;
    const onProgress = ({ parts: { done: now } }: { parts: { done: number } }): void => {
      if (now > done) made.emulator.advanceClock((now - done) * step * 1000);
      done = now;
    };
    return { ...made, onProgress };
  }

  test.each([7_200, 100, 30])("is renewed ahead of time, three times over (life %i s)", async (life) => {
    // A twelfth of the life for each part: no jump is larger than the tenth that is kept in reserve.
    const content = random(40 * mib);
    const { emulator, vod, onProgress } = await aging(life, life / 12);
    const { result, error } = await attempt(vod, content, { partSize: mib, concurrency: 1, onProgress });
    expect(error).toBeUndefined();
    await expectCommittedOnce(emulator, content, result);
    const seen = emulator.requests();
    expect(seen.filter(({ operation }) => operation === apply).length).toBeGreaterThan(3);
    expect(new Set(seen.map(({ uploadId }) => uploadId).filter(Boolean)).size).toBe(1);
    expect(seen.filter(({ operation }) => operation === "UploadPart")).toHaveLength(40);
    // No request was ever refused for its certificate.
    expect(seen.filter(({ api, status }) => api === "cos" && status >= 400)).toEqual([]);
  });

  test("is renewed once for all the parts that are in flight", async () => {
    const content = random(16 * mib);
    const { emulator, vod } = await bench({
      faults: [{ operation: "UploadPart", times: 1, nth: 8, fault: { kind: "expire-certificate" } }],
    });
    const { result } = await attempt(vod, content, { partSize: mib, concurrency: 8 });
    await expectCommittedOnce(emulator, content, result);
    expect(counts(emulator)[apply]).toBe(2);
  });

  test.each(["ExpiredToken", "InvalidAccessKeyId"] as const)(
    "and is refused as %s is renewed, whatever its age",
    async (expiredCertificate) => {
      for (const operation of ["InitiateMultipartUpload", "UploadPart", "CompleteMultipartUpload"]) {
        const { emulator, vod } = await bench({
          expiredCertificate,
          faults: [once(operation, { kind: "expire-certificate" })],
        });
        const { result, error } = await attempt(vod, bytes, parts);
        expect(error, operation).toBeUndefined();
        await expectCommittedOnce(emulator, bytes, result);
        expect(counts(emulator)[apply]).toBe(2);
      }
    },
  );

  test("and is refused as AccessDenied is renewed when it is old", async () => {
    const { emulator, vod, onProgress } = await aging(1_000, 210, {
      expiredCertificate: "AccessDenied",
      faults: [once("UploadPart", { kind: "expire-certificate" }, { partNumber: 5 })],
    });
    const { result } = await attempt(vod, bytes, { partSize: mib, concurrency: 1, onProgress });
    await expectCommittedOnce(emulator, bytes, result);
  });

  test("and is refused as AccessDenied when it is young is a missing right: nothing is renewed", async () => {
    const { emulator, vod } = await bench({
      expiredCertificate: "AccessDenied",
      faults: [once("UploadPart", { kind: "expire-certificate" }, { partNumber: 2 })],
    });
    const { error } = await attempt(vod, bytes, parts);
    expect(error).toMatchObject({ code: "COS_API", status: 403, cosCode: "AccessDenied" });
    expect(counts(emulator)[apply]).toBe(1);
    expect(emulator.media()).toEqual([]);
  });

  test("does not age by the storage's clock, which may be wrong alone", async () => {
    const { emulator, vod } = await bench({
      certificateLifeSeconds: 3_900,
      faults: [{ operation: "cos", fault: { kind: "clock-skew", ms: 3_600_000 } }],
    });
    const { result } = await attempt(vod, bytes, parts);
    await expectCommittedOnce(emulator, bytes, result);
    expect(counts(emulator)).toMatchObject({ [apply]: 1, CommitUpload: 1 });
  });

  const late: FaultRule["fault"] = {
    kind: "answer",
    status: 403,
    headers: { "x-cos-request-id": "NWYx" },
    body: "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>",
  };

  test("and a signature that ran out on its way, all clocks being right, is made again, but not without end", async () => {
    const { emulator, vod } = await bench({ faults: [once("UploadPart", late, { partNumber: 2 })] });
    await expectCommittedOnce(emulator, bytes, (await attempt(vod, bytes, parts)).result);
    expect(counts(emulator)).toMatchObject({ [apply]: 1, UploadPart: 6 });
    const refusing = await bench({ faults: [{ operation: "PutObject", fault: late }] });
    const { error } = await attempt(refusing.vod, random(5));
    expect(error).toMatchObject({ code: "COS_API", cosCode: "AccessDenied" });
    expect(counts(refusing.emulator)).toMatchObject({ PutObject: 2 });
  });

  test.each(["unknown-parameter", "new-session"] as const)(
    "and cannot be renewed, the service answering with %s, says so early and that a checkpoint needs one",
    async (sessionRefresh) => {
      const { emulator, vod, onProgress } = await aging(1_000, 300, { sessionRefresh });
      const { error } = await attempt(vod, bytes, { partSize: mib, concurrency: 1, onProgress });
      expect(error).toMatchObject({ code: "CERTIFICATE_EXPIRED", stage: "transfer", retryable: true });
      expect((error as Error).message).toContain("checkpoint");
      expect(emulator.media()).toEqual([]);
      expect(counts(emulator)["CommitUpload"]).toBeUndefined();
    },
  );

  test("with sessionRefresh none asks for nothing", async () => {
    const { emulator, vod, onProgress } = await aging(1_000, 300);
    const { error } = await attempt(vod, bytes, { partSize: mib, concurrency: 1, onProgress, sessionRefresh: "none" });
    expect(error).toMatchObject({ code: "CERTIFICATE_EXPIRED", retryable: true });
    expect(counts(emulator)[apply]).toBe(1);
  });

  test.each([6, -6])("with sessionRefresh none outlives this machine's clock being set by %i h", async (hours) => {
    let setBy = 0;
    const { emulator, vod } = await bench({ certificateLifeSeconds: 1_000 }, { clock: () => Date.now() + setBy });
    const onProgress = ({ parts: { done } }: { parts: { done: number } }): void => {
      if (done === 2) setBy = hours * 3_600_000;
    };
    const { result } = await attempt(vod, bytes, { ...parts, concurrency: 1, onProgress, sessionRefresh: "none" });
    await expectCommittedOnce(emulator, bytes, result);
    expect(counts(emulator)).toMatchObject({ [apply]: 1 });
  });

  test("with sessionRefresh restart is sent once more in a new session, with a warning", async () => {
    const { emulator, vod } = await bench({
      faults: [once("UploadPart", { kind: "expire-certificate" }, { partNumber: 4 })],
    });
    const warnings: Warning[] = [];
    const seen: { sent: number; total: number | undefined }[] = [];
    const { result } = await attempt(vod, bytes, {
      partSize: mib,
      concurrency: 1,
      sessionRefresh: "restart",
      onWarning: (warning) => warnings.push(warning),
      onProgress: ({ sentBytes, totalBytes }) => seen.push({ sent: sentBytes, total: totalBytes }),
    });
    expect(emulator.media()).toHaveLength(1);
    expect(result?.transfer).toMatchObject({ bytes: bytes.length, verified: "crc64", parts: 5 });
    expect(warnings.map(({ code }) => code)).toContain("RESTARTED");
    expect(counts(emulator)[apply]).toBe(2);
    for (const { sent, total } of seen) if (total !== undefined) expect(sent).toBeLessThanOrEqual(total);
    for (let index = 1; index < seen.length; index += 1)
      expect(seen[index]?.sent).toBeGreaterThanOrEqual(seen[index - 1]?.sent ?? 0);
    expect(seen.at(-1)?.sent).toBe(seen.at(-1)?.total);
  });

  test("with sessionRefresh restart is sent once more and not twice", async () => {
    const { emulator, vod } = await bench({
      faults: [{ operation: "UploadPart", partNumber: 4, fault: { kind: "expire-certificate" } }],
    });
    const { error } = await attempt(vod, bytes, { partSize: mib, concurrency: 1, sessionRefresh: "restart" });
    expect(error).toMatchObject({ code: "CERTIFICATE_EXPIRED" });
    expect(counts(emulator)[apply]).toBe(2);
    expect(emulator.media()).toEqual([]);
  });

  test("with sessionRefresh restart cannot send a stream again", async () => {
    const { emulator, vod } = await bench({
      faults: [once("UploadPart", { kind: "expire-certificate" }, { partNumber: 4 })],
    });
    async function* stream(): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < bytes.length; at += mib) yield bytes.subarray(at, at + mib);
    }
    const { error } = await attempt(vod, stream(), { ...parts, sessionRefresh: "restart" });
    expect(error).toMatchObject({ code: "CERTIFICATE_EXPIRED" });
    expect(counts(emulator)[apply]).toBe(1);
  });
});

test("a look at the object that is refused without a word, once the certificate is old, renews it", async () => {
  for (const expiredCertificate of ["ExpiredToken", "InvalidAccessKeyId"] as const) {
    let clock: () => number = Date.now;
    const { emulator, vod } = await bench(
      {
        expiredCertificate,
        certificateLifeSeconds: 1_000,
        faults: [
          once("CompleteMultipartUpload", { kind: "reset-after-effect" }),
          once("HeadObject", { kind: "expire-certificate" }),
        ],
      },
      { clock: () => clock() },
    );
    clock = () => emulator.now();
    const onProgress = ({ parts: { done } }: { parts: { done: number } }): void => {
      if (done === 5) emulator.advanceClock(850_000);
    };
    const { result, error } = await attempt(vod, bytes, { ...parts, onProgress });
    expect(error).toBeUndefined();
    await expectCommittedOnce(emulator, bytes, result);
    expect(counts(emulator)).toMatchObject({ [apply]: 2, HeadObject: 2 });
  }
});

describe("a refresh function", () => {
  const expiring = { faults: [once("UploadPart", { kind: "expire-certificate" as const }, { partNumber: 3 })] };

  test("is told which session it is about, once, and what it gives is used", async () => {
    const { emulator, vod } = await bench(expiring);
    const asked: object[] = [];
    const { result } = await attempt(vod, bytes, {
      ...parts,
      sessionRefresh: async (session) => {
        asked.push(session);
        const answered = await vod.call("ApplyUpload", { MediaType: "mp4", VodSessionKey: session.vodSessionKey } as {
          MediaType: string;
        });
        const renewed = answered.TempCertificate;
        if (renewed === undefined || renewed === null) throw new Error("ApplyUpload gave no certificate");
        const { SecretId: secretId, SecretKey: secretKey, Token: token, ExpiredTime: expiredTime } = renewed;
        return { secretId, secretKey, token, expiredTime };
      },
    });
    await expectCommittedOnce(emulator, bytes, result);
    expect(asked).toEqual([
      {
        bucket: expect.any(String),
        region: "ap-singapore",
        mediaStoragePath: expect.stringMatching(/^\//),
        coverStoragePath: undefined,
        vodSessionKey: expect.any(String),
      },
    ]);
  });

  test.each<[string, unknown]>([
    ["nothing", undefined],
    ["null", null],
    ["no key", { secretId: "a", token: "t", expiredTime: 1 }],
    ["an empty token", { secretId: "a", secretKey: "b", token: "", expiredTime: 1 }],
    ["a Date for the end", { secretId: "a", secretKey: "b", token: "t", expiredTime: new Date() }],
  ])("that gives %s ends the upload with its name", async (_, value) => {
    const { emulator, vod } = await bench(expiring);
    const { error } = await attempt(vod, bytes, { ...parts, sessionRefresh: async () => value as never });
    expect(error).toMatchObject({ code: "CERTIFICATE_EXPIRED" });
    expect((error as Error).message).toContain("sessionRefresh");
    expect(emulator.media()).toEqual([]);
  });

  test("that fails ends the upload with its reason", async () => {
    const { vod } = await bench(expiring);
    const why = new Error("the backend is down");
    const { error } = await attempt(vod, bytes, { ...parts, sessionRefresh: () => Promise.reject(why) });
    expect(error).toMatchObject({ code: "CERTIFICATE_EXPIRED", cause: why });
    expect((error as Error).message).toContain("the backend is down");
  });

  test("that hangs does not keep an abort waiting", timing, async () => {
    const { vod, emulator } = await bench(expiring);
    const controller = new AbortController();
    const started = performance.now();
    const { error } = await attempt(vod, bytes, {
      ...parts,
      signal: controller.signal,
      sessionRefresh: () => {
        setTimeout(() => controller.abort("enough"), 20);
        return new Promise(() => undefined);
      },
    });
    expect(error).toBe("enough");
    expect(performance.now() - started).toBeLessThan(3_000);
    expect(emulator.media()).toEqual([]);
  });
});
