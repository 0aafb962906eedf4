import { describe, expect, test, vi } from "vitest";
import { Readable } from "node:stream";
import type { FaultRule } from "../../src/emulator/index.ts";
import type { Checkpoint, UploadOptions, Warning } from "../../src/index.ts";
import { attempt, bench, collect, expectCommittedOnce, expectNothingCommitted, mib, once, random } from "./support.ts";

/** decision 0021: every function of the caller's × every moment at which it is called × thrown or rejected. */
const thrown = new Error("the caller's own");
const lost = (operation: string): FaultRule => once(operation, { kind: "reset-before" });

interface Case {
  readonly name: string;
  readonly faults: readonly FaultRule[];
  /** Whether CommitUpload has been sent by then. */
  readonly committing: boolean;
  readonly options: (fail: () => void) => UploadOptions;
}

const progress = (phase: string, committing: boolean): Case => ({
  name: `onProgress at "${phase}"`,
  faults: [],
  committing,
  options: (fail) => ({ onProgress: (event) => (event.phase === phase ? fail() : undefined) }),
});
const retry = (operation: string, committing: boolean): Case => ({
  name: `onRetry of ${operation}`,
  faults: [lost(operation)],
  committing,
  options: (fail) => ({ onRetry: (event) => (event.operation === operation ? fail() : undefined) }),
});
const saving = (state: Checkpoint["state"], committing: boolean): Case => ({
  name: `onCheckpoint in state "${state}"`,
  faults: [],
  committing,
  options: (fail) => ({
    onFailure: "abort",
    onCheckpoint: (checkpoint) => (checkpoint.state === state ? fail() : undefined),
  }),
});

const cases: readonly Case[] = [
  progress("apply", false),
  progress("transfer", false),
  progress("commit", false),
  progress("done", true),
  retry("InitiateMultipartUpload", false),
  retry("UploadPart", false),
  retry("CompleteMultipartUpload", false),
  retry("CommitUpload", true),
  saving("uploading", false),
  saving("transferred", false),
  saving("committing", false),
  saving("committed", true),
];

const ways: readonly [string, () => void][] = [
  [
    "throws",
    () => {
      throw thrown;
    },
  ],
  // In JavaScript nothing says that a handler must not be async.
  // oxlint-disable-next-line typescript/no-misused-promises
  ["rejects", () => Promise.reject(thrown)],
];

describe.each(ways)("a function that %s", (_, fail) => {
  test.each(cases)("$name", async ({ faults, committing, options }) => {
    const { emulator, vod } = await bench({ faults });
    const warnings: Warning[] = [];
    const bytes = random(3 * mib);
    const onWarning = (warning: Warning): unknown => warnings.push(warning);
    const { result, error } = await attempt(vod, bytes, { partSize: mib, onWarning, ...options(fail) });
    if (committing) {
      expect(error).toBeUndefined();
      await expectCommittedOnce(emulator, bytes, result);
      await vi.waitUntil(() => warnings.length > 0);
      expect(warnings[0]?.code).toMatch(/^(?:HANDLER|CHECKPOINT)_FAILED$/);
      expect(warnings[0]?.message).toContain(thrown.message);
    } else {
      expect(error).toBe(thrown);
      expectNothingCommitted(emulator);
    }
  });

  test("as onWarning hides no media", async () => {
    const { emulator, vod } = await bench();
    const bytes = random(mib);
    const onProgress = ({ phase }: { phase: string }): void => {
      if (phase === "done") throw new Error("first");
    };
    const { result } = await attempt(vod, bytes, { onProgress, onWarning: fail });
    await expectCommittedOnce(emulator, bytes, result);
  });

  test("as onWarning or onFailure does not mask why an upload failed", async () => {
    const forbidden: FaultRule["fault"] = { kind: "answer", status: 403, headers: { "x-cos-request-id": "a" } };
    const { emulator, vod } = await bench({
      faults: [{ operation: "UploadPart", fault: forbidden }, once("AbortMultipartUpload", forbidden)],
    });
    const onFailure = fail as unknown as () => "abort";
    const { error } = await attempt(vod, random(3 * mib), { partSize: mib, onFailure, onWarning: fail });
    expect(error).toMatchObject({ code: "COS_API", operation: "UploadPart", status: 403 });
    expect(emulator.media()).toEqual([]);
  });
});

test("an onFailure that says something else is as good as none", async () => {
  const { emulator, vod } = await bench({
    faults: [{ operation: "UploadPart", fault: { kind: "answer", status: 403 } }],
  });
  await attempt(vod, random(3 * mib), { partSize: mib, onFailure: () => "keep" as "abort" });
  expectNothingCommitted(emulator);
});

