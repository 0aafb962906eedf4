import type { Checkpoint, UploadOptions, Warning } from "../../../src/index.ts";
import type { Emulator } from "../../../src/emulator/index.ts";
import { randomBytes } from "node:crypto";
import { rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { CheckpointError, VodupError } from "../../../src/index.ts";
import { expected, media, operations, playlist, service, stored, tree, type Service } from "../support/trees.ts";

const names = Array.from({ length: 12 }, (_none, index) => `v/${index}.ts`);

/** A master, a variant, twelve small segments and a large one of five parts. */
async function sample(): Promise<{ root: string; manifest: string; files: string[] }> {
  const root = await tree({
    "a.m3u8": playlist("#EXT-X-STREAM-INF:BANDWIDTH=1", "v/v.m3u8"),
    "v/v.m3u8": media("large.ts", ...names.map((name) => name.slice(2))),
    "v/large.ts": randomBytes(4 * 2 ** 20 + 7),
    ...Object.fromEntries(names.map((name) => [name, randomBytes(3_000)])),
  });
  return { root, manifest: join(root, "a.m3u8"), files: ["v/v.m3u8", "v/large.ts", ...names] };
}

/**
 * Uploads until a checkpoint satisfies `enough`, then dies: what is left is that checkpoint as JSON, and what the
 * service holds.
 */
async function crash(
  { vod }: Service,
  manifest: string,
  enough: (checkpoint: Checkpoint) => boolean,
  options: UploadOptions = {},
): Promise<Checkpoint> {
  const controller = new AbortController();
  let left: string | undefined;
  const work = vod.upload(manifest, {
    partSize: 2 ** 20,
    concurrency: 2,
    ...options,
    signal: controller.signal,
    onCheckpoint: (checkpoint) => {
      if (left !== undefined || !enough(checkpoint)) return;
      left = JSON.stringify(checkpoint);
      controller.abort(new Error("killed"));
    },
  });
  await expect(work).rejects.toThrow("killed");
  return JSON.parse(left ?? "null") as Checkpoint;
}

const doneObjects = ({ objects }: Checkpoint): string[] =>
  Object.entries(objects).flatMap(([key, { done }]) => (done === undefined ? [] : [key.split("/").at(-1) ?? ""]));

const puts = (emulator: Emulator): string[] => operations(emulator).filter((name) => /^(Put|UploadPart)/.test(name));

async function failure(work: Promise<unknown>): Promise<VodupError> {
  const error: unknown = await work.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  expect(error).toBeInstanceOf(VodupError);
  return error as VodupError;
}

describe("going on in another process", () => {
  test("sends only what was not finished, under the same keys, and commits once", async () => {
    const { root, manifest, files } = await sample();
    const first = await service();
    const checkpoint = await crash(first, manifest, (state) => doneObjects(state).length >= 6);
    const done = doneObjects(checkpoint);
    first.emulator.clearRequests();
    const events: number[] = [];
    const { fileId, transfer } = await first.vod.upload(manifest, {
      checkpoint,
      onProgress: ({ sentBytes, totalBytes }) => events.push(sentBytes / (totalBytes ?? 0)),
    });
    expect(await stored(first.emulator, fileId)).toEqual(await expected(root, "a.m3u8", files));
    const sent = puts(first.emulator);
    for (const name of done) expect(sent.filter((put) => put.endsWith(` ${name}`))).toEqual([]);
    expect(sent.filter((put) => /\d+\.ts$/.test(put))).toHaveLength(12 - done.filter((n) => /^\d/.test(n)).length);
    expect(operations(first.emulator)).not.toContain("ApplyUpload");
    expect(first.emulator.media()).toHaveLength(1);
    expect(transfer.bytes).toBe(4 * 2 ** 20 + 7 + 12 * 3_000 + (await manifestBytes(root)));
    expect(transfer.resumedParts).toBeGreaterThanOrEqual(done.length);
    expect(events.at(-1)).toBe(1);
    expect(Math.max(...events.filter((share) => !Number.isNaN(share)))).toBe(1);
  });

  async function manifestBytes(root: string): Promise<number> {
    const { planManifest } = await import("../../../src/index.ts");
    const { files } = await planManifest(join(root, "a.m3u8"));
    return files.filter((file) => file.manifest).reduce((sum, { size }) => sum + size, 0);
  }

  test("a checkpoint of the very beginning, when nothing was sent", async () => {
    const { root, manifest, files } = await sample();
    const { emulator, vod } = await service();
    const checkpoint = await crash({ emulator, vod }, manifest, () => true);
    expect(Object.values(checkpoint.objects).every(({ source }) => source?.kind === "file")).toBe(true);
    const { fileId } = await vod.upload(manifest, { checkpoint });
    expect(await stored(emulator, fileId)).toEqual(await expected(root, "a.m3u8", files));
    expect(operations(emulator).filter((name) => name === "ApplyUpload")).toHaveLength(1);
  });

  test("parts of a large segment are not sent twice", async () => {
    const { root, manifest, files } = await sample();
    const { emulator, vod } = await service();
    const parts = (state: Checkpoint): number =>
      Object.values(state.objects).reduce((sum, object) => sum + object.parts.length, 0);
    const checkpoint = await crash({ emulator, vod }, manifest, (state) => parts(state) >= 2);
    const kept = emulator.uploads()[0]?.parts.length ?? 0;
    expect(kept).toBeGreaterThanOrEqual(2);
    emulator.clearRequests();
    const { fileId } = await vod.upload(manifest, { checkpoint, partSize: 2 ** 20 });
    expect(await stored(emulator, fileId)).toEqual(await expected(root, "a.m3u8", files));
    expect(puts(emulator).filter((put) => put === "UploadPart large.ts")).toHaveLength(5 - kept);
  });
});

describe("a tree that is no longer the same", () => {
  test.each<[string, (root: string) => Promise<unknown>, RegExp]>([
    ["a finished segment was written again", (root) => writeFile(join(root, "v/0.ts"), "x"), /0\.ts"\]\.source\.size$/],
    [
      "a segment that is to come was touched",
      (root) => utimes(join(root, "v/11.ts"), 9, 9),
      /11\.ts"\]\.source\.modified$/,
    ],
    [
      "the nested manifest was touched",
      (root) => utimes(join(root, "v/v.m3u8"), 9, 9),
      /v\.m3u8"\]\.source\.modified$/,
    ],
    ["the manifest was touched", (root) => utimes(join(root, "a.m3u8"), 9, 9), /^source\.modified$/],
  ])("%s", async (_what, change, field) => {
    const { root, manifest } = await sample();
    const { emulator, vod } = await service();
    const checkpoint = await crash({ emulator, vod }, manifest, (state) => doneObjects(state).length >= 3);
    await change(root);
    emulator.clearRequests();
    const error = await failure(vod.upload(manifest, { checkpoint }));
    expect(error).toBeInstanceOf(CheckpointError);
    expect(error).toMatchObject({ code: "CHECKPOINT_MISMATCH", field: expect.stringMatching(field) });
    expect(puts(emulator)).toEqual([]);
  });

  test("files added and taken away", async () => {
    const { manifest } = await sample();
    const { emulator, vod } = await service();
    const checkpoint = await crash({ emulator, vod }, manifest, (state) => doneObjects(state).length >= 3);
    const [first = "", ...others] = Object.keys(checkpoint.objects).filter((key) => key.endsWith("/0.ts"));
    expect(others).toEqual([]);
    const { [first]: taken, ...left } = checkpoint.objects;
    expect(await failure(vod.upload(manifest, { checkpoint: { ...checkpoint, objects: left } }))).toMatchObject({
      code: "CHECKPOINT_MISMATCH",
      field: `objects["${first}"]`,
    });
    const objects = { ...checkpoint.objects, [`${first}x`]: taken ?? { parts: [] } };
    expect(await failure(vod.upload(manifest, { checkpoint: { ...checkpoint, objects } }))).toMatchObject({
      code: "CHECKPOINT_MISMATCH",
      field: `objects["${first}x"].source`,
    });
  });
});

describe("once everything is transferred the tree is not needed", () => {
  test.each(["transferred", "committing", "committed"] as const)("%s", async (state) => {
    const { root, manifest, files } = await sample();
    const { emulator, vod } = await service();
    let checkpoint: Checkpoint | undefined;
    const keep: UploadOptions["onCheckpoint"] = (now) => {
      if (now.state === state) checkpoint ??= JSON.parse(JSON.stringify(now)) as Checkpoint;
    };
    const before = await vod.upload(manifest, { onCheckpoint: keep });
    const whole = await expected(root, "a.m3u8", files);
    await rm(join(root, "v"), { recursive: true });
    emulator.clearRequests();
    const again = await vod.upload(manifest, { checkpoint });
    expect({ ...again, requestId: "", transfer: {} }).toEqual({ ...before, requestId: "", transfer: {} });
    expect(again.transfer).toMatchObject({ bytes: before.transfer.bytes, crc64: before.transfer.crc64, parts: 1 });
    expect(operations(emulator)).toEqual(state === "committed" ? [] : ["CommitUpload"]);
    expect(emulator.media()).toHaveLength(1);
    expect(await stored(emulator, again.fileId)).toEqual(whole);
  });
});

describe("a certificate that ends on the way", () => {
  const expire = { operation: "PutObject", nth: 5, fault: { kind: "expire-certificate" as const } };

  test("is renewed, and nothing is sent twice", async () => {
    const { root, manifest, files } = await sample();
    const { emulator, vod } = await service({ faults: [expire] });
    const { fileId } = await vod.upload(manifest, { concurrency: 1 });
    expect(await stored(emulator, fileId)).toEqual(await expected(root, "a.m3u8", files));
    const stayed = emulator.requests().filter(({ operation, status }) => operation === "PutObject" && status === 200);
    expect(new Set(stayed.map(({ key }) => key)).size).toBe(stayed.length);
  });

  test("by a new session all files are sent again, to new keys", async () => {
    const { root, manifest, files } = await sample();
    const { emulator, vod } = await service({ faults: [expire] });
    const warnings: Warning[] = [];
    const { fileId, transfer } = await vod.upload(manifest, {
      concurrency: 1,
      sessionRefresh: "restart",
      onWarning: (warning) => warnings.push(warning),
    });
    expect(warnings).toMatchObject([{ code: "RESTARTED" }]);
    expect(await stored(emulator, fileId)).toEqual(await expected(root, "a.m3u8", files));
    expect(transfer.bytes).toBeGreaterThan(4 * 2 ** 20);
    expect(emulator.uploads()).toEqual([]);
    expect(emulator.media()).toHaveLength(1);
  });
});
