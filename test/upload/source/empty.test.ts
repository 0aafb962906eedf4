import { expect, test } from "vitest";
import type { UploadSource } from "../../../src/index.ts";
import { bench, random, tempFile } from "../support.ts";

async function* nothing(): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(0);
}

const empty: [string, () => UploadSource | Promise<UploadSource>][] = [
  ["bytes", () => new Uint8Array(0)],
  ["a Blob", () => new Blob([])],
  ["a file", () => tempFile(new Uint8Array(0))],
  ["a stream", () => nothing()],
];

test.each(empty)("refuseEmpty: %s without a byte is refused before anything is sent", async (_, make) => {
  const { vod, emulator } = await bench();
  const upload = vod.upload(await make(), { mediaType: "mp4", refuseEmpty: true });
  await expect(upload).rejects.toMatchObject({ code: "SOURCE_UNREADABLE", message: expect.stringMatching(/is empty/) });
  expect(emulator.requests()).toEqual([]);
});

test.each(empty)("without it, %s becomes a media of 0 bytes", async (_, make) => {
  const { vod } = await bench();
  const { transfer } = await vod.upload(await make(), { mediaType: "mp4" });
  expect(transfer.bytes).toBe(0);
});

test.each(empty)("refuseEmpty holds for a cover, too: %s", async (_, make) => {
  const { vod, emulator } = await bench();
  const options = { mediaType: "mp4", cover: await make(), coverType: "jpg", refuseEmpty: true };
  await expect(vod.upload(random(10), options)).rejects.toMatchObject({ code: "SOURCE_UNREADABLE" });
  expect(emulator.media()).toEqual([]);
});

test("what has bytes is uploaded, a stream with all of them", async () => {
  const { vod } = await bench();
  async function* late(): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(0);
    yield random(7);
    yield random(5);
  }
  const { transfer } = await vod.upload(late(), { mediaType: "mp4", refuseEmpty: true });
  expect(transfer.bytes).toBe(12);
});
