import { createReadStream } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { PassThrough, type Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { startEmulator } from "../../src/emulator/index.ts";
import { VodClient, type UploadOptions } from "../../src/index.ts";
import { VodApi } from "../../src/vod-api/client.ts";
import { pause } from "../support/raw-servers.ts";
import { atEnd, attempt, bench, collect, counts, expectNothingCommitted, mib, random, tempFile } from "./support.ts";

/** What would end the host's process, or stand on its stderr. */
const stray: unknown[] = [];
const note = (reason: unknown): unknown => stray.push(reason);

beforeEach(() => {
  stray.length = 0;
  process.on("uncaughtException", note).on("unhandledRejection", note).on("warning", note);
});

afterEach(async () => {
  // A warning is told in the next turn.
  await pause(5);
  process.off("uncaughtException", note).off("unhandledRejection", note).off("warning", note);
  expect(stray).toEqual([]);
});

const missing = (): Readable => createReadStream("/nonexistent/missing.mp4");
const failed = { code: expect.stringMatching(/^SOURCE_(?:FAILED|UNREADABLE)$/) };

describe("a stream that fails before it is read", () => {
  test("as media, as cover, and in plan()", async () => {
    const { emulator, vod } = await bench();
    await expect(vod.upload(missing(), { mediaType: "mp4" })).rejects.toMatchObject(failed);
    const withCover = vod.upload(random(9), { mediaType: "mp4", cover: missing(), coverType: "jpg" });
    await expect(withCover).rejects.toMatchObject(failed);
    await vod.plan(missing(), { mediaType: "mp4" }).catch((error: unknown) => expect(error).toMatchObject(failed));
    expectNothingCommitted(emulator);
  });

  test("beside an option that is wrong, after close(), and beside an abort", async () => {
    const { vod } = await bench();
    const wrong = { mediaType: "mp4", partSize: 1 };
    await expect(vod.upload(missing(), wrong)).rejects.toMatchObject({ code: "ERR_INVALID_ARG_VALUE" });
    await expect(vod.plan(missing(), wrong)).rejects.toMatchObject({ code: "ERR_INVALID_ARG_VALUE" });
    const cover = { mediaType: "mp4", cover: missing(), coverType: "jpg" };
    await expect(vod.upload("/nonexistent", cover)).rejects.toMatchObject({ code: "SOURCE_NOT_FOUND" });
    const signal = AbortSignal.abort("enough");
    await expect(vod.upload(missing(), { mediaType: "mp4", signal })).rejects.toBe("enough");
    await vod.close();
    await expect(vod.upload(missing(), { mediaType: "mp4" })).rejects.toMatchObject({ code: "CLIENT_CLOSED" });
    await pause(30);
  });

  test("while others of the same client are under way", async () => {
    const { emulator, vod } = await bench();
    const outcomes = await Promise.allSettled([
      vod.upload(missing(), { mediaType: "mp4" }),
      vod.upload(random(2 * mib), { mediaType: "mp4" }),
      vod.upload(missing(), { mediaType: "mp4" }),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "fulfilled", "rejected"]);
    expect(emulator.media()).toHaveLength(1);
  });

  test.each([0, 1, 10, 60])("with a failure %i ms after it was handed over", async (ms) => {
    const { emulator, vod } = await bench({
      faults: [{ operation: "ApplyUpload", fault: { kind: "slow-response", ms: 40 } }],
    });
    const stream = new PassThrough();
    setTimeout(() => stream.destroy(new Error("camera unplugged")), ms);
    const { error } = await attempt(vod, stream);
    expect(error).toMatchObject({ code: "SOURCE_FAILED", message: expect.stringContaining("camera unplugged") });
    expectNothingCommitted(emulator);
  });

  test("is ended with the upload, so that no file descriptor stays open", async () => {
    const { vod } = await bench();
    const path = await tempFile(random(100));
    const [media, cover] = [createReadStream(path), createReadStream(path)];
    await expect(vod.upload(media, { mediaType: "mp4", cover, proceduer: "x" } as UploadOptions)).rejects.toThrow();
    expect([media.destroyed, cover.destroyed]).toEqual([true, true]);
  });

  test("a socket's path is a source that cannot be read", async () => {
    const { vod } = await bench();
    const path = join(await tempFile(random(1)), "../s.sock");
    const server = createServer().listen(path);
    atEnd(() => void server.close());
    await new Promise((resolve) => server.once("listening", resolve));
    expect((await attempt(vod, path)).error).toMatchObject({ code: "SOURCE_UNREADABLE" });
  });
});

describe("an abort is over within a second", () => {
  test("of streams that wait for each other's memory", async () => {
    const { emulator, vod } = await bench(
      { faults: [{ operation: "UploadPart", fault: { kind: "slow-read", bytesPerSecond: 200_000 } }] },
      { memoryBudget: 3 * mib, limits: { headersMs: 20_000 } },
    );
    for (const ms of [0, 30, 120]) {
      const controller = new AbortController();
      const endless = async function* (): AsyncGenerator<Uint8Array> {
        for (;;) yield random(300_000);
      };
      const all = Array.from({ length: 8 }, () =>
        attempt(vod, endless(), { partSize: mib, signal: controller.signal }),
      );
      while ((counts(emulator)["UploadPart"] ?? 0) === 0) await pause(5);
      await pause(ms);
      const abortedAt = performance.now();
      controller.abort("enough");
      expect((await Promise.all(all)).map(({ error }) => error)).toEqual(Array.from({ length: 8 }, () => "enough"));
      expect(performance.now() - abortedAt).toBeLessThan(2_500);
    }
  });

  test("while a read of the file hangs, as on a network drive that is gone", async () => {
    const { vod, emulator } = await bench({}, { limits: { headersMs: 20_000, bodyMs: 20_000 } });
    const path = await tempFile(random(3 * mib));
    const handle = await open(path);
    const prototype = Object.getPrototypeOf(handle) as FileHandle;
    await handle.close();
    const controller = new AbortController();
    let calls = 0;
    const read = prototype.read as (...args: unknown[]) => Promise<unknown>;
    const spy = vi.spyOn(prototype, "read").mockImplementation(function (this: unknown, ...args: unknown[]) {
      calls += 1;
      return (calls < 3 ? read.apply(this, args) : new Promise(() => undefined)) as never;
    });
    try {
      const sending = attempt(vod, path, { partSize: mib, signal: controller.signal });
      await vi.waitUntil(() => calls > 3);
      const abortedAt = performance.now();
      controller.abort("enough");
      expect((await sending).error).toBe("enough");
      expect(performance.now() - abortedAt).toBeLessThan(2_000);
      expect(emulator.uploads()).toEqual([]);
    } finally {
      spy.mockRestore();
    }
  });

  test("while a function of the caller's hangs", async () => {
    const { vod } = await bench({ faults: [{ operation: "UploadPart", fault: { kind: "expire-certificate" } }] });
    const controller = new AbortController();
    const sessionRefresh = (): Promise<never> => {
      setTimeout(() => controller.abort("enough"), 5);
      return new Promise(() => undefined);
    };
    const sending = attempt(vod, random(3 * mib), { partSize: mib, sessionRefresh, signal: controller.signal });
    expect((await sending).error).toBe("enough");
  });
});

describe("nothing is said on the host's stderr", () => {
  test("of 30 uploads, plans and calls that share a signal, which keeps no listener", async () => {
    const { vod, emulator } = await bench();
    const { signal } = new AbortController();
    const live = new Set<unknown>();
    const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
    let most = 0;
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      live.add(args[1]);
      most = Math.max(most, live.size);
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => (live.delete(args[1]), remove(...args));
    const bytes = random(1000);
    const each = Array.from({ length: 30 }, () => [
      vod.upload(bytes, { mediaType: "mp4", signal }),
      vod.plan(bytes, { mediaType: "mp4", signal }),
      vod.call("DescribeSubAppIds", {}, { signal }),
      vod.waitForUpload("1", { signal, timeoutMs: 50, pollMs: 10 }).catch(() => undefined),
    ]);
    await Promise.all(each.flat());
    expect(emulator.media()).toHaveLength(30);
    expect(most).toBe(1);
    expect(live.size).toBe(0);
  });

  test("of one abort that ends 15 uploads, and the removal of 40 open multipart uploads at once", async () => {
    const { vod, emulator } = await bench(
      { faults: [{ operation: "UploadPart", fault: { kind: "hang" } }] },
      { limits: { headersMs: 20_000 } },
    );
    const controller = new AbortController();
    const sending = Array.from({ length: 15 }, () =>
      attempt(vod, random(3 * mib), { partSize: mib, signal: controller.signal }),
    );
    while ((counts(emulator)["UploadPart"] ?? 0) < 15) await pause(5);
    controller.abort("enough");
    expect((await Promise.all(sending)).every(({ error }) => error === "enough")).toBe(true);
  });

  test("of 40 open multipart uploads that are removed at once", async () => {
    const { vod, emulator } = await bench({
      faults: [{ operation: "UploadPart", fault: { kind: "answer", status: 403 } }],
    });
    const checkpoints = collect();
    await attempt(vod, random(3 * mib), { partSize: mib, onCheckpoint: checkpoints.write });
    const { objects, ...rest } = checkpoints.last();
    const [[key, object] = ["", undefined]] = Object.entries(objects);
    const many = Array.from({ length: 40 }, (_, index) => [`${key}.${index}`, object]);
    await vod.discard({ ...rest, objects: { [key]: object, ...Object.fromEntries(many) } as typeof objects });
    expect(counts(emulator)["AbortMultipartUpload"]).toBe(41);
    expectNothingCommitted(emulator);
  });

  test("of an emulator that keeps 30 requests waiting", async () => {
    const emulator = await startEmulator({ faults: [{ operation: "*", fault: { kind: "hang" } }] });
    const waiting = Array.from({ length: 30 }, () => fetch(`${emulator.origin}/a.mp4`).catch(() => undefined));
    while (emulator.requests().length < 30) await pause(5);
    await emulator.close();
    await Promise.all(waiting);
  });
});

describe("a misspelt option is refused, with the name that was probably meant", () => {
  const credentials = { secretId: "AKIDx", secretKey: "y" };

  test.each<[object, RegExp]>([
    [{ proceduer: "x" }, /^proceduer: is not an option; did you mean procedure\?$/],
    [{ partsize: mib }, /partsize.*did you mean partSize\?/],
    [{ media_name: "x" }, /media_name.*did you mean mediaName\?/],
    [{ nonsense: 1 }, /^nonsense: is not an option$/],
  ])("upload and plan: %j", async (options, message) => {
    const { vod, emulator } = await bench();
    for (const call of [vod.upload(random(1), options), vod.plan(random(1), options)])
      await expect(call).rejects.toMatchObject({
        name: "TypeError",
        code: "ERR_INVALID_ARG_VALUE",
        message: expect.stringMatching(message),
      });
    expect(counts(emulator)).toEqual({});
  });

  test.each<[object, string]>([
    [{ retry: { attempt: 3 } }, "retry.attempt: is not an option; did you mean attempts?"],
    [{ limits: { headerMs: 3 } }, "limits.headerMs: is not an option; did you mean headersMs?"],
    [{ subAppID: 3 }, "subAppID: is not an option; did you mean subAppId?"],
    [{ retry: 3 }, "retry: must be an object (got 3)"],
  ])("a client: %j", (options, message) => {
    expect(() => new VodClient({ credentials, ...options })).toThrow(message);
  });

  test("VodApi, one call, discard and the emulator", async () => {
    expect(() => new VodApi({ credentials, regoin: "x" } as never)).toThrow("did you mean region?");
    const { vod } = await bench();
    await expect(vod.call("DescribeSubAppIds", {}, { singal: 1 } as never)).rejects.toThrow("did you mean signal?");
    await expect(vod.discard({} as never, { sginal: 1 } as never)).rejects.toThrow("did you mean signal?");
    await expect(startEmulator({ secndCommit: "x" } as never)).rejects.toThrow("did you mean secondCommit?");
    await expect(startEmulator({ tasks: { waitMs: 1 } } as never)).rejects.toThrow("tasks.waitMs");
  });

  test("a name without a value is as good as not given", () => {
    expect(() => new VodClient({ credentials, whatever: undefined } as never)).not.toThrow();
  });
});

test("await using closes client and emulator", async () => {
  const emulator = await startEmulator();
  const vod = new VodClient({ credentials: { secretId: "AKIDx", secretKey: "y" } });
  await vod[Symbol.asyncDispose]();
  await expect(vod.upload(random(1), { mediaType: "mp4" })).rejects.toMatchObject({ code: "CLIENT_CLOSED" });
  await emulator[Symbol.asyncDispose]();
  await expect(fetch(emulator.origin)).rejects.toThrow();
});
