import { describe, expect, test, vi } from "vitest";
import type { FaultRule } from "../../src/emulator/index.ts";
import type { UploadOptions, Warning } from "../../src/index.ts";
import { pause } from "../support/raw-servers.ts";
import {
  attempt,
  bench,
  counts,
  expectCommittedOnce,
  expectNothingCommitted,
  mib,
  once,
  random,
  tempFile,
} from "./support.ts";
import { timing } from "../support/timing.ts";

const size = 5 * mib + 9;
const options = { partSize: mib, concurrency: 3 };
const forbidden: FaultRule["fault"] = { kind: "answer", status: 403, headers: { "x-cos-request-id": "a" } };

/** Sockets of this process that are open, both ends of each connection. */
const sockets = (): number => process.getActiveResourcesInfo().filter((kind) => kind === "TCPSocketWrap").length;

async function closed(before: number, ms = 2_000): Promise<number> {
  const end = performance.now() + ms;
  while (sockets() > before && performance.now() < end) await pause(10);
  return sockets() - before;
}

describe("an abort, at any moment, rejects with its reason within a second, cleans up and leaves nothing", () => {
  const moments: [string, arrived: string, FaultRule[]][] = [
    ["while applying", "ApplyUpload", [{ operation: "ApplyUpload", fault: { kind: "hang" } }]],
    [
      "while opening the multipart upload",
      "InitiateMultipartUpload",
      [{ operation: "InitiateMultipartUpload", fault: { kind: "hang" } }],
    ],
    [
      "while the multipart upload is being opened",
      "InitiateMultipartUpload",
      [{ operation: "InitiateMultipartUpload", fault: { kind: "slow-response", ms: 50 } }],
    ],
    [
      "while sending parts",
      "UploadPart",
      [{ operation: "UploadPart", fault: { kind: "slow-read", bytesPerSecond: 100_000 } }],
    ],
    ["while waiting for parts", "UploadPart", [{ operation: "UploadPart", fault: { kind: "hang" } }]],
    [
      "while parts are being answered",
      "UploadPart",
      [{ operation: "UploadPart", fault: { kind: "slow-response", ms: 20_000 } }],
    ],
    [
      "while waiting to try again",
      "a retry",
      [{ operation: "UploadPart", fault: { kind: "answer", status: 503, headers: { "retry-after": "30" } } }],
    ],
    [
      "while completing",
      "CompleteMultipartUpload",
      [{ operation: "CompleteMultipartUpload", fault: { kind: "keep-alive", ms: 50, spaces: 1_000 } }],
    ],
    [
      "while looking at the object",
      "HeadObject",
      [once("CompleteMultipartUpload", { kind: "white-space" }), { operation: "HeadObject", fault: { kind: "hang" } }],
    ],
    ["while committing", "CommitUpload", [{ operation: "CommitUpload", fault: { kind: "hang" } }]],
  ];

  test.each(moments)("%s", timing, async (_, arrived, faults) => {
    const patient = { limits: { headersMs: 20_000, bodyMs: 20_000, completeMs: 20_000 } };
    const before = sockets();
    const { emulator, vod } = await bench({ faults }, patient);
    const path = await tempFile(random(size));
    const controller = new AbortController();
    const reason = new Error("enough");
    let retries = 0;
    const onRetry = (): void => void (retries += 1);
    const sending = attempt(vod, path, { ...options, onRetry, signal: controller.signal });
    // The moment is a request that has arrived, not a time: a busy machine gets to it when it does.
    while (arrived === "a retry" ? retries === 0 : counts(emulator)[arrived] === undefined) await pause(2);
    const abortedAt = performance.now();
    controller.abort(reason);
    const { error } = await sending;
    expect(error).toBe(reason);
    // A second, and patience with a busy machine.
    expect(performance.now() - abortedAt).toBeLessThan(2_500);
    expect(emulator.media()).toEqual([]);
    await pause(30);
    expect(emulator.uploads()).toEqual([]);
    await vod.close();
    await emulator.close();
    expect(await closed(before)).toBeLessThanOrEqual(0);
  });

  test.each<[string, FaultRule["fault"] | "offline", string]>([
    ["is never answered", { kind: "hang" }, "no answer in time"],
    ["is answered too late", { kind: "slow-response", ms: 20_000 }, "no answer in time"],
    ["is lost again and again", { kind: "reset-before" }, "no answer in time"],
    ["is refused", forbidden, "403 AccessDenied"],
    ["finds nobody", "offline", "no answer in time"],
  ])("takes no longer if cleaning up %s, and says so", timing, async (_, fault, why) => {
    const { emulator, vod } = await bench(
      {
        faults: [
          ...(fault === "offline" ? [] : [{ operation: "AbortMultipartUpload", fault }]),
          { operation: "UploadPart", fault: { kind: "hang" } },
        ],
      },
      {
        limits: { headersMs: 20_000, bodyMs: 20_000, completeMs: 20_000 },
        retry: { attempts: 100, baseDelayMs: 50, maxDelayMs: 50 },
      },
    );
    const controller = new AbortController();
    const warnings: Warning[] = [];
    const path = await tempFile(random(size));
    const sending = attempt(vod, path, {
      ...options,
      signal: controller.signal,
      onWarning: (warning) => warnings.push(warning),
    });
    while (counts(emulator)["UploadPart"] !== 3) await pause(5);
    if (fault === "offline") await emulator.offline();
    const abortedAt = performance.now();
    controller.abort("enough");
    expect((await sending).error).toBe("enough");
    // A second, and patience with a busy machine.
    expect(performance.now() - abortedAt).toBeLessThan(2_000);
    expect(warnings).toEqual([{ code: "CLEAN_UP_FAILED", message: expect.stringContaining(why) }]);
    if (fault !== "offline") expect(counts(emulator)["AbortMultipartUpload"]).toBeGreaterThan(0);
  });

  test("that comes while a failure is cleaned up does not wait for that to end", timing, async () => {
    const { emulator, vod } = await bench(
      {
        faults: [
          { operation: "UploadPart", fault: forbidden },
          { operation: "AbortMultipartUpload", fault: { kind: "hang" } },
        ],
      },
      { limits: { headersMs: 20_000 } },
    );
    const controller = new AbortController();
    const sending = attempt(vod, random(size), { ...options, signal: controller.signal });
    while (counts(emulator)["AbortMultipartUpload"] === undefined) await pause(5);
    const abortedAt = performance.now();
    controller.abort("enough");
    expect((await sending).error).toMatchObject({ operation: "UploadPart" });
    expect(performance.now() - abortedAt).toBeLessThan(2_000);
  });

  test("does not wait long for a checkpoint that is never written, and cleans up all the same", timing, async () => {
    const { emulator, vod } = await bench({ faults: [{ operation: "UploadPart", fault: { kind: "hang" } }] });
    const controller = new AbortController();
    let writes = 0;
    const sending = attempt(vod, await tempFile(random(size)), {
      ...options,
      signal: controller.signal,
      onFailure: "abort",
      onCheckpoint: () => {
        writes += 1;
        return writes < 2 ? undefined : new Promise<void>(() => undefined);
      },
    });
    await vi.waitUntil(() => writes === 2, { timeout: 5_000, interval: 5 });
    const abortedAt = performance.now();
    controller.abort("enough");
    expect((await sending).error).toBe("enough");
    expect(performance.now() - abortedAt).toBeLessThan(2_000);
    expect(emulator.uploads()).toEqual([]);
  });

  test("beforehand sends nothing and reads nothing", async () => {
    const { emulator, vod } = await bench();
    let read = false;
    async function* stream(): AsyncGenerator<Uint8Array> {
      read = true;
      yield Buffer.alloc(1);
    }
    expect((await attempt(vod, stream(), { signal: AbortSignal.abort("gone") })).error).toBe("gone");
    expect(read).toBe(false);
    expect(counts(emulator)).toEqual({});
  });

  test("that comes after the end changes nothing", async () => {
    const { emulator, vod } = await bench();
    const controller = new AbortController();
    const bytes = random(2 * mib);
    const { result } = await attempt(vod, bytes, { ...options, signal: controller.signal });
    controller.abort();
    await expectCommittedOnce(emulator, bytes, result);
  });

  test("does not touch the caller's own handler, and one signal serves many uploads without piling up listeners", async () => {
    const { vod } = await bench();
    const controller = new AbortController();
    let called = 0;
    // oxlint-disable-next-line unicorn/prefer-add-event-listener
    controller.signal.onabort = () => (called += 1);
    const { signal } = controller;
    let listeners = 0;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    const live = new Set<unknown>();
    signal.addEventListener = (...args: Parameters<typeof add>) => (live.add(args[1]), add(...args));
    signal.removeEventListener = (...args: Parameters<typeof remove>) => (live.delete(args[1]), remove(...args));
    const path = await tempFile(random(2 * mib));
    for (let round = 0; round < 5; round += 1) {
      await attempt(vod, path, { ...options, signal });
      listeners = live.size;
    }
    expect(listeners).toBeLessThan(3);
    controller.abort();
    expect(called).toBe(1);
  });
});

