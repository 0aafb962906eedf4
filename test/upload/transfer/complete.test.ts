import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { FaultRule } from "../../../src/emulator/index.ts";
import { attempt, bench, counts, expectCommittedOnce, expectNothingCommitted, mib, once, random } from "../support.ts";

const bytes = random(3 * mib + 7);
const options = { partSize: mib, concurrency: 3 };
const complete = "CompleteMultipartUpload";
const errorXml = (code: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>m</Message></Error>`;
const answer = (
  status: number,
  body: string,
  afterEffect: boolean,
  headers: Record<string, string> = {},
): FaultRule["fault"] => ({
  kind: "answer",
  status,
  body,
  afterEffect,
  headers: { "x-cos-request-id": "NWYx", ...headers },
});

describe("Complete whose outcome is unclear is settled by looking at the object", () => {
  const unclear: [string, FaultRule["fault"]][] = [
    ["the answer is lost", { kind: "reset-after-effect" }],
    ["200 and white space", { kind: "white-space" }],
    ["200 cut in the document", { kind: "truncate-answer", bytes: 60 }],
    ["200 cut before a byte", { kind: "truncate-answer", bytes: 0 }],
    ["200 with an error that passes", answer(200, errorXml("InternalError"), true)],
    ["200 with white space, then an error", answer(200, `   \n${errorXml("ServiceUnavailable")}`, true)],
    ["200 with HTML", answer(200, "<html>ok</html>", true)],
    ["200 with plain text", answer(200, "OK", true)],
    ["200 and nothing", answer(200, "", true)],
    ["200 of something that is not COS", { kind: "answer", status: 200, body: "", afterEffect: true }],
    ["500", answer(500, errorXml("InternalError"), true)],
    ["502 with HTML", { kind: "answer", status: 502, body: "<html>", afterEffect: true }],
    ["503 with Retry-After", answer(503, errorXml("SlowDown"), true, { "retry-after": "0" })],
    ["409", answer(409, errorXml("UploadConflict"), true)],
    ["404 of the upload that it completed", answer(404, errorXml("NoSuchUpload"), false, {})],
  ];

  test.each(unclear.slice(0, -1))("%s: it was completed, and is not completed again", async (_, fault) => {
    const { emulator, vod } = await bench({ faults: [once(complete, fault)] });
    const { result } = await attempt(vod, bytes, options);
    await expectCommittedOnce(emulator, bytes, result);
    expect(result?.transfer).toMatchObject({ verified: "crc64", bytes: bytes.length, parts: 4 });
    expect(counts(emulator)).toMatchObject({ [complete]: 1, HeadObject: 1 });
  });

  const notDone: [string, FaultRule["fault"]][] = [
    ["the request is lost", { kind: "reset-before" }],
    ["nothing is answered", { kind: "hang" }],
    ["200 with an error that passes", answer(200, errorXml("InternalError"), false)],
    ["200 with HTML", answer(200, "<html>ok</html>", false)],
    ["200 and nothing", answer(200, "", false)],
    ["503", answer(503, errorXml("SlowDown"), false)],
    ["502 with HTML", { kind: "answer", status: 502, body: "<html>" }],
  ];

  test.each(notDone)("%s: it was not completed, and is completed then", async (_, fault) => {
    const { emulator, vod } = await bench({ faults: [once(complete, fault)] });
    const { result } = await attempt(vod, bytes, options);
    await expectCommittedOnce(emulator, bytes, result);
    expect(counts(emulator)).toMatchObject({ [complete]: 2, HeadObject: 1 });
  });

  test("the answer is lost, and the first look too", async () => {
    const { emulator, vod } = await bench({
      faults: [once(complete, { kind: "reset-after-effect" }), once("HeadObject", { kind: "reset-before" })],
    });
    const { result } = await attempt(vod, bytes, options);
    await expectCommittedOnce(emulator, bytes, result);
    expect(counts(emulator)).toMatchObject({ [complete]: 1, HeadObject: 2 });
  });

  test("lost twice, then NoSuchUpload: it had worked all the same", async () => {
    const { emulator, vod } = await bench({
      faults: [
        once(complete, { kind: "reset-after-effect" }),
        // The look says "not yet there": storage may lag.
        once("HeadObject", { kind: "answer", status: 404, headers: { "x-cos-request-id": "a" } }),
      ],
    });
    const { result } = await attempt(vod, bytes, options);
    await expectCommittedOnce(emulator, bytes, result);
    expect(counts(emulator)).toMatchObject({ [complete]: 2, HeadObject: 2 });
  });

  test("NoSuchUpload at the first attempt is what it says", async () => {
    const { emulator, vod } = await bench({
      faults: [{ operation: complete, fault: answer(404, errorXml("NoSuchUpload"), false) }],
    });
    const { error: thrown } = await attempt(vod, bytes, options);
    expect(thrown).toMatchObject({ code: "COS_API", cosCode: "NoSuchUpload", stage: "transfer", retryable: false });
    expect(emulator.media()).toEqual([]);
    expect(counts(emulator)[complete]).toBe(1);
  });

  test("never answered usefully: the attempts run out, nothing is committed, and nothing is left", async () => {
    const { emulator, vod } = await bench({ faults: [{ operation: complete, fault: { kind: "reset-before" } }] });
    const { error: thrown } = await attempt(vod, bytes, options);
    expect(thrown).toMatchObject({ code: "NETWORK", stage: "transfer", retryable: true, attempts: 6 });
    expectNothingCommitted(emulator);
  });

  test("never answered although it worked, and no looking either: not committed, and said so", async () => {
    const { emulator, vod } = await bench({
      faults: [
        { operation: complete, fault: { kind: "reset-after-effect" } },
        { operation: "HeadObject", fault: { kind: "reset-before" } },
      ],
    });
    const { error: thrown } = await attempt(vod, bytes, { ...options });
    expect(thrown).toMatchObject({ code: "NETWORK", stage: "transfer", retryable: true });
    expect(emulator.media()).toEqual([]);
  }, 30_000);

  test("a long Complete, kept alive by white space, is waited for", async () => {
    const { emulator, vod } = await bench({ faults: [once(complete, { kind: "keep-alive", ms: 100, spaces: 12 })] });
    const { result } = await attempt(vod, bytes, options);
    await expectCommittedOnce(emulator, bytes, result);
    expect(counts(emulator)).toMatchObject({ [complete]: 1 });
  });
});

describe("what was stored is compared with what was sent", () => {
  test("a CRC64 that disagrees in Complete's answer is final", async () => {
    const { emulator, vod } = await bench({ faults: [{ operation: complete, fault: { kind: "wrong-crc64" } }] });
    const { error: thrown } = await attempt(vod, bytes, options);
    expect(thrown).toMatchObject({ code: "INTEGRITY", algorithm: "crc64", retryable: false, stage: "transfer" });
    expect(emulator.media()).toEqual([]);
    expect(counts(emulator)).toMatchObject({ [complete]: 1 });
    expect(counts(emulator)["CommitUpload"]).toBeUndefined();
  });

  test("so is one that the object itself has after a lost answer", async () => {
    const { emulator, vod } = await bench({
      faults: [
        once(complete, { kind: "reset-after-effect" }),
        { operation: "HeadObject", fault: { kind: "wrong-crc64" } },
      ],
    });
    expect((await attempt(vod, bytes, options)).error).toMatchObject({ code: "INTEGRITY", algorithm: "crc64" });
    expect(emulator.media()).toEqual([]);
    expect(counts(emulator)[complete]).toBe(1);
  });

  test("a part that was damaged on its way is sent again", async () => {
    const { emulator, vod } = await bench({
      faults: [once("UploadPart", { kind: "corrupt-body" }, { partNumber: 2 })],
    });
    const { result } = await attempt(vod, bytes, options);
    await expectCommittedOnce(emulator, bytes, result);
    expect(result?.transfer.retries).toBe(1);
  });

  test("a part that is damaged every time is an integrity error", async () => {
    const { emulator, vod } = await bench({
      faults: [{ operation: "UploadPart", partNumber: 2, fault: { kind: "corrupt-body" } }],
    });
    const { error: thrown } = await attempt(vod, bytes, options);
    expect(thrown).toMatchObject({ code: "INTEGRITY", stage: "transfer", attempts: 6 });
    expectNothingCommitted(emulator);
  });

  test.each(["wrong-crc64", "wrong-etag"] as const)("a part answered with a %s is sent again", async (kind) => {
    const { emulator, vod } = await bench({ faults: [once("UploadPart", { kind }, { partNumber: 3 })] });
    const { result } = await attempt(vod, bytes, options);
    await expectCommittedOnce(emulator, bytes, result);
    expect(counts(emulator)["UploadPart"]).toBe(5);
  });

  test.each(["wrong-crc64", "wrong-etag", "corrupt-body"] as const)("a PUT with a %s is sent again", async (kind) => {
    const small = random(1_000);
    const { emulator, vod } = await bench({ faults: [once("PutObject", { kind })] });
    const { result } = await attempt(vod, small);
    await expectCommittedOnce(emulator, small, result);
    // The CRC is the proof; an ETag is looked at where there is none.
    expect(counts(emulator)["PutObject"]).toBe(kind === "wrong-etag" ? 1 : 2);
  });

  test.each(["file", "bytes", "blob", "stream"])(
    "a success before the bytes of a %s were sent is none, and they are sent again",
    async (kind) => {
      const { tempFile } = await import("../support.ts");
      const large = random(24 * mib);
      const early = {
        kind: "answer",
        status: 200,
        headers: { etag: '"0123"', "x-cos-request-id": "a" },
        early: true,
      } as const;
      const { emulator, vod } = await bench({ faults: [once("UploadPart", early), once("PutObject", early)] });
      async function* stream(): AsyncGenerator<Uint8Array> {
        yield large;
      }
      const sources = { file: () => tempFile(large), bytes: () => large, blob: () => new Blob([large]), stream };
      const source = await sources[kind as keyof typeof sources]();
      for (const partSize of [8 * mib, 32 * mib]) {
        const sending = kind === "stream" ? stream() : source;
        const { result, error } = await attempt(vod, sending, { partSize, concurrency: 2 });
        expect(error).toBeUndefined();
        expect(result?.transfer).toMatchObject({ verified: "crc64", retries: 1 });
        const media = emulator.media().find(({ fileId }) => fileId === result?.fileId);
        expect((await emulator.readObject(media?.key ?? "")).equals(large)).toBe(true);
      }
    },
  );

  test.each([
    ["a file's part", "file", "UploadPart"],
    ["a file's PUT", "file", "PutObject"],
    ["a Blob's part", "blob", "UploadPart"],
  ] as const)("%s damaged on its way is seen by its ETag where no answer has a CRC64", async (_, kind, operation) => {
    const { tempFile } = await import("../support.ts");
    const size = operation === "UploadPart" ? options : {};
    const source = kind === "file" ? await tempFile(bytes) : new Blob([bytes]);
    const passing = await bench({ crc64: false, faults: [once(operation, { kind: "corrupt-body" })] });
    const { result } = await attempt(passing.vod, source, size);
    await expectCommittedOnce(passing.emulator, bytes, result);
    expect(result?.transfer).toMatchObject({ verified: "size", retries: 1 });

    const lasting = await bench({ crc64: false, faults: [{ operation, fault: { kind: "corrupt-body" } }] });
    const { error } = await attempt(lasting.vod, source, size);
    expect(error).toMatchObject({ code: "INTEGRITY", algorithm: "md5", stage: "transfer" });
    expectNothingCommitted(lasting.emulator);
  });

  test("a file that changes before it is read again for its ETag is not committed", async () => {
    const { tempFile } = await import("../support.ts");
    const path = await tempFile(bytes);
    const { emulator, vod } = await bench({ crc64: false });
    const change = (message: unknown): void => {
      if ((message as { operation?: string }).operation === "PutObject") writeFileSync(path, random(bytes.length));
    };
    subscribe("vodup:request", change);
    const { error } = await attempt(vod, path).finally(() => unsubscribe("vodup:request", change));
    expect(error).toMatchObject({ code: "SOURCE_CHANGED" });
    expect(counts(emulator)["PutObject"]).toBe(1);
    expectNothingCommitted(emulator);
  });

  test("an ETag that was told wrongly once is read again for Complete", async () => {
    const { tempFile } = await import("../support.ts");
    const path = await tempFile(bytes);
    // The CRC64 vouched for a file's part, so nobody computed its MD5: the wrong ETag shows only at Complete.
    const { emulator, vod } = await bench({ faults: [once("UploadPart", { kind: "wrong-etag" }, { partNumber: 1 })] });
    const { result } = await attempt(vod, path, options);
    await expectCommittedOnce(emulator, bytes, result);
    expect(counts(emulator)).toMatchObject({ UploadPart: 4, ListParts: 1, [complete]: 2 });
  });
});

test("parts that the service lists with other sizes are not completed", async () => {
  const { tempFile } = await import("../support.ts");
  const list = (size: number): string =>
    `<ListPartsResult><Bucket>b</Bucket><Key>k</Key><UploadId>u</UploadId><IsTruncated>false</IsTruncated>${[2, 3, 4]
      .map((number) => `<Part><PartNumber>${number}</PartNumber><ETag>"e"</ETag><Size>${size}</Size></Part>`)
      .join("")}</ListPartsResult>`;
  const { emulator, vod } = await bench({
    faults: [
      once("UploadPart", { kind: "wrong-etag" }, { partNumber: 1 }),
      { operation: "ListParts", fault: answer(200, list(5), false) },
    ],
  });
  const { error } = await attempt(vod, await tempFile(bytes), options);
  expect(error).toMatchObject({ code: "INTEGRITY", algorithm: "size", stage: "transfer" });
  expectNothingCommitted(emulator);
});

describe("a service that names no CRC64", () => {
  const small = random(1_000);

  test.each([
    ["parts", bytes],
    ["one PUT", small],
    ["an empty PUT", new Uint8Array(0)],
  ])("leaves the size to decide, and the result says so: %s", async (_, content) => {
    const { emulator, vod } = await bench({ crc64: false });
    const { result } = await attempt(vod, content, options);
    await expectCommittedOnce(emulator, content, result);
    expect(result?.transfer.verified).toBe("size");
  });

  test.each([
    ["parts", bytes],
    ["one PUT", small],
  ])("is an error where a CRC64 is required: %s", async (_, content) => {
    const { emulator, vod } = await bench({ crc64: false });
    const { error: thrown } = await attempt(vod, content, { ...options, requireCrc64: true });
    expect(thrown).toMatchObject({ code: "INTEGRITY", algorithm: "crc64", actual: undefined, retryable: false });
    expect(emulator.media()).toEqual([]);
    expect(counts(emulator)["CommitUpload"]).toBeUndefined();
  });

  test.each([
    ["parts", bytes],
    ["one PUT", small],
  ])("in the answer but has one at the object: that one counts: %s", async (_, content) => {
    const drop = { kind: "drop-crc64" } as const;
    const { emulator, vod } = await bench({
      faults: [
        { operation: complete, fault: drop },
        { operation: "PutObject", fault: drop },
      ],
    });
    const { result } = await attempt(vod, content, { ...options, requireCrc64: true });
    await expectCommittedOnce(emulator, content, result);
    expect(result?.transfer.verified).toBe("crc64");
  });

  test.each([
    ["parts", bytes],
    ["one PUT", small],
  ])("and says that the object is not there, is not believed to have it: %s", async (_, content) => {
    const { emulator, vod } = await bench({
      crc64: false,
      faults: [
        { operation: "HeadObject", fault: { kind: "answer", status: 404, headers: { "x-cos-request-id": "a" } } },
      ],
    });
    const { error: thrown } = await attempt(vod, content, options);
    expect(thrown).toMatchObject({ code: "INTEGRITY", algorithm: "size", stage: "transfer" });
    expect(emulator.media()).toEqual([]);
  });

  test.each([
    ["parts", bytes],
    ["one PUT", small],
  ])("and does not let the certificate look, has still taken every byte: %s", async (_, content) => {
    const { emulator, vod } = await bench({
      crc64: false,
      faults: [
        { operation: "HeadObject", fault: { kind: "answer", status: 403, headers: { "x-cos-request-id": "a" } } },
      ],
    });
    const { result } = await attempt(vod, content, options);
    await expectCommittedOnce(emulator, content, result);
    expect(result?.transfer.verified).toBe("size");
  });

  test("and stores another size is caught", async () => {
    const headers = { "x-cos-request-id": "a", etag: '"e-1"' };
    const { emulator, vod } = await bench({
      crc64: false,
      faults: [{ operation: "HeadObject", fault: { kind: "answer", status: 200, headers, body: "12345" } }],
    });
    const { error: thrown } = await attempt(vod, bytes, options);
    expect(thrown).toMatchObject({ code: "INTEGRITY", algorithm: "size", expected: String(bytes.length), actual: "5" });
    expect(emulator.media()).toEqual([]);
  });
});
