import { createHash, randomBytes } from "node:crypto";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startEmulator, type Emulator } from "../../src/emulator/index.ts";
import { runVendor, type VendorAnswer } from "./run-vendor.ts";

/** vod-node-sdk 1.1.0 as npm has it, with tencentcloud-sdk-nodejs 3 and cos-nodejs-sdk-v5 2.15.4 below it. */

const mediaFolder = join(import.meta.dirname, "../../fixtures/media");
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const sha256OfFile = async (path: string): Promise<string> => sha256(await readFile(path));

let emulator: Emulator;
let folder: string;

beforeEach(async () => {
  emulator = await startEmulator({ tls: true });
  folder = await mkdtemp(join(tmpdir(), "vodup-interop-"));
});

afterEach(async () => {
  await emulator.close();
  await rm(folder, { recursive: true, force: true });
});

/** A new file of random bytes. */
async function file(name: string, size: number): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, randomBytes(size));
  return path;
}

function upload(request: Record<string, unknown>, cwd: string = folder): Promise<VendorAnswer> {
  return runVendor(emulator, {
    script: "vod-upload.cjs",
    cwd,
    preload: ["sign-with-tc3.cjs"],
    job: { region: "ap-singapore", request },
  });
}

const operations = (): string[] => emulator.requests().map(({ operation }) => operation);
const times = (operation: string): number => operations().filter((one) => one === operation).length;

/** What holds after every successful upload, whatever was uploaded; returns the one media. */
function committedOnce(answer: VendorAnswer) {
  expect(answer).toMatchObject({ exitCode: 0, stderr: "" });
  const requests = emulator.requests();
  expect(requests.filter(({ verified }) => !verified)).toEqual([]);
  expect(requests.filter(({ status }) => status < 200 || status > 204)).toEqual([]);
  const hosts = new Set(requests.map(({ headers }) => headers["host"]));
  expect([...hosts].sort()).toEqual([
    "27470795vodsgp1250000000-10022853.cos.ap-singapore.myqcloud.com",
    "vod.tencentcloudapi.com",
  ]);
  expect(times("ApplyUpload")).toBe(1);
  expect(times("CommitUpload")).toBe(1);
  expect(operations().at(-1)).toBe("CommitUpload");
  expect(emulator.uploads()).toEqual([]);
  const [media, ...others] = emulator.media();
  if (media === undefined) throw new Error("nothing was committed");
  expect(others).toEqual([]);
  expect(JSON.parse(answer.stdout)).toMatchObject({ FileId: media.fileId, MediaUrl: media.mediaUrl });
  return media;
}

async function storedSha256(key: string): Promise<string | undefined> {
  return (await emulator.objects()).get(key)?.sha256;
}

