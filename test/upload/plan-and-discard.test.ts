import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Checkpoint } from "../../src/index.ts";
import { VodClient } from "../../src/index.ts";
import { startEmulator } from "../../src/emulator/index.ts";
import { timing } from "../support/timing.ts";

type Emulator = Awaited<ReturnType<typeof startEmulator>>;

const mib = 2 ** 20;
let emulator: Emulator;
let vod: VodClient;
let folder: string;

beforeAll(async () => {
  emulator = await startEmulator();
  const { secretId, secretKey, vodEndpoint, cosEndpoint } = emulator;
  vod = new VodClient({
    credentials: { secretId, secretKey },
    vodEndpoint,
    cosEndpoint,
    retry: { attempts: 2, baseDelayMs: 1 },
  });
  folder = await mkdtemp(join(tmpdir(), "vodup-plan-"));
});

afterAll(async () => {
  await vod.close();
  await emulator.close();
  await rm(folder, { recursive: true });
});

beforeEach(() => {
  emulator.setFaults([]);
  emulator.clearRequests();
});

describe("plan", () => {
  test("says what upload would send, cover included, and sends nothing", async () => {
    const media = join(folder, "lesson one.mp4");
    const cover = join(folder, "lesson.jpg");
    await writeFile(media, Buffer.alloc(5 * mib + 1));
    await writeFile(cover, "jpg");
    const plan = await vod.plan(media, { cover, partSize: 2 * mib, subAppId: "9223372036854775807" });
    expect(plan).toEqual({
      endpoint: { vod: emulator.vodEndpoint, cos: emulator.cosEndpoint },
      fields: { MediaType: "mp4", MediaName: "lesson one", CoverType: "jpg", SubAppId: "9223372036854775807" },
      objects: [
        { file: media, size: 5 * mib + 1, transfer: "multipart", partSize: 2 * mib, partCount: 3 },
        { file: cover, size: 3, transfer: "put", partSize: 2 * mib, partCount: 1 },
      ],
    });
    expect(emulator.requests()).toEqual([]);
  });

  test.each(["jpg", "PNG", "heif"])("takes a picture as media by its name: .%s", async (extension) => {
    const picture = join(folder, `still.${extension}`);
    await writeFile(picture, "picture");
    const { fields } = await vod.plan(picture);
    expect(fields).toEqual({ MediaType: extension.toLowerCase(), MediaName: "still" });
    emulator.clearRequests();
    await vod.upload(picture);
    const put = emulator.requests().find(({ method }) => method === "PUT");
    expect(put?.headers["content-type"]).toMatch(/^image\//);
  });

  test("does not read a stream to learn its size", async () => {
    let read = false;
    const stream = async function* (): AsyncGenerator<Uint8Array> {
      read = true;
      yield Buffer.alloc(1);
    };
    const { objects } = await vod.plan(stream(), { mediaType: "mp4" });
    expect(objects).toMatchObject([{ size: undefined, transfer: "stream", partSize: 8 * mib, partCount: undefined }]);
    expect(read).toBe(false);
  });

  test("refuses what upload would refuse", async () => {
    await expect(vod.plan(join(folder, "nothing.mp4"))).rejects.toMatchObject({ code: "SOURCE_NOT_FOUND" });
    await expect(vod.plan(Buffer.alloc(1))).rejects.toMatchObject({ code: "ERR_INVALID_ARG_VALUE" });
  });
});

describe("discard", () => {
  async function interrupted(): Promise<Checkpoint> {
    emulator.setFaults([{ operation: "UploadPart", partNumber: 2, fault: { kind: "answer", status: 403 } }]);
    let last: Checkpoint | undefined;
    const upload = vod.upload(Buffer.alloc(3 * mib), {
      mediaType: "mp4",
      partSize: mib,
      concurrency: 1,
      onCheckpoint: (checkpoint) => void (last = checkpoint),
    });
    await expect(upload).rejects.toThrow();
    emulator.setFaults([]);
    if (last === undefined) throw new Error("no checkpoint was made");
    return last;
  }

  test("removes what a checkpoint's upload has sent", async () => {
    const checkpoint = await interrupted();
    expect(emulator.uploads()).toHaveLength(1);
    expect(await vod.discard(checkpoint)).toEqual({ removed: true, reason: undefined });
    expect(emulator.uploads()).toEqual([]);
  });

  test("asks for nothing where all objects are whole", async () => {
    const seen: Checkpoint[] = [];
    await vod.upload(Buffer.alloc(3 * mib), {
      mediaType: "mp4",
      partSize: mib,
      onCheckpoint: (checkpoint) => void seen.push(JSON.parse(JSON.stringify(checkpoint)) as Checkpoint),
    });
    const whole = seen.find(({ state }) => state === "transferred");
    if (whole === undefined) throw new Error("no checkpoint was made");
    emulator.clearRequests();
    expect(await vod.discard(whole)).toEqual({ removed: true, reason: undefined });
    expect(emulator.requests()).toEqual([]);
  });

  test("stops when its signal aborts, with the signal's reason", timing, async () => {
    const checkpoint = await interrupted();
    emulator.setFaults([{ operation: "AbortMultipartUpload", fault: { kind: "hang" } }]);
    emulator.clearRequests();
    const controller = new AbortController();
    const discarding = expect(vod.discard(checkpoint, { signal: controller.signal })).rejects.toBe("enough");
    while (emulator.requests().length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const abortedAt = performance.now();
    controller.abort("enough");
    await discarding;
    expect(performance.now() - abortedAt).toBeLessThan(2_000);
    emulator.clearRequests();
    await expect(vod.discard(checkpoint, { signal: AbortSignal.abort("before") })).rejects.toBe("before");
    expect(emulator.requests()).toEqual([]);
  });

  test("the account's own keys go to no other endpoint: a foreign one needs the checkpoint's certificate", async () => {
    const { session, endpoint, objects, ...rest } = await interrupted();
    const foreign = await startEmulator();
    try {
      const checkpoint: Checkpoint = {
        ...rest,
        objects,
        session: { ...session, certificate: undefined },
        endpoint: { ...endpoint, cos: foreign.cosEndpoint },
      };
      const kept = await vod.discard(checkpoint);
      expect(kept).toMatchObject({ removed: false, reason: expect.stringContaining("not sent to") });
      expect(await vod.discard({ ...checkpoint, objects: {} })).toEqual({ removed: true, reason: undefined });
      expect(foreign.requests()).toEqual([]);
    } finally {
      await foreign.close();
    }
  });

  test("a network that does not answer is why", async () => {
    const checkpoint = await interrupted();
    emulator.setFaults([{ operation: "AbortMultipartUpload", fault: { kind: "reset-after-effect" } }]);
    expect(await vod.discard(checkpoint)).toMatchObject({ removed: false, reason: expect.stringMatching(/./) });
  });

  test("says why it could not, and refuses what is no checkpoint", async () => {
    const checkpoint = await interrupted();
    emulator.setFaults([{ operation: "AbortMultipartUpload", fault: { kind: "expire-certificate" } }]);
    expect(await vod.discard(checkpoint)).toMatchObject({ removed: false, reason: expect.stringContaining("Expired") });
    await expect(vod.discard({} as Checkpoint)).rejects.toMatchObject({ code: "CHECKPOINT_INVALID" });
  });
});
