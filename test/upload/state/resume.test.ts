import { appendFile, rename, truncate, utimes, writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import type { Emulator } from "../../../src/emulator/index.ts";
import type { Checkpoint, UploadOptions, VodClient } from "../../../src/index.ts";
import { pause } from "../../support/raw-servers.ts";
import { attempt, bench, collect, counts, expectCommittedOnce, mib, once, random, tempFile } from "../support.ts";

const size = 6 * mib + 321;
const options = { partSize: mib, concurrency: 2 };

/** Uploads until `count` parts are done, and stops as a crash would: everything is kept. */
async function interrupted(
  vod: VodClient,
  path: string,
  count: number,
  more: UploadOptions = {},
): Promise<{ readonly checkpoint: Checkpoint; readonly all: Checkpoint[] }> {
  const seen = collect();
  const controller = new AbortController();
  const { error } = await attempt(vod, path, {
    ...options,
    ...more,
    onCheckpoint: seen.write,
    signal: controller.signal,
    onProgress: ({ parts }) => {
      if (parts.done >= count) controller.abort("stopped");
    },
  });
  expect(error).toBe("stopped");
  // What was on its way when the connections were cut may still arrive.
  await pause(50);
  return { checkpoint: seen.all.at(-1) ?? more.checkpoint ?? seen.last(), all: seen.all };
}

function sentAgain(emulator: Emulator): number[] {
  return emulator
    .requests()
    .flatMap(({ operation, partNumber }) =>
      operation === "UploadPart" && partNumber !== undefined ? [partNumber] : [],
    );
}

describe("an interrupted upload goes on where it stopped", () => {
  test.each([1, 3, 6])("after %i parts: only what is missing is sent", async (count) => {
    const { emulator, vod } = await bench();
    const bytes = random(size);
    const path = await tempFile(bytes);
    const { checkpoint } = await interrupted(vod, path, count);
    const [open] = emulator.uploads();
    const stored = open?.parts.map(({ partNumber }) => partNumber) ?? [];
    emulator.clearRequests();
    const { result } = await attempt(vod, path, { ...options, checkpoint });
    await expectCommittedOnce(emulator, bytes, result);
    const sent = sentAgain(emulator);
    expect(sent.filter((number) => stored.includes(number))).toEqual([]);
    expect(sent.length).toBe(7 - stored.length);
    expect(counts(emulator)["ApplyUpload"]).toBeUndefined();
    expect(result?.transfer).toMatchObject({ resumedParts: stored.length, parts: 7, verified: "crc64" });
  });

  test("with a checkpoint that is older than what the service holds", async () => {
    const { emulator, vod } = await bench();
    const bytes = random(size);
    const path = await tempFile(bytes);
    const { all } = await interrupted(vod, path, 5);
    const early = all.find(({ objects }) => Object.values(objects).some(({ uploadId }) => uploadId !== undefined));
    const stored = emulator.uploads()[0]?.parts.length ?? 0;
    expect(Object.values(early?.objects ?? {})[0]?.parts.length).toBeLessThan(stored);
    emulator.clearRequests();
    const { result } = await attempt(vod, path, { ...options, checkpoint: early });
    await expectCommittedOnce(emulator, bytes, result);
    expect(sentAgain(emulator)).toHaveLength(7 - stored);
  });

  test("with a checkpoint of before the multipart upload: what was opened since is found and gone on with", async () => {
    const { emulator, vod } = await bench();
    const bytes = random(size);
    const path = await tempFile(bytes);
    const { all } = await interrupted(vod, path, 2);
    const [first] = all;
    const stored = emulator.uploads()[0]?.parts.length ?? 0;
    expect(Object.values(first?.objects ?? {}).every(({ uploadId }) => uploadId === undefined)).toBe(true);
    const { result } = await attempt(vod, path, { ...options, checkpoint: first });
    await expectCommittedOnce(emulator, bytes, result);
    expect(result?.transfer).toMatchObject({ resumedParts: stored, verified: "crc64" });
    expect(counts(emulator)["ApplyUpload"]).toBe(1);
  });

  test("with another part size or concurrency asked for: the parts keep theirs", async () => {
    const { emulator, vod } = await bench();
    const bytes = random(size);
    const path = await tempFile(bytes);
    const { checkpoint } = await interrupted(vod, path, 3);
    const { result } = await attempt(vod, path, { partSize: 3 * mib, concurrency: 5, checkpoint });
    await expectCommittedOnce(emulator, bytes, result);
    expect(result?.transfer.parts).toBe(7);
  });

  test("and can be interrupted again and again", async () => {
    const { emulator, vod } = await bench();
    const bytes = random(size);
    const path = await tempFile(bytes);
    let { checkpoint } = await interrupted(vod, path, 1);
    for (const count of [3, 5, 6]) ({ checkpoint } = await interrupted(vod, path, count, { checkpoint }));
    const { result } = await attempt(vod, path, { ...options, checkpoint });
    await expectCommittedOnce(emulator, bytes, result);
    expect(counts(emulator)).toMatchObject({ ApplyUpload: 1, InitiateMultipartUpload: 1, CommitUpload: 1 });
    expect(sentAgain(emulator).length).toBeLessThanOrEqual(7 + 4 * options.concurrency);
  });

  test("by bytes that are the same, and by a cover that was not sent yet", async () => {
    const { emulator, vod } = await bench();
    const bytes = random(size);
    const cover = random(900);
    const seen = collect();
    await attempt(vod, bytes, {
      ...options,
      cover,
      coverType: "jpg",
      onCheckpoint: seen.write,
      onProgress: ({ parts }) => {
        if (parts.done === 2) throw new Error("crash");
      },
    });
    const { result } = await attempt(vod, bytes, { ...options, cover, coverType: "jpg", checkpoint: seen.last() });
    await expectCommittedOnce(emulator, bytes, result);
    const { coverKey } = emulator.media()[0] ?? {};
    expect((await emulator.readObject(coverKey ?? "")).equals(cover)).toBe(true);
  });

  test("counting what was sent before as sent", async () => {
    const { vod } = await bench();
    const path = await tempFile(random(size));
    const { checkpoint } = await interrupted(vod, path, 4);
    const seen: number[] = [];
    let last: { sentBytes: number; totalBytes?: number | undefined } | undefined;
    await attempt(vod, path, {
      ...options,
      checkpoint,
      onProgress: (event) => {
        seen.push(event.sentBytes);
        last = event;
      },
    });
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(last).toMatchObject({ sentBytes: size, totalBytes: size });
  });
});

describe("what the service says is believed, and not the checkpoint", () => {
  const crash = async (count = 4) => {
    const made = await bench();
    const bytes = random(size);
    const path = await tempFile(bytes);
    const { checkpoint } = await interrupted(made.vod, path, count);
    made.emulator.clearRequests();
    return { ...made, bytes, path, checkpoint };
  };
  const edit = (checkpoint: Checkpoint, change: (object: Record<string, unknown>) => void): Checkpoint => {
    const copy = structuredClone(checkpoint) as unknown as { objects: Record<string, Record<string, unknown>> };
    for (const object of Object.values(copy.objects)) change(object);
    return copy as unknown as Checkpoint;
  };
  type Parts = { number: number; size: number; etag: string; crc64: string }[];

  test("about a part's ETag: an invented one is not used", async () => {
    const { emulator, vod, bytes, path, checkpoint } = await crash();
    const invented = edit(checkpoint, (object) => {
      for (const part of object["parts"] as Parts) part.etag = "0".repeat(32);
    });
    const { result } = await attempt(vod, path, { ...options, checkpoint: invented });
    await expectCommittedOnce(emulator, bytes, result);
  });

  test("about a part's CRC64: the source is read again, and a difference is an error", async () => {
    const { emulator, vod, path, checkpoint } = await crash();
    const invented = edit(checkpoint, (object) => {
      for (const part of object["parts"] as Parts) part.crc64 = "1";
    });
    const { error } = await attempt(vod, path, { ...options, checkpoint: invented });
    expect(error).toMatchObject({ code: "SOURCE_CHANGED" });
    expect(emulator.media()).toEqual([]);
  });

  test("about parts it does not have: they are sent", async () => {
    const { emulator, vod, bytes, path, checkpoint } = await crash(2);
    const invented = edit(checkpoint, (object) => {
      object["parts"] = Array.from({ length: 7 }, (_, index) => ({
        number: index + 1,
        size: mib,
        etag: "e",
        crc64: "1",
      }));
    });
    const { result } = await attempt(vod, path, { ...options, checkpoint: invented });
    await expectCommittedOnce(emulator, bytes, result);
  });

  test("about an upload that is gone: everything is sent, in the same session", async () => {
    const { emulator, vod, bytes, path, checkpoint } = await crash();
    const gone = edit(checkpoint, (object) => {
      object["uploadId"] = "0123456789abcdef";
    });
    const { result } = await attempt(vod, path, { ...options, checkpoint: gone });
    expect(emulator.media()).toHaveLength(1);
    expect(result?.transfer).toMatchObject({ resumedParts: 0, bytes: bytes.length, verified: "crc64" });
    expect(counts(emulator)["ApplyUpload"]).toBeUndefined();
  });

  test("about a part that holds other bytes of the same size: it is sent again", async () => {
    const made = await bench();
    const { emulator, vod } = made;
    const bytes = random(size);
    const path = await tempFile(bytes);
    const { all } = await interrupted(vod, path, 4);
    const early = all.find(({ objects }) => Object.values(objects).some(({ uploadId }) => uploadId !== undefined));
    // The checkpoint knows of no part; the file is another one with the same size and time now.
    const other = random(size);
    const copy = structuredClone(early) as { source: { modified: string } };
    await writeFile(path, other);
    const { stat } = await import("node:fs/promises");
    copy.source.modified = (await stat(path, { bigint: true })).mtimeNs.toString();
    emulator.clearRequests();
    const { result } = await attempt(vod, path, { ...options, checkpoint: copy as unknown as Checkpoint });
    await expectCommittedOnce(emulator, other, result);
    expect(sentAgain(emulator)).toHaveLength(7);
  });

  test("even when it lists its parts over several pages", async () => {
    const { emulator, vod } = await bench({ minPartSize: 1 });
    const bytes = random(size);
    const path = await tempFile(bytes);
    const { checkpoint } = await interrupted(vod, path, 5);
    emulator.setFaults([once("ListParts", { kind: "reset-before" })]);
    const { result } = await attempt(vod, path, { ...options, checkpoint });
    await expectCommittedOnce(emulator, bytes, result);
  });
});

describe("a crash around Complete", () => {
  test.each([true, false])("completed, but not noted (CRC64 from the service: %s)", async (crc64) => {
    const { emulator, vod } = await bench({ crc64 });
    const bytes = random(size);
    const path = await tempFile(bytes);
    const seen = collect();
    // The last checkpoint before the object was known to be whole.
    await attempt(vod, path, {
      ...options,
      onCheckpoint: (checkpoint) => {
        if (Object.values(checkpoint.objects).some(({ done }) => done !== undefined)) throw new Error("crash");
        seen.write(checkpoint);
      },
    });
    emulator.clearRequests();
    const { result } = await attempt(vod, path, { ...options, checkpoint: seen.last() });
    await expectCommittedOnce(emulator, bytes, result);
    expect(result?.transfer).toMatchObject({ bytes: size, parts: 7, verified: crc64 ? "crc64" : "size" });
    if (crc64) expect(sentAgain(emulator)).toEqual([]);
  });

  test("completed by somebody else with other bytes: everything is sent again", async () => {
    const { emulator, vod } = await bench();
    const bytes = random(size);
    const path = await tempFile(bytes);
    const { checkpoint } = await interrupted(vod, path, 3);
    const gone = structuredClone(checkpoint) as { objects: Record<string, { uploadId: string }> };
    for (const object of Object.values(gone.objects)) object.uploadId = "0123456789abcdef";
    const { CosClient } = await import("../../../src/cos/client.ts");
    const { session } = checkpoint;
    const { bucket, region, certificate } = session;
    if (certificate === undefined) throw new Error("no certificate");
    const cos = new CosClient({ bucket, region, credentials: certificate, cosEndpoint: emulator.cosEndpoint });
    await cos.putObject(session.mediaStoragePath, random(size));
    await cos.close();
    const { result } = await attempt(vod, path, { ...options, checkpoint: gone as unknown as Checkpoint });
    expect(emulator.media()).toHaveLength(1);
    expect((await emulator.readObject(emulator.media()[0]?.key ?? "")).equals(bytes)).toBe(true);
    expect(result?.transfer.resumedParts).toBe(0);
  });
});

describe("a crash around the commit never makes a second media", () => {
  const upTo = async (state: Checkpoint["state"], more: Parameters<typeof bench>[0] = {}) => {
    const made = await bench(more);
    const bytes = random(2 * mib + 5);
    const path = await tempFile(bytes);
    const seen = collect();
    await attempt(made.vod, path, { ...options, onCheckpoint: seen.write });
    const checkpoint = seen.all.find((each) => each.state === state);
    if (checkpoint === undefined) throw new Error(`no checkpoint was ${state}`);
    made.emulator.clearRequests();
    return { ...made, bytes, path, checkpoint };
  };

  test.each(["same-file-id", "unknown-session", "resource-not-found"] as const)(
    "committing: the commit is repeated (the service answers with %s)",
    async (secondCommit) => {
      const { emulator, vod, bytes, path, checkpoint } = await upTo("committing", { secondCommit });
      const { result, error } = await attempt(vod, path, { ...options, checkpoint });
      expect(error).toBeUndefined();
      await expectCommittedOnce(emulator, bytes, result);
      expect(result?.transfer).toMatchObject({ bytes: bytes.length, parts: 3, verified: "crc64" });
      expect(counts(emulator)["CommitUpload"]).toBe(1);
      expect(counts(emulator)["ApplyUpload"]).toBeUndefined();
      expect(sentAgain(emulator)).toEqual([]);
    },
  );

  test("committed: the recorded media is the answer, and nothing is sent", async () => {
    const { emulator, vod, bytes, path, checkpoint } = await upTo("committed");
    const { result } = await attempt(vod, path, { ...options, checkpoint });
    await expectCommittedOnce(emulator, bytes, result);
    expect(counts(emulator)).toEqual({});
  });

  test("transferred: only the commit is sent", async () => {
    const { emulator, vod, path, checkpoint } = await upTo("transferred");
    const { result } = await attempt(vod, path, { ...options, checkpoint });
    expect(emulator.media()).toHaveLength(1);
    expect(result?.fileId).toBe(emulator.media()[0]?.fileId);
    expect(counts(emulator)).toEqual({ CommitUpload: 1 });
  });

  test("committed: one that does not hold the media's object is none", async () => {
    const { emulator, vod, path, checkpoint } = await upTo("committed");
    const { error } = await attempt(vod, path, { ...options, checkpoint: { ...checkpoint, objects: {} } });
    expect(error).toMatchObject({ code: "CHECKPOINT_INVALID", field: expect.stringMatching(/^objects/) });
    expect(counts(emulator)).toEqual({});
  });

  test("committed: progress still ends with everything sent", async () => {
    const { vod, bytes, path, checkpoint } = await upTo("committed");
    const events: { phase: string; sentBytes: number; totalBytes?: number | undefined }[] = [];
    await attempt(vod, path, { ...options, checkpoint, onProgress: (event) => events.push(event) });
    expect(events.at(-1)).toMatchObject({ phase: "done", sentBytes: bytes.length, totalBytes: bytes.length });
  });
});

describe("a source that is no longer the same", () => {
  test.each<[string, (path: string) => Promise<void>, string]>([
    ["grew", (path) => appendFile(path, "x"), "source.size"],
    ["shrank", (path) => truncate(path, size - 1), "source.size"],
    ["was written again", (path) => writeFile(path, random(size)), "source.modified"],
    ["was touched", (path) => utimes(path, 1, 1), "source.modified"],
  ])("because it %s is refused before anything is sent", async (_, change, field) => {
    const { emulator, vod } = await bench();
    const path = await tempFile(random(size));
    const { checkpoint } = await interrupted(vod, path, 3);
    await change(path);
    emulator.clearRequests();
    const { error } = await attempt(vod, path, { ...options, checkpoint });
    expect(error).toMatchObject({ code: "CHECKPOINT_MISMATCH", field, retryable: false });
    expect(counts(emulator)).toEqual({});
  });

  test("but was only renamed is the same", async () => {
    const { emulator, vod } = await bench();
    const bytes = random(size);
    const path = await tempFile(bytes);
    const { checkpoint } = await interrupted(vod, path, 3);
    const moved = `${path}.moved.mp4`;
    await rename(path, moved);
    const { result } = await attempt(vod, moved, { ...options, checkpoint, mediaName: "lesson" });
    await expectCommittedOnce(emulator, bytes, result);
  });

  test("but bytes that differ where parts were sent are found out", async () => {
    const { emulator, vod } = await bench();
    const bytes = random(size);
    const seen = collect();
    await attempt(vod, bytes, {
      ...options,
      onCheckpoint: seen.write,
      onProgress: ({ parts }) => {
        if (parts.done === 4) throw new Error("crash");
      },
    });
    const { error } = await attempt(vod, random(size), { ...options, checkpoint: seen.last() });
    expect(error).toMatchObject({ code: "SOURCE_CHANGED", stage: "transfer" });
    expect(emulator.media()).toEqual([]);
  });

  test("because it is a stream cannot go on in its middle, and says so", async () => {
    const { vod } = await bench();
    const bytes = random(size);
    const stream = async function* (): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < bytes.length; at += mib) yield bytes.subarray(at, at + mib);
    };
    const seen = collect();
    await attempt(vod, stream(), {
      ...options,
      onCheckpoint: seen.write,
      onProgress: ({ parts }) => {
        if (parts.done === 2) throw new Error("crash");
      },
    });
    const { error } = await attempt(vod, stream(), { ...options, checkpoint: seen.last() });
    expect(error).toMatchObject({ code: "CHECKPOINT_MISMATCH", field: expect.stringContaining("source") });
  });
});