describe("a failure", () => {
  const rules: [string, FaultRule][] = [
    ["InitiateMultipartUpload", { operation: "InitiateMultipartUpload", fault: forbidden }],
    ["a part", { operation: "UploadPart", partNumber: 4, fault: forbidden }],
    ["Complete", { operation: "CompleteMultipartUpload", fault: forbidden }],
    ["the cover", { operation: "PutObject", fault: forbidden }],
  ];

  test.each(rules)("of %s removes what was sent, before it is reported", async (_, rule) => {
    const { emulator, vod } = await bench({ faults: [rule] });
    const { error } = await attempt(vod, random(size), { ...options, cover: Buffer.from("x"), coverType: "jpg" });
    expect(error).toMatchObject({ code: "COS_API", status: 403, stage: "transfer", retryable: false });
    expectNothingCommitted(emulator);
    expect((error as { checkpoint?: object }).checkpoint).toBeUndefined();
  });

  test("stops the parts that are under way, and is the one that is told", timing, async () => {
    const { emulator, vod } = await bench({
      faults: [
        { operation: "UploadPart", partNumber: 2, fault: forbidden },
        { operation: "UploadPart", fault: { kind: "slow-read", bytesPerSecond: 300_000 } },
      ],
    });
    const started = performance.now();
    const { error } = await attempt(vod, random(20 * mib), { partSize: mib, concurrency: 4 });
    expect(error).toMatchObject({ code: "COS_API", status: 403 });
    expect(performance.now() - started).toBeLessThan(2_500);
    expect(counts(emulator)["UploadPart"]).toBeLessThanOrEqual(5);
    expect(emulator.uploads()).toEqual([]);
  });

  test.each<[string, Partial<UploadOptions>, boolean]>([
    ["by default", {}, false],
    ["by default with onCheckpoint", { onCheckpoint: () => undefined }, true],
    ["when told so", { onFailure: "keep-parts" }, true],
    ["when told not to, with onCheckpoint", { onFailure: "abort", onCheckpoint: () => undefined }, false],
    ["when a function says so", { onFailure: () => "keep-parts" }, true],
    ["when a function says not", { onFailure: () => "abort", onCheckpoint: () => undefined }, false],
  ])("keeps its parts %s: %j", async (_, more, kept) => {
    const { emulator, vod } = await bench({ faults: [{ operation: "UploadPart", partNumber: 4, fault: forbidden }] });
    const { error } = await attempt(vod, random(size), { ...options, ...more });
    expect(error).toMatchObject({ code: "COS_API" });
    expect(emulator.uploads()).toHaveLength(kept ? 1 : 0);
    const { checkpoint } = error as { checkpoint?: object };
    expect(checkpoint !== undefined).toBe(kept);
    expect(Object.keys(error as object)).not.toContain("checkpoint");
    expect(JSON.stringify(error)).not.toContain("vodSessionKey");
  });

  test("is told to the function that decides", async () => {
    const { vod } = await bench({ faults: [{ operation: "UploadPart", fault: forbidden }] });
    let told: unknown;
    const { error } = await attempt(vod, random(size), {
      ...options,
      onFailure: (why) => {
        told = why;
        return "abort";
      },
    });
    expect(told).toBe(error);
  });

  test("gives a checkpoint that goes on, even if nobody asked for one", async () => {
    const { emulator, vod } = await bench({ faults: [{ operation: "UploadPart", partNumber: 4, fault: forbidden }] });
    const bytes = random(size);
    const path = await tempFile(bytes);
    const { error } = await attempt(vod, path, { ...options, concurrency: 1, onFailure: "keep-parts" });
    emulator.setFaults([]);
    const { checkpoint } = error as { checkpoint?: UploadOptions["checkpoint"] };
    const { result } = await attempt(vod, path, { ...options, checkpoint });
    await expectCommittedOnce(emulator, bytes, result);
    expect(result?.transfer.resumedParts).toBe(3);
  });

  test("whose clean-up fails too is still the one that is told, with a warning", async () => {
    const { emulator, vod } = await bench({
      faults: [
        { operation: "UploadPart", fault: forbidden },
        {
          operation: "AbortMultipartUpload",
          fault: { kind: "answer", status: 403, headers: { "x-cos-request-id": "a" } },
        },
      ],
    });
    const warnings: Warning[] = [];
    const { error } = await attempt(vod, random(size), { ...options, onWarning: (warning) => warnings.push(warning) });
    expect(error).toMatchObject({ code: "COS_API", operation: "UploadPart" });
    expect(warnings.map(({ code }) => code)).toEqual(["CLEAN_UP_FAILED"]);
    expect(emulator.uploads()).toHaveLength(1);
  });

  test("whose clean-up is lost once is cleaned up all the same", async () => {
    const { emulator, vod } = await bench({
      faults: [{ operation: "UploadPart", fault: forbidden }, once("AbortMultipartUpload", { kind: "reset-before" })],
    });
    await attempt(vod, random(size), options);
    expect(emulator.uploads()).toEqual([]);
  });

  test("whose clean-up is lost each time is warned of with what was wrong", async () => {
    const { vod } = await bench(
      {
        faults: [
          { operation: "UploadPart", fault: forbidden },
          { operation: "AbortMultipartUpload", fault: { kind: "reset-before" } },
        ],
      },
      { retry: { attempts: 2, baseDelayMs: 1 } },
    );
    const warnings: Warning[] = [];
    await attempt(vod, random(size), { ...options, onWarning: (warning) => warnings.push(warning) });
    expect(warnings).toEqual([
      { code: "CLEAN_UP_FAILED", message: expect.stringContaining("AbortMultipartUpload: no answer from 127.0.0.1") },
    ]);
  });

  test("whose clean-up is never answered does not hang", timing, async () => {
    const { vod } = await bench(
      {
        faults: [
          { operation: "UploadPart", fault: forbidden },
          { operation: "AbortMultipartUpload", fault: { kind: "hang" } },
        ],
      },
      { limits: { headersMs: 20_000 } },
    );
    const started = performance.now();
    const { error } = await attempt(vod, random(size), options);
    expect(error).toMatchObject({ operation: "UploadPart" });
    expect(performance.now() - started).toBeLessThan(6_500);
  });
});

