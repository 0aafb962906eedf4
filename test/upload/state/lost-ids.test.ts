import { describe, expect, test } from "vitest";
import type { Emulator, FaultRule } from "../../../src/emulator/index.ts";
import type { Checkpoint, UploadOptions, VodClient } from "../../../src/index.ts";
import {
  attempt,
  bench,
  collect,
  counts,
  expectCommittedOnce,
  expectNothingCommitted,
  mib,
  once,
  random,
  tempFile,
} from "../support.ts";

/** Multipart uploads whose ids nobody was given: opened by a request whose answer was lost, or by a run that was killed. */
const bytes = random(3 * mib + 7);
const parts = { partSize: mib, concurrency: 1 } as const;
const initiate = "InitiateMultipartUpload";
const list = "ListMultipartUploads";
const remove = "AbortMultipartUpload";
const lost = { kind: "reset-after-effect" } as const;
const denied: FaultRule["fault"] = { kind: "answer", status: 403, headers: { "x-cos-request-id": "a" } };

const named = ({ objects }: Checkpoint): string[] =>
  Object.values(objects).flatMap(({ uploadId }) => (uploadId === undefined ? [] : [uploadId]));

/** What a run leaves that was killed before it knew an id: its first checkpoint, and `opened` uploads. */
async function killed(
  emulator: Emulator,
  vod: VodClient,
  path: string,
  opened: number,
  more: UploadOptions = {},
): Promise<Checkpoint> {
  const seen = collect();
  const stop = new AbortController();
  emulator.setFaults([{ operation: initiate, times: opened, fault: lost }, once(initiate, { kind: "hang" })]);
  await attempt(vod, path, {
    ...parts,
    ...more,
    signal: stop.signal,
    onCheckpoint: seen.write,
    onFailure: "keep-parts",
    onRetry: ({ attempt: number }) => void (number === opened && stop.abort("killed")),
  });
  emulator.setFaults([]);
  emulator.clearRequests();
  expect(emulator.uploads()).toHaveLength(opened);
  expect(named(seen.last())).toEqual([]);
  return seen.last();
}

