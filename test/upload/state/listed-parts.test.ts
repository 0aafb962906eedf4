import { expect, test } from "vitest";
import { attempt, bench, collect, counts, expectCommittedOnce, mib, random, tempFile } from "../support.ts";

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
