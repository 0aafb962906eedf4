import { describe, expect, test } from "vitest";
import { summarizeCheckpoint } from "../../../src/index.ts";

const done = { size: 10, parts: 1, crc64: "1", verified: "crc64" };
const committed = {
  state: "committed",
  source: { size: 10 },
  fields: { MediaType: "m3u8" },
  session: { mediaStoragePath: "/d/top.m3u8", coverStoragePath: "/d/cover.jpg", certificate: { expiredTime: 1 } },
  objects: {
    "d/top.m3u8": { parts: [], done: { ...done, parts: 2, crc64: "7" } },
    "d/1.ts": { parts: [], done: { ...done, size: 300 } },
    "d/cover.jpg": { parts: [], done: { ...done, size: 5_000 } },
  },
  result: { fileId: "1", mediaUrl: "https://host.example/top.m3u8", requestId: "r" },
  savedAt: "2026-01-02T03:04:05.000Z",
};

describe("what a checkpoint says", () => {
  test("adds up media and cover, and counts what an abort has to remove", () => {
    const checkpoint = {
      state: "uploading",
      source: { size: 100 },
      cover: { size: 10 },
      fields: { MediaType: "mp4" },
      objects: { a: { uploadId: "u", parts: [{ size: 40 }, { size: 20 }] }, b: { uploadId: "v", parts: [], done } },
    };
    expect(summarizeCheckpoint(checkpoint)).toMatchObject({ bytes: 110, sentBytes: 70, openUploads: 1 });
  });

  test("knows no total of a manifest's tree", () => {
    const checkpoint = { source: { size: 100 }, fields: { MediaType: "m3u8" }, objects: {} };
    expect(summarizeCheckpoint(checkpoint).bytes).toBeUndefined();
  });

  test("has the result of a committed upload: the bytes of the whole tree, the rest of the media's object", () => {
    const { result, certificateExpires, savedAt } = summarizeCheckpoint(JSON.parse(JSON.stringify(committed)));
    expect(result).toEqual({
      ...committed.result,
      coverUrl: undefined,
      transfer: {
        bytes: 310,
        parts: 2,
        crc64: "7",
        verified: "crc64",
        retries: 0,
        durationMs: 0,
        resumedParts: 2,
      },
    });
    expect([certificateExpires, savedAt]).toEqual([new Date(1_000), new Date(committed.savedAt)]);
  });

  test.each([
    { ...committed, state: "committing" },
    { ...committed, result: { fileId: "1" } },
    { ...committed, objects: {} },
  ])("has no result while one is missing", (checkpoint) => {
    expect(summarizeCheckpoint(checkpoint).result).toBeUndefined();
  });

  test.each([undefined, null, 7, "x", [], { state: 1, objects: { a: null, b: { parts: 3 } }, savedAt: {} }])(
    "survives %j as a checkpoint",
    (checkpoint) => {
      expect(summarizeCheckpoint(checkpoint)).toMatchObject({ state: "unreadable", sentBytes: 0, openUploads: 0 });
    },
  );
});