describe("closing the client", () => {
  test("waits for what is under way", async () => {
    const { emulator, vod } = await bench({ faults: [{ operation: "UploadPart", fault: { kind: "delay", ms: 100 } }] });
    const bytes = random(size);
    const sending = attempt(vod, bytes, options);
    await pause(50);
    await vod.close();
    await expectCommittedOnce(emulator, bytes, (await sending).result);
  });

  test("leaves no socket", async () => {
    const before = sockets();
    const { emulator, vod } = await bench();
    await Promise.all([1, 2, 3].map(() => attempt(vod, random(size), options)));
    expect(sockets()).toBeGreaterThan(before);
    await vod.close();
    await emulator.close();
    expect(await closed(before)).toBeLessThanOrEqual(0);
  });
});

test("many uploads at once share one client, each its own", async () => {
  const { emulator, vod } = await bench(
    {
      faults: [{ operation: "*", probability: 0.1, seed: 7, fault: { kind: "reset-before" } }],
    },
    { limits: { headersMs: 10_000 } },
  );
  const contents = Array.from({ length: 12 }, (_, index) => random(index * 700_000));
  const outcomes = await Promise.all(contents.map((bytes) => attempt(vod, bytes, { ...options, onFailure: "abort" })));
  const stored = new Map(emulator.media().map(({ fileId, key }) => [fileId, key]));
  for (const [index, { result, error }] of outcomes.entries()) {
    expect(error).toBeUndefined();
    const bytes = await emulator.readObject(stored.get(result?.fileId ?? "") ?? "");
    expect(bytes.equals(contents[index] ?? Buffer.alloc(0))).toBe(true);
  }
  expect(new Set(outcomes.map(({ result }) => result?.fileId)).size).toBe(12);
  expect(emulator.uploads()).toEqual([]);
  expect(emulator.media()).toHaveLength(12);
});