test.each<[string, Checkpoint["state"]]>([
  ["committing", "committing"],
  ["committed", "committed"],
])("a run that goes on from a checkpoint in state %s can have its media hidden by nothing", async (_, state) => {
  const { emulator, vod } = await bench();
  const bytes = random(mib);
  const checkpoints = collect();
  await attempt(vod, bytes, { onCheckpoint: checkpoints.write });
  const checkpoint = checkpoints.all.find((one) => one.state === state);
  const fail = (): never => {
    throw thrown;
  };
  const { result } = await attempt(vod, bytes, {
    checkpoint,
    onProgress: fail,
    onRetry: fail,
    onWarning: fail,
  });
  await expectCommittedOnce(emulator, bytes, result);
});

test("a credential provider that fails after CommitUpload was sent once does not hide the media", async () => {
  const { emulator } = await bench({ faults: [once("CommitUpload", { kind: "reset-after-effect" })] });
  const { VodClient } = await import("../../src/index.ts");
  const { secretId, secretKey, vodEndpoint, cosEndpoint } = emulator;
  let committed = false;
  const vod = new VodClient({
    // Each is used once, so that every request asks again.
    credentials: async () => {
      if (committed) throw thrown;
      return { secretId, secretKey, expiration: new Date() };
    },
    vodEndpoint,
    cosEndpoint,
    retry: { baseDelayMs: 2, maxDelayMs: 5 },
  });
  const { error } = await attempt(vod, random(mib), {
    onRetry: ({ operation }) => (committed = operation === "CommitUpload"),
  });
  expect(error).toMatchObject({ code: "COMMIT_UNCERTAIN", candidateFileId: emulator.media()[0]?.fileId });
  await vod.close();
});

test("an onCheckpoint that hangs once the media exists does not keep it back from who aborts", async () => {
  const { emulator, vod } = await bench();
  const bytes = random(mib);
  const controller = new AbortController();
  const warnings: Warning[] = [];
  const onCheckpoint = ({ state }: Checkpoint): Promise<void> | undefined => {
    if (state !== "committed") return undefined;
    setTimeout(() => controller.abort("enough"), 5);
    return new Promise(() => undefined);
  };
  const onWarning = (warning: Warning): unknown => warnings.push(warning);
  const { result } = await attempt(vod, bytes, { onCheckpoint, onWarning, signal: controller.signal });
  await expectCommittedOnce(emulator, bytes, result);
  expect(warnings.map(({ code }) => code)).toEqual(["CHECKPOINT_FAILED"]);
});

test("a source that hangs when it is told that no more is wanted does not hold up a failure", async () => {
  const { emulator, vod } = await bench({
    faults: [{ operation: "UploadPart", fault: { kind: "answer", status: 403 } }],
  });
  const source = {
    [Symbol.asyncIterator]: () => ({
      next: async () => ({ done: false as const, value: random(mib) }),
      return: () => new Promise<never>(() => undefined),
    }),
  };
  const { error } = await attempt(vod, source, { partSize: mib });
  expect(error).toBeInstanceOf(Error);
  expectNothingCommitted(emulator);
});

test("a source whose destroy throws is a warning", async () => {
  const { emulator, vod } = await bench();
  const bytes = random(2 * mib);
  const stream = {
    [Symbol.asyncIterator]: () => Readable.from([bytes])[Symbol.asyncIterator](),
    destroy: () => {
      throw thrown;
    },
  };
  const warnings: Warning[] = [];
  const { result } = await attempt(vod, stream, { onWarning: (warning) => warnings.push(warning) });
  await expectCommittedOnce(emulator, bytes, result);
  expect(warnings).toEqual([{ code: "HANDLER_FAILED", message: expect.stringContaining(thrown.message) }]);
});

test.each([42, {}, [], "/a/../b", "no slash"])(
  "a CoverStoragePath %j of the service without a cover hides no media",
  async (path) => {
    const { emulator, vod } = await bench();
    const { VodApi } = await import("../../src/vod-api/client.ts");
    const { call } = VodApi.prototype as unknown as { call: (...args: unknown[]) => Promise<Record<string, unknown>> };
    const spy = vi.spyOn(VodApi.prototype, "call").mockImplementation(async function (
      this: unknown,
      ...args: unknown[]
    ) {
      const answer = await call.apply(this, args);
      return args[0] === "ApplyUpload" ? { ...answer, CoverStoragePath: path } : answer;
    });
    try {
      const bytes = random(mib);
      const { result } = await attempt(vod, bytes);
      await expectCommittedOnce(emulator, bytes, result);
    } finally {
      spy.mockRestore();
    }
  },
);
