import { describe, expect, test } from "vitest";
import type { Checkpoint } from "../../../src/upload/state/checkpoint.ts";
import { UploadState, type UploadIdentity } from "../../../src/upload/state/upload-state.ts";
import type { UploadSession } from "../../../src/upload/session/apply.ts";

const identity = {
  endpoint: { vod: "https://vod.example", cos: "https://cos.example" },
  source: { kind: "file", size: 1, modified: "1" },
  cover: undefined,
  fields: { mediaType: "mp4" },
} as unknown as UploadIdentity;
const session = { vodSessionKey: "key" } as unknown as UploadSession;

/** An upload on a line so slow that each checkpoint is written before the next part has come. */
async function upload(
  partCount: number,
): Promise<{ bytes: number; last: number; writes: Checkpoint[]; end: () => Promise<Checkpoint> }> {
  const writes: Checkpoint[] = [];
  const state = new UploadState(
    identity,
    (checkpoint) => void writes.push(checkpoint),
    undefined,
    new AbortController().signal,
  );
  await state.begin(session, new Map());
  const record = state.record("film.mp4");
  await record.opened("upload-id", 2 ** 20);
  for (let number = 1; number <= partCount; number += 1) {
    record.partDone({
      number,
      size: 2 ** 20,
      etag: `"${String(number).padStart(32, "0")}"`,
      crc64: "16017035506815846411",
    });
    await new Promise((resolve) => setImmediate(resolve));
  }
  const sizes = writes.map((checkpoint) => JSON.stringify(checkpoint).length);
  const end = async (): Promise<Checkpoint> => {
    await state.flush(new AbortController().signal);
    return writes.at(-1) as Checkpoint;
  };
  return { bytes: sizes.reduce((sum, size) => sum + size, 0), last: sizes.at(-1) ?? 0, writes, end };
}

const partsOf = ({ objects }: Checkpoint): number => objects["film.mp4"]?.parts.length ?? 0;

describe("checkpoints of an upload in many parts", () => {
  test("what is written grows with the number of parts, not with its square", async () => {
    const [one, two] = [await upload(1_000), await upload(2_000)];
    expect(two.bytes / one.bytes).toBeLessThan(2.3);
    expect(two.bytes).toBeLessThan(40 * two.last);
  });

  test("each of the first parts is written down, and never more than one in 32 is missing", async () => {
    const { writes } = await upload(500);
    const counts = writes.map(partsOf);
    expect(counts.slice(2, 32)).toEqual(Array.from({ length: 30 }, (_, index) => index + 1));
    for (const [index, count] of counts.entries()) {
      expect((counts[index + 1] ?? 500) - count).toBeLessThanOrEqual(Math.max(1, Math.ceil((count + 1) / 32)));
    }
  });

  test("an upload that ends in order writes down what was missing", async () => {
    const { writes, end } = await upload(500);
    expect(partsOf(writes.at(-1) as Checkpoint)).toBeLessThan(500);
    expect(partsOf(await end())).toBe(500);
  });
});
