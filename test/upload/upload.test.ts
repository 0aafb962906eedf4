import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { crc64 } from "../../src/cos/index.ts";
import { VodClient } from "../../src/index.ts";
import type { UploadOptions, UploadSource } from "../../src/index.ts";
import { startEmulator } from "../../src/emulator/index.ts";

type Emulator = Awaited<ReturnType<typeof startEmulator>>;

const mib = 2 ** 20;
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

let emulator: Emulator;
let vod: VodClient;
let folder: string;

beforeAll(async () => {
  emulator = await startEmulator({ strictSignature: true });
  vod = new VodClient({
    credentials: { secretId: emulator.secretId, secretKey: emulator.secretKey },
    vodEndpoint: emulator.vodEndpoint,
    cosEndpoint: emulator.cosEndpoint,
    retry: { baseDelayMs: 5, throttleDelayMs: 5 },
  });
  folder = await mkdtemp(join(tmpdir(), "vodup-upload-"));
});

afterAll(async () => {
  await vod.close();
  await emulator.close();
  await rm(folder, { recursive: true, force: true });
});

async function file(name: string, bytes: Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

async function* oddly(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.byteLength; from += size) yield bytes.subarray(from, from + size);
}

/** Uploads and answers the result with what the emulator holds of the media. */
async function upload(source: UploadSource, options: UploadOptions = {}) {
  const result = await vod.upload(source, options);
  const media = emulator.media().find(({ fileId }) => fileId === result.fileId);
  if (media === undefined) throw new Error("the emulator has no such media");
  const stored = await emulator.readObject(media.key);
  return { result, media, stored };
}

describe("what arrives is what was given", () => {
  const sizes = [0, 1, mib, 5 * mib - 1, 5 * mib, 5 * mib + 1, 30_000_000];
  for (const size of sizes) {
    const bytes = randomBytes(size);
    const sources: Record<string, () => Promise<UploadSource>> = {
      path: () => file(`${size}.mp4`, bytes),
      "file URL": async () => pathToFileURL(await file(`${size}-url.mp4`, bytes)),
      Uint8Array: async () => new Uint8Array(bytes),
      Blob: async () => new Blob([bytes]),
      Readable: async () => Readable.from(oddly(bytes, 65_521), { objectMode: false }),
      "web stream": async () => new Blob([bytes]).stream(),
      "async iterable": async () => oddly(bytes, 99_991),
    };
    for (const [kind, open] of Object.entries(sources)) {
      for (const partSize of size > mib ? [mib, undefined] : [undefined]) {
        test(`${size} bytes from ${kind}, part size ${partSize ?? "auto"}`, async () => {
          const { result, stored } = await upload(await open(), { mediaType: "mp4", partSize });
          expect(sha256(stored)).toBe(sha256(bytes));
          expect(result.transfer).toMatchObject({
            bytes: size,
            verified: "crc64",
            retries: 0,
            crc64: String(crc64(bytes)),
          });
        });
      }
    }
  }
});
