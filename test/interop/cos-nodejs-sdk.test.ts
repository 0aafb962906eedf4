import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { crc64 } from "../../src/cos/index.ts";
import { startEmulator, type Emulator } from "../../src/emulator/index.ts";
import { VodApi } from "../../src/vod-api/index.ts";
import { runVendor } from "./run-vendor.ts";

/** cos-nodejs-sdk-v5 3.0.0 as npm has it. */

const mib = 2 ** 20;
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const bucket = { Bucket: "films-1250000000", Region: "ap-singapore" };

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

type Call = readonly [method: string, params: Record<string, unknown>];
type CallAnswer = Record<string, unknown>;

async function call(calls: readonly Call[], options?: Record<string, unknown>): Promise<CallAnswer[]> {
  const answer = await runVendor(emulator, { script: "cos-call.cjs", cwd: folder, job: { options, calls } });
  expect(answer).toMatchObject({ exitCode: 0, stderr: "" });
  return JSON.parse(answer.stdout) as CallAnswer[];
}

/** One call, which must succeed. */
async function callOne(method: string, params: Record<string, unknown>, options?: Record<string, unknown>) {
  const [answer] = await call([[method, params]], options);
  expect(answer).not.toHaveProperty("error");
  return answer ?? {};
}

async function file(size: number): Promise<{ path: string; bytes: Buffer }> {
  const path = join(folder, `${size}.bin`);
  const bytes = randomBytes(size);
  await writeFile(path, bytes);
  return { path, bytes };
}

const operations = (): string[] => emulator.requests().map(({ operation }) => operation);

function everySignatureVerified(): void {
  const requests = emulator.requests();
  expect(requests.length).toBeGreaterThan(0);
  expect(requests.filter(({ verified }) => !verified)).toEqual([]);
}

describe("cos-nodejs-sdk-v5 talks to the emulator", () => {
  test.each([
    "plain.mp4",
    "폴더/봄 강의 1.mp4",
    "a b+c%20d&e=f?g#h;i'j(k)l!m*n@o$p,q:r.mp4",
    "emoji-🎬/日本語.mp4",
    "~tilde-_./..dots.mp4",
  ])("putObject and headObject of %s", async (Key) => {
    const { path, bytes } = await file(70_001);
    const [put, head] = await call([
      ["putObject", { ...bucket, Key, Body: { $file: path }, ContentType: "video/mp4" }],
      ["headObject", { ...bucket, Key }],
    ]);
    expect(put).toMatchObject({ statusCode: 200, headers: { "x-cos-hash-crc64ecma": String(crc64(bytes)) } });
    expect(head).toMatchObject({
      statusCode: 200,
      headers: { "content-length": "70001", "content-type": "video/mp4" },
    });
    everySignatureVerified();
    expect((await emulator.objects()).get(Key)).toMatchObject({ sha256: sha256(bytes) });
  });

  test.each([
    [5 * mib + 1, 6],
    [2 * mib, 2],
  ])("sliceUploadFile of %i bytes", async (size, parts) => {
    const { path, bytes } = await file(size);
    await callOne("sliceUploadFile", { ...bucket, Key: "큰 파일.mp4", FilePath: path });
    everySignatureVerified();
    const objects = await emulator.objects();
    expect(objects.get("큰 파일.mp4")).toMatchObject({ sha256: sha256(bytes), crc64: String(crc64(bytes)) });
    expect(operations().filter((one) => one === "UploadPart")).toHaveLength(parts);
    expect(operations().filter((one) => one === "CompleteMultipartUpload")).toHaveLength(1);
    expect(emulator.uploads()).toEqual([]);
  });

  test("the operations of multipart one by one, parts out of order and one of them twice", async () => {
    const parts = [randomBytes(mib), randomBytes(mib + 7), randomBytes(3)];
    const paths = await Promise.all(
      parts.map(async (bytes, index) => {
        const path = join(folder, `part-${index + 1}`);
        await writeFile(path, bytes);
        return path;
      }),
    );
    const Key = "조각/film.mp4";
    const { UploadId } = await callOne("multipartInit", { ...bucket, Key });
    const send = (PartNumber: number): Call => [
      "multipartUpload",
      { ...bucket, Key, UploadId, PartNumber, Body: { $file: paths[PartNumber - 1] } },
    ];
    const sent = await call([send(3), send(1), send(2), send(1)]);
    const Parts = [1, 2, 3].map((PartNumber) => ({ PartNumber, ETag: sent[[3, 2, 0][PartNumber - 1] ?? 0]?.["ETag"] }));
    const [listed, completed] = await call([
      ["multipartListPart", { ...bucket, Key, UploadId }],
      ["multipartComplete", { ...bucket, Key, UploadId, Parts }],
    ]);
    expect(listed).toMatchObject({
      Part: parts.map(({ length }, index) => ({ PartNumber: String(index + 1), Size: String(length) })),
    });
    expect(completed).toMatchObject({ statusCode: 200, Bucket: bucket.Bucket, Key });
    everySignatureVerified();
    expect((await emulator.objects()).get(Key)?.sha256).toBe(sha256(Buffer.concat(parts)));
  });

  test("an aborted upload leaves nothing, and a part after it is refused with NoSuchUpload", async () => {
    const { path } = await file(mib);
    const Key = "aborted.mp4";
    const { UploadId } = await callOne("multipartInit", { ...bucket, Key });
    const part: Call = ["multipartUpload", { ...bucket, Key, UploadId, PartNumber: 1, Body: { $file: path } }];
    const [, aborted, late] = await call([part, ["multipartAbort", { ...bucket, Key, UploadId }], part]);
    expect(aborted).toMatchObject({ statusCode: 204 });
    expect(late).toMatchObject({ error: { statusCode: 404, code: "NoSuchUpload" } });
    everySignatureVerified();
    expect(emulator.uploads()).toEqual([]);
    expect((await emulator.objects()).size).toBe(0);
  });

  test("with the certificate of our ApplyUpload, and our CommitUpload finds what it stored", async () => {
    const connection = {
      credentials: { secretId: emulator.secretId, secretKey: emulator.secretKey },
      vodEndpoint: emulator.vodEndpoint,
      dispatcher: { connect: { ca: await readFile(emulator.caFile ?? "") } },
    };
    const api = new VodApi(connection);
    const session = await api.call("ApplyUpload", { MediaType: "mp4" });
    const { path, bytes } = await file(3 * mib + 5);
    const certificate = session.TempCertificate;
    await callOne(
      "sliceUploadFile",
      { Bucket: session.StorageBucket, Region: session.StorageRegion, Key: session.MediaStoragePath, FilePath: path },
      { SecretId: certificate?.SecretId, SecretKey: certificate?.SecretKey, SecurityToken: certificate?.Token },
    );
    const committed = await api.call("CommitUpload", { VodSessionKey: session.VodSessionKey });
    everySignatureVerified();
    const [media] = emulator.media();
    expect(media?.fileId).toBe(committed.FileId);
    expect((await emulator.objects()).get(media?.key ?? "")?.sha256).toBe(sha256(bytes));
  });

  test("a wrong key is refused with SignatureDoesNotMatch", async () => {
    const { path } = await file(10);
    const [answer] = await call([["putObject", { ...bucket, Key: "k", Body: { $file: path } }]], {
      SecretKey: "wrong",
    });
    expect(answer).toMatchObject({ error: { statusCode: 403, code: "SignatureDoesNotMatch" } });
    expect(emulator.requests()).toMatchObject([{ verified: false, status: 403 }]);
    expect((await emulator.objects()).size).toBe(0);
  });
});
