import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { EmulatorOptions } from "../../src/emulator/index.ts";
import { crc64 } from "../../src/cos/crc64.ts";
import { VodClient } from "../../src/index.ts";
import { start } from "./support/running.ts";
import { apply, call, complete, cos, cosCode, initiate, part, send } from "./support/wire.ts";

const hash = (algorithm: string, data: Uint8Array | string): string => createHash(algorithm).update(data).digest("hex");

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vodup-test-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

describe("objects", () => {
  test("PUT answers ETag and CRC64 of the body, HEAD the same with its length", async () => {
    const emulator = await start();
    const session = await apply(emulator);
    const put = await cos(emulator, session, "PUT", {
      body: "[Object Content]",
      headers: { "content-type": "video/mp4" },
    });
    expect(put.status).toBe(200);
    expect(put.body).toHaveLength(0);
    // Both published by the service's own documentation for this text.
    expect(put.headers.etag).toBe('"ee8de918d05640145b18f70f4c3aa602"');
    expect(put.headers["x-cos-hash-crc64ecma"]).toBe("16749565679157681890");
    expect(put.headers.server).toBe("tencent-cos");
    expect(put.headers["x-cos-request-id"]).toMatch(/^[0-9A-Za-z+/]+=*$/);
    expect(put.headers).not.toHaveProperty("x-cos-trace-id");
    const head = await cos(emulator, session, "HEAD");
    expect(head.headers).toMatchObject({
      "content-length": "16",
      "content-type": "video/mp4",
      etag: put.headers.etag,
      "x-cos-hash-crc64ecma": put.headers["x-cos-hash-crc64ecma"],
      "last-modified": expect.stringMatching(/GMT$/),
    });
  });

  test("HEAD and GET of nothing are 404, HEAD without a body", async () => {
    const emulator = await start();
    const session = await apply(emulator);
    const head = await cos(emulator, session, "HEAD");
    expect([head.status, head.body.length, head.headers["x-cos-trace-id"]]).toEqual([404, 0, expect.any(String)]);
    const get = await cos(emulator, session, "GET");
    expect([get.status, cosCode(get)]).toEqual([404, "NoSuchKey"]);
  });

  test.each([
    ["bytes=0-3", 206, "0123", "bytes 0-3/10"],
    ["bytes=7-", 206, "789", "bytes 7-9/10"],
    ["bytes=-2", 206, "89", "bytes 8-9/10"],
    ["bytes=5-100", 206, "56789", "bytes 5-9/10"],
    ["bytes=10-", 416, undefined, undefined],
    ["lines=1", 416, undefined, undefined],
  ])("GET with %s", async (range, status, text, contentRange) => {
    const emulator = await start();
    const session = await apply(emulator);
    await cos(emulator, session, "PUT", { body: "0123456789" });
    const answer = await cos(emulator, session, "GET", { headers: { range } });
    expect([answer.status, answer.headers["content-range"]]).toEqual([status, contentRange]);
    if (text === undefined) expect(cosCode(answer)).toBe("InvalidRange");
    else expect(answer.text).toBe(text);
  });

  test("Content-MD5 is checked", async () => {
    const emulator = await start();
    const session = await apply(emulator);
    const md5 = (value: string) => cos(emulator, session, "PUT", { body: "abc", headers: { "content-md5": value } });
    expect((await md5("kAFQmDzST7DWlj99KOF/cg==")).status).toBe(200);
    expect(cosCode(await md5("1B2M2Y8AsgTpgAmY7PhCfg=="))).toBe("BadDigest");
    expect(cosCode(await md5("900150983cd24fb0d6963f7d28e17f72"))).toBe("InvalidDigest");
  });

  test("a PUT may come in chunks, and one of nothing at all needs its length said", async () => {
    const emulator = await start();
    const session = await apply(emulator);
    const headers = { "content-length": undefined, "transfer-encoding": "chunked" };
    expect((await cos(emulator, session, "PUT", { body: "abc", headers })).status).toBe(200);
    expect((await emulator.readObject(session.mediaPath)).toString()).toBe("abc");
    expect((await cos(emulator, session, "PUT", { body: "" })).status).toBe(200);
  });

  test("without the CRC64 option no answer carries one", async () => {
    const emulator = await start({ crc64: false });
    const session = await apply(emulator);
    const uploadId = await initiate(emulator, session);
    const etag = await part(emulator, session, uploadId, 1, "abc");
    const done = await complete(emulator, session, uploadId, [[1, etag]]);
    const head = await cos(emulator, session, "HEAD");
    for (const answer of [done, head]) expect(answer.headers).not.toHaveProperty("x-cos-hash-crc64ecma");
  });

  test("a large object comes whole, or cut where a fault says", async () => {
    const emulator = await start();
    const session = await apply(emulator);
    const body = Buffer.alloc(8 * 2 ** 20, "0123456789");
    await cos(emulator, session, "PUT", { body });
    expect(body.equals((await cos(emulator, session, "GET")).body)).toBe(true);
    emulator.setFaults([{ operation: "GetObject", fault: { kind: "truncate-answer", bytes: 1000 } }]);
    await expect(cos(emulator, session, "GET")).rejects.toMatchObject({ code: "ECONNRESET" });
    // Cut, a HEAD must not be a whole answer that names another length.
    emulator.setFaults([{ operation: "HeadObject", fault: { kind: "truncate-answer", bytes: 15 } }]);
    await expect(cos(emulator, session, "HEAD")).rejects.toMatchObject({ code: "ECONNRESET" });
  });

  test("x-cos-forbid-overwrite keeps what is there", async () => {
    const emulator = await start();
    const session = await apply(emulator);
    const headers = { "x-cos-forbid-overwrite": "true" };
    expect((await cos(emulator, session, "PUT", { body: "first", headers })).status).toBe(200);
    expect((await cos(emulator, session, "PUT", { body: "second", headers })).status).toBe(409);
    expect((await emulator.readObject(session.mediaPath)).toString()).toBe("first");
    await expect(emulator.readObject("/nothing")).rejects.toThrow("no object /nothing");
  });

  test("what the emulator does not have is 501", async () => {
    const emulator = await start();
    const session = await apply(emulator);
    expect((await cos(emulator, session, "DELETE")).status).toBe(501);
    expect((await cos(emulator, session, "PUT", { headers: { "x-cos-copy-source": "/b/k" } })).status).toBe(501);
  });
});

