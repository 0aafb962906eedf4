import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ExpiringCredentials } from "../../src/index.ts";
import { VodClient } from "../../src/index.ts";
import { CosClient } from "../../src/cos/index.ts";
import { startEmulator } from "../../src/emulator/index.ts";

type Emulator = Awaited<ReturnType<typeof startEmulator>>;

let emulator: Emulator;
beforeAll(async () => {
  emulator = await startEmulator();
});
afterAll(() => emulator.close());

function clientWith(provider: () => Promise<ExpiringCredentials>): VodClient {
  return new VodClient({
    credentials: provider,
    vodEndpoint: emulator.vodEndpoint,
    cosEndpoint: emulator.cosEndpoint,
    retry: { attempts: 3, baseDelayMs: 1 },
  });
}

const right = () => ({ secretId: emulator.secretId, secretKey: emulator.secretKey });

describe("a key that was rotated away", () => {
  test("is asked for again once, and the upload goes on", async () => {
    let calls = 0;
    const vod = clientWith(async () => ((calls += 1) === 1 ? { secretId: "AKIDold", secretKey: "old" } : right()));
    const { fileId } = await vod.upload(new Uint8Array(1000), { mediaType: "mp4" });
    expect(fileId).toMatch(/^\d+$/);
    expect(calls).toBe(2);
    await vod.close();
  });

  test("that stays wrong is reported after that one time, naming the other site", async () => {
    let calls = 0;
    const vod = clientWith(async () => ({ secretId: `AKIDold${(calls += 1)}`, secretKey: "old" }));
    await expect(vod.upload(new Uint8Array(1000), { mediaType: "mp4" })).rejects.toMatchObject({
      code: "VOD_API",
      apiCode: "AuthFailure.SecretIdNotFound",
      hint: expect.stringContaining("other site"),
      attempts: 2,
    });
    expect(calls).toBe(2);
    await vod.close();
  });

  test("is asked for once by all uploads together", async () => {
    let calls = 0;
    const vod = clientWith(async () => {
      calls += 1;
      await new Promise((resolve) => setTimeout(resolve, 20));
      return right();
    });
    const uploads = Array.from({ length: 8 }, () => vod.upload(new Uint8Array(1000), { mediaType: "mp4" }));
    await Promise.all(uploads);
    expect(calls).toBe(1);
    await vod.close();
  });
});

describe("a provider that never answers", () => {
  const forever = () => new Promise<never>(() => undefined);

  test("does not hold up the end of an upload that is aborted", async () => {
    const before = emulator.requests().length;
    const vod = clientWith(forever);
    const reason = new Error("enough");
    const abort = new AbortController();
    setTimeout(() => abort.abort(reason), 30);
    const upload = vod.upload(new Uint8Array(1000), { mediaType: "mp4", signal: abort.signal });
    await expect(upload).rejects.toBe(reason);
    await vod.close();
    expect(emulator.requests().length).toBe(before);
  });

  test("does not hold up a COS request that is aborted", async () => {
    const cos = new CosClient({
      bucket: "b-1250000000",
      region: "ap-singapore",
      credentials: forever,
      cosEndpoint: emulator.cosEndpoint,
    });
    await expect(cos.headObject("k", { signal: AbortSignal.timeout(30) })).rejects.toMatchObject({
      name: "TimeoutError",
    });
    await cos.close();
  });
});

test("a provider's failure ends the upload before anything is sent, and the next upload asks again", async () => {
  const before = emulator.requests().length;
  let calls = 0;
  const vod = clientWith(async () => {
    if ((calls += 1) === 1) throw new Error("the vault is sealed");
    return right();
  });
  await expect(vod.upload(new Uint8Array(10), { mediaType: "mp4" })).rejects.toMatchObject({
    code: "CREDENTIALS",
    stage: "apply",
  });
  expect(emulator.requests().length).toBe(before);
  await vod.upload(new Uint8Array(10), { mediaType: "mp4" });
  expect(calls).toBe(2);
  await vod.close();
});