describe("vod-node-sdk uploads to the emulator", () => {
  test("a file with its cover", async () => {
    const [MediaFilePath, CoverFilePath] = [join(mediaFolder, "sample.mp4"), join(mediaFolder, "cover.jpg")];
    const media = committedOnce(await upload({ MediaFilePath, CoverFilePath }));
    expect(media.fields).toEqual({ MediaType: "mp4", MediaName: "sample", CoverType: "jpg" });
    expect(await storedSha256(media.key)).toBe(await sha256OfFile(MediaFilePath));
    expect(await storedSha256(media.coverKey ?? "")).toBe(await sha256OfFile(CoverFilePath));
    expect((await emulator.objects()).size).toBe(2);
  });

  test.each([
    ["one byte over five parts", 5 * 2 ** 20 + 1, 6],
    ["exactly three parts", 3 * 2 ** 20, 3],
    ["one byte", 1, 1],
  ])("%s, in parts of 1 MiB", async (_name, size, parts) => {
    const path = await file("film.mp4", size);
    const media = committedOnce(await upload({ MediaFilePath: path }));
    expect(await storedSha256(media.key)).toBe(await sha256OfFile(path));
    expect(times("UploadPart")).toBe(parts);
  });

  test("an empty file, which it sends by PutObject", async () => {
    const path = await file("empty.mp4", 0);
    const media = committedOnce(await upload({ MediaFilePath: path }));
    expect(times("PutObject")).toBe(1);
    expect((await emulator.objects()).get(media.key)).toMatchObject({ size: 0, crc64: "0" });
  });

  test("a Korean name with spaces and signs", async () => {
    const path = await file("봄 강의 #1 + 100% & 'B'.mp4", 100_000);
    const media = committedOnce(await upload({ MediaFilePath: path }));
    expect(media.fields["MediaName"]).toBe("봄 강의 #1 + 100% & 'B'");
    expect(await storedSha256(media.key)).toBe(await sha256OfFile(path));
  });

  test("every field of ApplyUpload that it knows", async () => {
    const fields = {
      SubAppId: 1_500_000_007,
      MediaName: "이름",
      Procedure: "LongVideoPreset",
      ExpireTime: "2030-01-01T00:00:00Z",
      StorageRegion: "ap-singapore",
      ClassId: 7,
      SourceContext: "주문 42",
      SessionContext: "세션",
      ExtInfo: "x",
    };
    const media = committedOnce(await upload({ MediaFilePath: await file("film.mp4", 10), ...fields }));
    expect(media.fields).toEqual({ MediaType: "mp4", ...fields });
    expect(media.subAppId).toBe(fields.SubAppId);
  });

  test("a wrong key is refused and nothing is stored", async () => {
    const wrong = { ...emulator, secretKey: "wrong" };
    const answer = await runVendor(wrong, {
      script: "vod-upload.cjs",
      cwd: folder,
      preload: ["sign-with-tc3.cjs"],
      job: { region: "ap-singapore", request: { MediaFilePath: await file("film.mp4", 10) } },
    });
    expect(answer.exitCode).toBe(1);
    expect(answer.stderr).toContain("AuthFailure.SignatureFailure");
    expect(emulator.requests()).toMatchObject([{ operation: "ApplyUpload", verified: false }]);
    expect((await emulator.objects()).size).toBe(0);
  });
});

describe("HLS", () => {
  const segments = ["segments/000.ts", "segments/001.ts", "segments/002.ts"];
  const hlsFolder = join(mediaFolder, "hls");

  /** Stored keys relative to the folder of the manifest, with their digests. */
  async function storedBelow(manifestKey: string): Promise<Record<string, string | undefined>> {
    const base = manifestKey.slice(0, manifestKey.lastIndexOf("/") + 1);
    const objects = [...(await emulator.objects())].filter(([key]) => key !== manifestKey);
    return Object.fromEntries(objects.map(([key, { sha256: digest }]) => [key.replace(base, ""), digest]));
  }

  const expected = async (rename: (name: string) => string): Promise<Record<string, string>> =>
    Object.fromEntries(
      await Promise.all(
        segments.map(async (name) => [rename(name), await sha256OfFile(join(hlsFolder, name))] as const),
      ),
    );

  test("named by an absolute path: the segments arrive below the manifest", async () => {
    const media = committedOnce(await upload({ MediaFilePath: join(hlsFolder, "180p.m3u8") }));
    expect(await storedSha256(media.key)).toBe(await sha256OfFile(join(hlsFolder, "180p.m3u8")));
    expect(await storedBelow(media.key)).toEqual(await expected((name) => name));
    expect(times("ParseStreamingManifest")).toBe(1);
  });

  /**
   * It cuts the length of the manifest's folder from each path after path.join() has normalised it: with a bare name the
   * folder is "." and every segment loses its first character. The media cannot be played and nothing says so. That the
   * emulator shows it, and that ours does otherwise (test/upload), is the point of this test.
   */
  test("named by a bare file name: vod-node-sdk 1.1.0 stores the segments under mutilated keys", async () => {
    const cwd = join(folder, "hls");
    await mkdir(cwd);
    await cp(hlsFolder, cwd, { recursive: true });
    const media = committedOnce(await upload({ MediaFilePath: "180p.m3u8" }, cwd));
    expect(await storedBelow(media.key)).toEqual(await expected((name) => name.slice(1)));
  });
});
