import { describe, expect, test } from "vitest";
import type { EmulatorOptions } from "../../src/emulator/index.ts";
import { VodClient } from "../../src/index.ts";
import { atEnd } from "../support/at-end.ts";
import { start } from "./support/running.ts";
import { apply, call, cos, element, initiate, textAt } from "./support/wire.ts";

/* Forms that others saw the service answer in, and that no page prints (fixtures/published). */

describe("names", () => {
  test.each([
    ["ap-singapore", "sgp"],
    ["ap-guangzhou", "gzp"],
    ["ap-chongqing", "cq"],
    ["ap-hongkong", "hongkong"],
  ])("of a bucket in %s: the media's first folder, and the service's own account", async (region, code) => {
    const emulator = await start();
    const params = { MediaType: "mp4", CoverType: "jpg", StorageRegion: region };
    const { Response } = { Response: await call(emulator, "ApplyUpload", params) };
    const [bucket, media, cover] = ["StorageBucket", "MediaStoragePath", "CoverStoragePath"].map((name) =>
      textAt(Response, name),
    );
    const [, first, fileId] = /^\/([^/]+)\/[0-9a-f]{8}(\d{18,20})\/[^/]+$/.exec(media ?? "") ?? [];
    expect(first).toMatch(new RegExp(`^[0-9a-f]{8}vod${code}1250000000$`));
    expect(bucket).toBe(`${first}-10022853`);
    expect(cover).toBe(`${media?.replace(/[^/]+$/, "")}${BigInt(fileId ?? 0) + 1n}.jpg`);
    expect(textAt(Response, "VodSessionKey")).toMatch(/^[0-9A-Za-z+/]+==$/);
    expect(textAt(Response, "VodSessionKey")).toHaveLength(432);
  });

  test("of a bucket stay the same from session to session", async () => {
    const emulator = await start();
    const buckets = await Promise.all([apply(emulator), apply(emulator)]);
    expect(buckets[0]?.bucket).toBe(buckets[1]?.bucket);
  });
});

describe("x-cos-trace-id", () => {
  test("names the cause, not the request: 128 hexadecimal digits, the first half always the same", async () => {
    const emulator = await start();
    const session = await apply(emulator);
    const [gone, again, small] = await Promise.all(
      ["/none", "/none", session.mediaPath].map(async (path, at) => {
        const query: Record<string, string> = at === 2 ? { uploadId: "none" } : {};
        const answer = await cos(emulator, session, "GET", { path, query });
        expect(answer.headers["x-cos-trace-id"]).toBe(element(answer, "TraceId"));
        return String(answer.headers["x-cos-trace-id"]);
      }),
    );
    expect(gone).toHaveLength(172);
    expect(Buffer.from(gone ?? "", "base64").toString()).toMatch(/^[0-9a-f]{128}$/);
    expect(again).toBe(gone);
    expect(small).not.toBe(gone);
    expect(small?.slice(0, 84)).toBe(gone?.slice(0, 84));
  });
});

describe("the framing of Initiate and Complete", () => {
  test.each([
    [{}, [undefined, "chunked"]],
    [{ chunkedAnswers: false }, [expect.stringMatching(/^\d+$/), undefined]],
  ] as const)("with %j", async (options: EmulatorOptions, framing) => {
    const emulator = await start(options);
    const session = await apply(emulator);
    const { headers } = await cos(emulator, session, "POST", { query: { uploads: "" } });
    expect([headers["content-length"], headers["transfer-encoding"]]).toEqual(framing);
  });
});

describe("x-cos-storage-class", () => {
  test.each([
    [{}, "STANDARD", undefined],
    [{ storageClass: "MAZ_STANDARD" }, "MAZ_STANDARD", "MAZ_STANDARD"],
  ] as const)("with %j", async (options: EmulatorOptions, stored, looked) => {
    const emulator = await start(options);
    const session = await apply(emulator);
    const put = await cos(emulator, session, "PUT", { body: "x" });
    const uploadId = await initiate(emulator, session);
    const part = await cos(emulator, session, "PUT", { query: { uploadId, partNumber: "1" }, body: "x" });
    const head = await cos(emulator, session, "HEAD", {});
    const classes = [put, part, head].map(({ headers }) => headers["x-cos-storage-class"]);
    expect(classes).toEqual([stored, stored, looked]);
  });

  test("is the object's own where it was stored with one", async () => {
    const emulator = await start();
    const session = await apply(emulator);
    const headers = { "x-cos-storage-class": "STANDARD_IA" };
    const put = await cos(emulator, session, "PUT", { body: "x", headers });
    const head = await cos(emulator, session, "HEAD", {});
    expect([put, head].map((answer) => answer.headers["x-cos-storage-class"])).toEqual(["STANDARD_IA", "STANDARD_IA"]);
  });
});

describe("a Complete that fails after it has begun to answer", () => {
  const late = { kind: "late-error", code: "InternalError", ms: 5 } as const;

  test("is 200, line feeds and an error; nothing is joined", async () => {
    const emulator = await start({ faults: [{ operation: "CompleteMultipartUpload", fault: late }] });
    const session = await apply(emulator);
    const uploadId = await initiate(emulator, session);
    const answer = await cos(emulator, session, "POST", { query: { uploadId }, body: "<CompleteMultipartUpload/>" });
    expect([answer.status, answer.headers["transfer-encoding"]]).toEqual([200, "chunked"]);
    expect(answer.text).toMatch(/^\n\n\n<\?xml .*\n<Error>\n\t<Code>InternalError<\/Code>/);
    expect(emulator.uploads()).toHaveLength(1);
    expect(await emulator.objects()).toEqual(new Map());
  });

  test("is asked for again by an upload, which goes through", async () => {
    const emulator = await start({ faults: [{ operation: "CompleteMultipartUpload", times: 2, fault: late }] });
    const { secretId, secretKey, vodEndpoint, cosEndpoint } = emulator;
    const retry = { baseDelayMs: 1 };
    const vod = new VodClient({ credentials: { secretId, secretKey }, vodEndpoint, cosEndpoint, retry });
    atEnd(() => vod.close());
    const { transfer } = await vod.upload(Buffer.alloc(2 ** 20 + 1), { mediaType: "mp4", partSize: 2 ** 20 });
    expect(transfer).toMatchObject({ parts: 2, verified: "crc64", retries: 2 });
    expect(emulator.uploads()).toEqual([]);
  });
});
