import { expect, test } from "vitest";
import { CheckpointError, summarizeCheckpoint, type Checkpoint } from "../../src/index.ts";
import { httpServer } from "../support/raw-servers.ts";
import { bench, collect } from "../upload/support.ts";
import { changedCheckpoint, malformed } from "./malformed.ts";
import { expectPlain } from "./outcome.ts";
import { bytesOf } from "./support.ts";

const bytes = bytesOf(3 * 2 ** 20);
const options = { mediaType: "mp4", partSize: 2 ** 20, concurrency: 1 } as const;

/** A client, and the checkpoint that an upload by it has left. */
async function interrupted() {
  const { emulator, vod } = await bench();
  const seen = collect();
  const onProgress = ({ parts }: { readonly parts: { readonly done: number } }): void => {
    if (parts.done === 1) throw new Error("crash");
  };
  const onFailure = "keep-parts" as const;
  await vod.upload(bytes, { ...options, onCheckpoint: seen.write, onProgress, onFailure }).catch(() => undefined);
  emulator.clearRequests();
  return { emulator, vod, checkpoint: seen.last() };
}

test("40 checkpoints", () => expect(malformed.length).toBeGreaterThanOrEqual(40));

test("what is no checkpoint is refused by upload, discard and settle, each time as what it is, and nothing is sent", async () => {
  const { emulator, vod, checkpoint } = await interrupted();
  for (const [name, change] of malformed) {
    const value = changedCheckpoint(checkpoint, change) as Checkpoint;
    for (const use of [
      () => vod.upload(bytes, { ...options, checkpoint: value }),
      () => vod.discard(value),
      () => vod.settle(value),
    ]) {
      const error = await use().then(
        () => "done",
        (thrown: unknown) => thrown,
      );
      expect(error, name).toBeInstanceOf(CheckpointError);
      expect((error as CheckpointError).code, name).toBe("CHECKPOINT_INVALID");
      expectPlain(error);
    }
    expect(() => JSON.stringify(summarizeCheckpoint(value)), name).not.toThrow();
  }
  expect(emulator.requests()).toEqual([]);
  // It was a good one.
  await expect(vod.upload(bytes, { ...options, checkpoint })).resolves.toMatchObject({ fileId: expect.any(String) });
}, 30_000);

test("of a foreign endpoint nothing is asked with the account's keys", async () => {
  const { emulator, vod, checkpoint } = await interrupted();
  const seen: string[] = [];
  const foreign = await httpServer((request, response) => {
    seen.push(JSON.stringify(request.headers));
    response.end("{}");
  });
  const { certificate: _, ...session } = checkpoint.session;
  for (const endpoint of [
    { ...checkpoint.endpoint, cos: foreign.origin },
    { ...checkpoint.endpoint, vod: foreign.origin },
    { vod: foreign.origin, cos: foreign.origin },
  ]) {
    const planted = { ...checkpoint, endpoint, session };
    await expect(vod.upload(bytes, { ...options, checkpoint: planted })).rejects.toMatchObject({
      code: "CHECKPOINT_MISMATCH",
    });
    await vod.discard(planted);
    const done = { size: bytes.length, parts: 3, crc64: "1", verified: "crc64" } as const;
    const objects = Object.fromEntries(Object.keys(checkpoint.objects).map((key) => [key, { parts: [], done }]));
    const committing = { ...planted, state: "committing", objects } as const;
    await vod.settle(committing).catch(() => undefined);
  }
  expect(seen).toEqual([]);
  expect(emulator.requests().filter(({ operation }) => operation === "ApplyUpload")).toEqual([]);
});

test.each(["https://evil.example", "http://169.254.169.254", "file:///etc/passwd", "x\r\ny", "{bucket}", ""])(
  "a checkpoint of the storage endpoint %j is given up with an error of its own",
  async (cos) => {
    const { vod, checkpoint } = await interrupted();
    const { certificate: _, ...session } = checkpoint.session;
    const planted = { ...checkpoint, endpoint: { ...checkpoint.endpoint, cos }, session };
    const error = await vod.upload(bytes, { ...options, checkpoint: planted }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CheckpointError);
    expectPlain(error);
    const discarded = await vod.discard(planted).catch((thrown: unknown) => thrown);
    if (discarded instanceof Error) expectPlain(discarded);
  },
);
