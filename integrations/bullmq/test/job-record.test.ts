import type { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Checkpoint } from "vodup";
import { CheckpointError, CosError, NetworkError, VodupError } from "vodup";
import { fateOf } from "../src/failure.ts";
import { JobRecord } from "../src/job-record.ts";
import { RedisServer } from "./support/redis-server.ts";

const session = { bucket: "b-1", region: "r", mediaStoragePath: "/m.mp4", vodSessionKey: "k" };

function checkpointOf(parts: number, changes: Partial<Checkpoint> = {}): Checkpoint {
  const numbers = Array.from({ length: parts }, (_, index) => index + 1);
  const done = numbers.map((number) => ({ number, size: 1, etag: "e", crc64: "1" }));
  return {
    version: 1,
    state: "uploading",
    endpoint: { vod: "v", cos: "c" },
    source: { kind: "file", size: 9, modified: "1" },
    fields: {},
    session: { ...session, receivedAt: 1, requestId: "r" },
    objects: { "m.mp4": { uploadId: "u", partSize: 2 ** 20, parts: done } },
    savedAt: "",
    ...changes,
  };
}

describe("what Redis holds of a job", () => {
  let server: RedisServer;
  let redis: Redis;
  let writes: number;
  const counted = { eval: (...args: Parameters<Redis["eval"]>) => ((writes += 1), redis.eval(...args)) };
  const recordFor = (token: string): JobRecord =>
    new JobRecord(
      { redis: counted as Pick<Redis, "eval">, key: "job", token, partsEveryMs: 60_000 },
      {
        source: "s",
      },
    );
  const held = async (): Promise<Record<string, unknown>> => JSON.parse((await redis.hget("job", "data")) ?? "{}");

  beforeAll(async () => {
    server = await RedisServer.start();
    redis = server.connect();
  });
  afterAll(async () => {
    redis.disconnect();
    await server.remove();
  });
  beforeEach(async () => {
    writes = 0;
    await redis.flushall();
    await redis.set("job:lock", "mine");
  });

  test("is written when the upload's state changes, and seldom for parts alone", async () => {
    const record = recordFor("mine");
    const steps: (readonly [expected: number, Checkpoint])[] = [
      [1, checkpointOf(0)],
      [1, checkpointOf(1)],
      [1, checkpointOf(2)],
      [2, checkpointOf(2, { session: { ...session, receivedAt: 2, requestId: "r" } })],
      [2, checkpointOf(3, { session: { ...session, receivedAt: 2, requestId: "r" } })],
      [3, checkpointOf(3, { state: "transferred" })],
      [4, checkpointOf(3, { state: "committing" })],
    ];
    for (const [expected, checkpoint] of steps) {
      await record.save(checkpoint);
      expect(writes).toBe(expected);
    }
    expect(await held()).toMatchObject({ source: "s", checkpoint: { state: "committing" } });
  });

  test("cannot be changed by who has lost the job, nor can it be given up", async () => {
    await redis.hset("job", "data", JSON.stringify({ source: "s", checkpoint: "the successor's" }));
    const record = recordFor("another's");
    let discarded = 0;
    await expect(record.save(checkpointOf(1))).rejects.toThrow(/lock has expired/);
    await expect(record.finish({} as never)).rejects.toThrow(/lock has expired/);
    await redis.set("job:lock", "another's");
    await record.save(checkpointOf(1));
    await redis.set("job:lock", "mine");
    await expect(record.startOver(async () => (discarded += 1))).rejects.toThrow(/lock has expired/);
    await redis.del("job:lock");
    await expect(record.save(checkpointOf(1, { state: "committing" }))).rejects.toThrow(/lock has expired/);
    expect(discarded).toBe(0);
    expect(await held()).toMatchObject({ checkpoint: { state: "uploading" } });
  });

  test("has no certificate any more once the result is there", async () => {
    const record = recordFor("mine");
    await record.save(checkpointOf(1, { state: "committed" }));
    await record.finish({ fileId: "5" } as never);
    expect(await held()).toEqual({ source: "s", result: { fileId: "5" } });
  });
});

describe("what becomes of a job whose upload failed", () => {
  const where = { host: "h", phase: "headers" } as const;
  const cos = (cosCode: string): CosError =>
    new CosError("x", { operation: "UploadPart", status: 404, cosCode }, { retryable: false });
  const mismatch = new CheckpointError("CHECKPOINT_MISMATCH", "x");
  test.each([
    ["a passing fault", new NetworkError("TIMEOUT", "x", where, { retryable: true }), "uploading", "later"],
    ["a refusal", cos("AccessDenied"), "uploading", "final"],
    ["an upload that another has completed", cos("NoSuchUpload"), "uploading", "later"],
    ["a certificate that ran out twice", cos("ExpiredToken"), "uploading", "later"],
    ["Redis", new Error("OOM command not allowed"), "committing", "later"],
    ["options", Object.assign(new TypeError("x"), { code: "ERR_INVALID_ARG_VALUE" }), "uploading", "final"],
    ["another source, nothing committed", mismatch, "transferred", "start-over"],
    ["another source, perhaps committed", mismatch, "committing", "final"],
    ["another source, committed", mismatch, "committed", "final"],
    ["nobody knows", new VodupError("COMMIT_UNCERTAIN", "x"), "committing", "final"],
  ] as const)("%s", (_, error, state, fate) => {
    expect(fateOf(error, checkpointOf(1, { state }))).toBe(fate);
  });

  test("whatever Redis holds in place of a checkpoint is no defect", () => {
    const invalid = new CheckpointError("CHECKPOINT_INVALID", "x");
    const values = [null, undefined, {}, [], "x", 5, { state: ["committed"] }, { state: "committed" }];
    const fates = values.map((value) => fateOf(invalid, value as unknown as Checkpoint));
    expect(fates).toEqual(["start-over", "start-over", ...values.slice(2).map(() => "final")]);
  });
});