const big = Buffer.alloc(2 ** 20, "abcdefg");
const whole = Buffer.concat([big, Buffer.from("tail")]);

describe.each<[string, () => EmulatorOptions]>([
  ["in memory", () => ({})],
  ["in a folder", () => ({ dir: join(folder, "objects") })],
])("kept %s", (_where, options) => {
  test("objects by PUT and by parts hold the bytes that were sent", async () => {
    const emulator = await start(options());
    const session = await apply(emulator, { CoverType: "png" });
    const uploadId = await initiate(emulator, session);
    // Out of order, and one sent twice: the last one counts.
    const second = await part(emulator, session, uploadId, 2, "tail");
    await part(emulator, session, uploadId, 1, "wrong");
    const first = await part(emulator, session, uploadId, 1, big);
    const done = await complete(emulator, session, uploadId, [
      [1, first],
      [2, second],
    ]);
    expect(done.headers["x-cos-hash-crc64ecma"]).toBe(String(crc64(whole)));
    await cos(emulator, session, "PUT", { path: session.coverPath ?? "", body: "cover" });
    const objects = await emulator.objects();
    expect(objects.get(session.mediaPath.slice(1))).toMatchObject({
      size: whole.length,
      sha256: hash("sha256", whole),
      crc64: String(crc64(whole)),
      etag: expect.stringMatching(/^[0-9a-f]{32}-2$/),
    });
    expect(objects.get((session.coverPath ?? "").slice(1))?.sha256).toBe(hash("sha256", "cover"));
    expect(whole.equals(await emulator.readObject(session.mediaPath))).toBe(true);
    expect((await cos(emulator, session, "GET", { headers: { range: "bytes=1048570-1048577" } })).body).toEqual(
      whole.subarray(1048570, 1048578),
    );
    expect(emulator.uploads()).toEqual([]);
  });
});

