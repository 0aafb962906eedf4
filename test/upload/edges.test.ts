import { expect, test } from "vitest";
import { baseName } from "../../src/upload/source/media-type.ts";
import { inParallel } from "../../src/http/in-parallel.ts";
import { SlabStock } from "../../src/upload/buffers/budget.ts";
import { attempt, bench, collect, counts, expectCommittedOnce, mib, random, tempFile } from "./support.ts";

test("a list of parts that names none of ours is believed in nothing: all are sent again, and compared", async () => {
  const { emulator, vod } = await bench({
    faults: [{ operation: "UploadPart", partNumber: 3, fault: { kind: "hang" } }],
  });
  const bytes = random(4 * mib + 5);
  const path = await tempFile(bytes);
  const options = { partSize: mib, concurrency: 1 };
  const seen = collect();
  const controller = new AbortController();
  await attempt(vod, path, {
    ...options,
    onCheckpoint: seen.write,
    signal: controller.signal,
    onProgress: ({ parts }) => parts.done === 2 && controller.abort("stopped"),
  });
  const part = (number: number, size: number): string =>
    `<Part><PartNumber>${number}</PartNumber><ETag>"e"</ETag><Size>${size}</Size></Part>`;
  const lies = `<ListPartsResult><IsTruncated>false</IsTruncated>${part(1, 7)}${part(99, mib)}</ListPartsResult>`;
  const headers = { "content-type": "application/xml", "x-cos-request-id": "a" };
  emulator.setFaults([{ operation: "ListParts", fault: { kind: "answer", status: 200, headers, body: lies } }]);
  emulator.clearRequests();
  const { result } = await attempt(vod, path, { ...options, checkpoint: seen.last() });
  await expectCommittedOnce(emulator, bytes, result);
  expect(counts(emulator)).toMatchObject({ ListParts: 1, UploadPart: 5 });
});

test("a device is read as the stream that it is", async () => {
  const { emulator, vod } = await bench();
  const { result } = await attempt(vod, "/dev/null");
  await expectCommittedOnce(emulator, Buffer.alloc(0), result);
});

test("a name that is none gives no base name", () => {
  expect([undefined, "", "a", "a.b.mp4"].map(baseName)).toEqual([undefined, undefined, "a", "a.b"]);
});

test("work that begins after an abort is not begun", async () => {
  const begun: number[] = [];
  const working = inParallel({
    items: () => [1, 2],
    most: () => 2,
    signal: AbortSignal.abort("before"),
    work: async (item) => void begun.push(item),
  });
  await expect(working).rejects.toBe("before");
  expect(begun).toEqual([]);
});

test("no more than 32 MiB of slabs are kept for later", () => {
  const stock = new SlabStock();
  const slabs = Array.from({ length: 40 }, () => stock.take());
  for (const slab of slabs) stock.give(slab);
  const again = Array.from({ length: 40 }, () => stock.take());
  expect(again.filter((slab) => slabs.includes(slab))).toHaveLength(32);
});