describe("a checkpoint whose certificate is dead", () => {
  const dead = async (sessionRefresh: "same-session" | "unknown-parameter" | "new-session") => {
    let clock: () => number = Date.now;
    const made = await bench({ certificateLifeSeconds: 60, sessionRefresh }, { clock: () => clock() });
    clock = () => made.emulator.now();
    const bytes = random(size);
    const path = await tempFile(bytes);
    const { checkpoint } = await interrupted(made.vod, path, 3);
    made.emulator.advanceClock(24 * 3_600_000);
    made.emulator.clearRequests();
    return { ...made, bytes, path, checkpoint };
  };

  test("goes on with a renewed one", async () => {
    const { emulator, vod, bytes, path, checkpoint } = await dead("same-session");
    const { result } = await attempt(vod, path, { ...options, checkpoint });
    await expectCommittedOnce(emulator, bytes, result);
    expect(counts(emulator)["ApplyUpload"]).toBe(1);
    expect(result?.transfer.resumedParts).toBeGreaterThan(2);
  });

  test.each(["unknown-parameter", "new-session"] as const)(
    "and cannot be renewed (%s) is an error of the checkpoint, with nothing sent to storage",
    async (sessionRefresh) => {
      const { emulator, vod, path, checkpoint } = await dead(sessionRefresh);
      const { error } = await attempt(vod, path, { ...options, checkpoint });
      expect(error).toMatchObject({ code: "CHECKPOINT_EXPIRED", field: "session.certificate", retryable: false });
      expect(emulator.media()).toEqual([]);
      expect(counts(emulator)["UploadPart"]).toBeUndefined();
    },
  );

  test("and sessionRefresh restart is sent anew", async () => {
    const { emulator, vod, bytes, path, checkpoint } = await dead("unknown-parameter");
    const { result } = await attempt(vod, path, { ...options, checkpoint, sessionRefresh: "restart" });
    expect(emulator.media()).toHaveLength(1);
    expect((await emulator.readObject(emulator.media()[0]?.key ?? "")).equals(bytes)).toBe(true);
    expect(result?.transfer).toMatchObject({ bytes: size, parts: 7 });
  });
});

test.each([6, -6])("a checkpoint that lives goes on by a machine whose clock is %i h off", async (hours) => {
  const { emulator, vod, client } = await bench({ certificateLifeSeconds: 3_600 });
  const bytes = random(size);
  const path = await tempFile(bytes);
  const { checkpoint } = await interrupted(vod, path, 3);
  const elsewhere = client({ clock: () => Date.now() + hours * 3_600_000 });
  const { result } = await attempt(elsewhere, path, { ...options, checkpoint, sessionRefresh: "none" });
  await expectCommittedOnce(emulator, bytes, result);
  expect(counts(emulator)["ApplyUpload"]).toBe(1);
});