test("a folder holds finished objects only, under names that stay inside it", async () => {
  const dir = join(folder, "strange");
  const emulator = await start({ dir });
  const session = await apply(emulator, { MediaType: "m3u8" });
  const base = session.mediaPath.slice(0, session.mediaPath.lastIndexOf("/"));
  const names = ["../../../escaped.ts", "./dot.ts", "a//b.ts", "100%.ts", "영상 1.ts"];
  for (const name of names) {
    const path = `${base}/${name}`;
    expect((await cos(emulator, session, "PUT", { path, body: name })).status).toBe(200);
    expect((await cos(emulator, session, "GET", { path })).text).toBe(name);
  }
  const upload = await initiate(emulator, session);
  await part(emulator, session, upload, 1, "unfinished");
  await emulator.close();
  const files = await readdir(dir, { recursive: true });
  expect(files.filter((file) => file.endsWith(".ts"))).toHaveLength(names.length);
  expect(files.filter((file) => file.includes("unfinished"))).toEqual([]);
  expect(await readdir(folder)).not.toContain("escaped.ts");
  expect(await readFile(join(dir, ...base.split("/"), "100%25.ts"), "utf8")).toBe("100%.ts");
});

test("what the disk refuses looks like no answer of the service, and the log says why", async () => {
  const emulator = await start({ dir: join(folder, "conflict") });
  const session = await apply(emulator, { MediaType: "m3u8" });
  const base = session.mediaPath.slice(0, session.mediaPath.lastIndexOf("/"));
  await cos(emulator, session, "PUT", { path: `${base}/a`, body: "a file" });
  // There cannot be a folder where a file is.
  await expect(cos(emulator, session, "PUT", { path: `${base}/a/b`, body: "x" })).rejects.toMatchObject({
    code: "ECONNRESET",
  });
  expect(emulator.requests().at(-1)).toMatchObject({
    status: 0,
    diagnosis: expect.stringMatching(/the emulator failed: .*E(EXIST|NOTDIR)/s),
  });
});

test("discarded objects keep size and CRC64, and no MD5 is made for them", async () => {
  const emulator = await start({ discard: true });
  const session = await apply(emulator);
  const uploadId = await initiate(emulator, session);
  const first = await part(emulator, session, uploadId, 1, big);
  const second = await part(emulator, session, uploadId, 2, "tail");
  expect(first).not.toBe(`"${hash("md5", big)}"`);
  await complete(emulator, session, uploadId, [
    [1, first],
    [2, second],
  ]);
  expect(await emulator.objects()).toEqual(
    new Map([
      [
        session.mediaPath.slice(1),
        expect.objectContaining({ size: whole.length, sha256: undefined, crc64: String(crc64(whole)) }),
      ],
    ]),
  );
  expect((await cos(emulator, session, "GET")).status).toBe(501);
  expect(await call(emulator, "CommitUpload", { VodSessionKey: session.vodSessionKey })).toHaveProperty("FileId");
});

test("a stream is sent to it once: its ETags are said to be no MD5", async () => {
  const emulator = await start({ discard: true });
  const vod = new VodClient({
    credentials: { secretId: emulator.secretId, secretKey: emulator.secretKey },
    vodEndpoint: emulator.vodEndpoint,
    cosEndpoint: emulator.cosEndpoint,
    partSize: 2 ** 20,
  });
  const pieces = Array.from({ length: 4 }, () => Buffer.alloc(2 ** 20, 7));
  const { transfer } = await vod.upload(Readable.from(pieces), { mediaType: "mp4" });
  await vod.close();
  expect(transfer).toMatchObject({ parts: 4, retries: 0, verified: "crc64" });
});

test("objects, media and open uploads are there for other processes too", async () => {
  const emulator = await start();
  const session = await apply(emulator);
  await initiate(emulator, session);
  await cos(emulator, session, "PUT", { body: "abc" });
  const get = async (target: string): Promise<unknown> =>
    JSON.parse((await send(emulator.origin, { method: "GET", target, headers: {} })).text);
  expect(await get("/objects")).toMatchObject({
    [session.mediaPath.slice(1)]: { size: 3, sha256: hash("sha256", "abc") },
  });
  expect(await get("/uploads")).toMatchObject([{ key: session.mediaPath.slice(1), parts: [] }]);
  expect(await get("/media")).toEqual([]);
  expect(await get("/deliveries")).toEqual([]);
});