describe("an answer to Initiate that is lost", () => {
  test("leaves no upload behind: it is found by its key and removed before anything is sent", async () => {
    const { emulator, vod } = await bench({ faults: [{ operation: initiate, times: 2, fault: lost }] });
    const seen = collect();
    const { result } = await attempt(vod, bytes, { ...parts, onCheckpoint: seen.write });
    await expectCommittedOnce(emulator, bytes, result);
    expect(counts(emulator)).toMatchObject({ [initiate]: 3, [list]: 1, [remove]: 2, UploadPart: 4 });
    const [before, after] = [remove, "UploadPart"].map((name) =>
      emulator.requests().findIndex(({ operation }) => operation === name),
    );
    expect(before).toBeLessThan(after ?? 0);
    // A kill in between is no harm: no checkpoint names an upload before the others are gone.
    expect(seen.all.filter((checkpoint) => named(checkpoint).length === 0).length).toBeGreaterThanOrEqual(2);
  });

  test("without a loss the list is never asked for", async () => {
    const { emulator, vod } = await bench();
    await expectCommittedOnce(emulator, bytes, (await attempt(vod, bytes, parts)).result);
    expect(counts(emulator)[list]).toBeUndefined();
  });

  test("is no loss where the request was not carried out", async () => {
    const busy = { "x-cos-request-id": "a", "content-type": "application/xml" };
    const body = "<Error><Code>SlowDown</Code></Error>";
    const { emulator, vod } = await bench({
      faults: [once(initiate, { kind: "answer", status: 503, headers: busy, body })],
    });
    await expectCommittedOnce(emulator, bytes, (await attempt(vod, bytes, parts)).result);
    expect(counts(emulator)).toMatchObject({ [initiate]: 2 });
    expect(counts(emulator)[list]).toBeUndefined();
  });

  const refusals: readonly (readonly [string, FaultRule["fault"]])[] = [
    ["403", denied],
    ["404", { kind: "answer", status: 404, headers: { "x-cos-request-id": "a" } }],
    ["500", { kind: "answer", status: 500, headers: { "x-cos-request-id": "a" } }],
    ["a page of somebody else", { kind: "answer", status: 200, body: "<html>hotel</html>" }],
    ["a cut connection", { kind: "reset-before" }],
    ["silence", { kind: "hang" }],
  ];
  test.each(refusals)("where the list is answered with %s, nothing else changes", async (_, fault) => {
    const { emulator, vod } = await bench({ faults: [once(initiate, lost), { operation: list, fault }] });
    const seen = collect();
    const warnings: unknown[] = [];
    const retries: string[] = [];
    const { result } = await attempt(vod, bytes, {
      ...parts,
      onCheckpoint: seen.write,
      onWarning: (warning) => warnings.push(warning),
      onRetry: ({ operation }) => retries.push(operation),
    });
    expect(result?.transfer.verified).toBe("crc64");
    expect(counts(emulator)).toMatchObject({ [initiate]: 2, [list]: 1, UploadPart: 4 });
    expect(counts(emulator)[remove]).toBeUndefined();
    expect([warnings, retries]).toEqual([[], [initiate]]);
    expect(named(seen.last())).toHaveLength(1);
  });

  test("a certificate that may not list is asked once in an upload", async () => {
    const { emulator, vod } = await bench({
      listMultipartUploads: false,
      faults: [{ operation: initiate, times: 1, pathEndsWith: "mp4", fault: lost }, once(initiate, lost)],
    });
    const cover = random(2 * mib + 1);
    const options = { ...parts, cover, coverType: "jpg" };
    expect((await attempt(vod, bytes, options)).result?.fileId).toBeDefined();
    expect(counts(emulator)).toMatchObject({ [initiate]: 4, [list]: 1 });
  });

  test("an upload that fails for it removes what it had opened", async () => {
    const { emulator, vod } = await bench({ faults: [{ operation: initiate, fault: lost }] });
    const { error } = await attempt(vod, bytes, parts);
    expect(error).toMatchObject({ name: "NetworkError" });
    expectNothingCommitted(emulator);
    expect(counts(emulator)).toMatchObject({ [initiate]: 6, [list]: 1, [remove]: 6 });
  });

  test("an abort while it is awaited removes what it had opened", async () => {
    const slow = once(initiate, { kind: "slow-response", ms: 3_000 });
    const { emulator, vod } = await bench({ faults: [slow] }, { limits: { headersMs: 5_000 } });
    const stop = new AbortController();
    const uploading = attempt(vod, bytes, { ...parts, signal: stop.signal });
    while (emulator.uploads().length === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    const began = performance.now();
    stop.abort("enough");
    expect(await uploading).toEqual({ error: "enough" });
    expect(performance.now() - began).toBeLessThan(1_500);
    expectNothingCommitted(emulator);
  });

  test("what is listed is not touched where the checkpoint is another process's by now", async () => {
    const { emulator, vod } = await bench({ faults: [once(initiate, lost)] });
    const { error } = await attempt(vod, bytes, {
      ...parts,
      // From the second on: the list has been read.
      onCheckpoint: () => {
        if (counts(emulator)[list] === 1) throw new Error("taken over");
      },
      onFailure: "keep-parts",
    });
    expect(error).toMatchObject({ message: "taken over" });
    expect(counts(emulator)[remove]).toBeUndefined();
    expect(emulator.uploads()).toHaveLength(2);
  });

  test("a path that the caller chose may hold another session's upload, and is never listed", async () => {
    const { emulator, vod } = await bench({ faults: [once(initiate, lost)] });
    const { result } = await attempt(vod, bytes, { ...parts, mediaStoragePath: "/shared/film.mp4" });
    expect(result?.fileId).toBeDefined();
    expect(counts(emulator)[list]).toBeUndefined();
    expect(counts(emulator)[remove]).toBeUndefined();
  });
});

describe("a run that was killed before it wrote an id down", () => {
  test.each([1, 3])("left %i uploads: one is gone on with, none is left", async (opened) => {
    const { emulator, vod } = await bench();
    const path = await tempFile(bytes);
    const checkpoint = await killed(emulator, vod, path, opened);
    const { result } = await attempt(vod, path, { ...parts, checkpoint, onCheckpoint: () => undefined });
    await expectCommittedOnce(emulator, bytes, result);
    expect(counts(emulator)).toMatchObject({ [list]: 1, ListParts: 1, UploadPart: 4 });
    expect(counts(emulator)[initiate]).toBeUndefined();
    expect(counts(emulator)[remove] ?? 0).toBe(opened - 1);
  });

  test("of a certificate that may not list: another upload is opened, one request later", async () => {
    const { emulator, vod } = await bench({ listMultipartUploads: false });
    const path = await tempFile(bytes);
    const checkpoint = await killed(emulator, vod, path, 1);
    const { result } = await attempt(vod, path, { ...parts, checkpoint });
    expect(result?.transfer.verified).toBe("crc64");
    expect(counts(emulator)).toEqual({
      [list]: 1,
      [initiate]: 1,
      UploadPart: 4,
      CompleteMultipartUpload: 1,
      CommitUpload: 1,
    });
  });

  test("with a stream, which begins again: what it left is removed", async () => {
    const { emulator, vod } = await bench();
    const stream = async function* (): AsyncGenerator<Uint8Array> {
      yield bytes;
    };
    const seen = collect();
    const stop = new AbortController();
    emulator.setFaults([once(initiate, lost)]);
    const kill = { signal: stop.signal, onRetry: () => stop.abort("killed"), onFailure: "keep-parts" } as const;
    await attempt(vod, stream(), { ...parts, ...kill, onCheckpoint: seen.write });
    expect(emulator.uploads()).not.toEqual([]);
    const { result } = await attempt(vod, stream(), { ...parts, checkpoint: seen.last() });
    await expectCommittedOnce(emulator, bytes, result);
  });

  test("is given up: discard finds what no checkpoint names", async () => {
    const { emulator, vod } = await bench();
    const path = await tempFile(bytes);
    const checkpoint = await killed(emulator, vod, path, 2);
    expect(await vod.discard(checkpoint)).toEqual({ removed: true, reason: undefined });
    expect(counts(emulator)).toEqual({ [list]: 1, [remove]: 2 });
    expect(emulator.uploads()).toEqual([]);
  });

  test.each([
    ["refuses to list", [{ operation: list, fault: denied }], { removed: true, reason: undefined }],
    ["refuses to remove", [{ operation: remove, fault: denied }], { removed: false, reason: "403 AccessDenied" }],
  ] as const)("is given up where the storage %s", async (_, faults, outcome) => {
    const { emulator, vod } = await bench();
    const path = await tempFile(bytes);
    const checkpoint = await killed(emulator, vod, path, 1);
    emulator.setFaults(faults);
    expect(await vod.discard(checkpoint)).toMatchObject(outcome);
    expect(emulator.uploads()).toHaveLength(1);
  });
});
