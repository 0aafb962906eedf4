import { describe, expect, test } from "vitest";
import { start } from "./support/running.ts";
import { apply, complete, completeBody, cos, cosCode, element, initiate, part, type Session } from "./support/wire.ts";
import type { Emulator } from "../../src/emulator/index.ts";

const aMebibyte = Buffer.alloc(2 ** 20, 1);

async function begun(): Promise<{ emulator: Emulator; session: Session; uploadId: string }> {
  const emulator = await start();
  const session = await apply(emulator);
  return { emulator, session, uploadId: await initiate(emulator, session) };
}

describe("Initiate", () => {
  test("answers bucket, key and upload id in the documented form", async () => {
    const emulator = await start();
    const session = await apply(emulator);
    const answer = await cos(emulator, session, "POST", { query: { uploads: "" } });
    const key = session.mediaPath.slice(1);
    expect(answer.headers["content-type"]).toBe("application/xml");
    expect(answer.text).toMatch(
      new RegExp(
        `^<InitiateMultipartUploadResult>\n\t<Bucket>${session.bucket}</Bucket>\n\t<Key>${key}</Key>\n\t<UploadId>\\d{10}[0-9a-f]{64}</UploadId>\n</InitiateMultipartUploadResult>$`,
      ),
    );
  });
});

describe("Upload Part", () => {
  test.each(["0", "10001", "-1", "1.5", "x", ""])("refuses part number %j", async (partNumber) => {
    const { emulator, session, uploadId } = await begun();
    const answer = await cos(emulator, session, "PUT", { query: { partNumber, uploadId }, body: "x" });
    expect([answer.status, cosCode(answer)]).toEqual([400, "InvalidArgument"]);
  });

  test("takes part number 10000", async () => {
    const { emulator, session, uploadId } = await begun();
    expect(await part(emulator, session, uploadId, 10_000, "x")).toMatch(/^"[0-9a-f]{32}"$/);
  });

  test("needs Content-Length", async () => {
    const { emulator, session, uploadId } = await begun();
    const headers = { "content-length": undefined, "transfer-encoding": "chunked" };
    const answer = await cos(emulator, session, "PUT", { query: { partNumber: "1", uploadId }, body: "x", headers });
    expect([answer.status, cosCode(answer)]).toEqual([411, "MissingContentLength"]);
  });

  test("refuses to announce more than 5 GiB, before any byte of it", async () => {
    const { emulator, session, uploadId } = await begun();
    const headers = { "content-length": String(5 * 2 ** 30 + 1) };
    const sent = cos(emulator, session, "PUT", { query: { partNumber: "1", uploadId }, headers });
    // The body never comes, so neither does an answer; the part must not be there either.
    await expect(Promise.race([sent, new Promise((resolve) => setTimeout(resolve, 100, "waiting"))])).resolves.toBe(
      "waiting",
    );
    expect(emulator.uploads()[0]?.parts).toEqual([]);
    sent.catch(() => undefined);
  });

  test("knows the upload only under its own key", async () => {
    const { emulator, session, uploadId } = await begun();
    const other = await apply(emulator);
    const answer = await cos(emulator, other, "PUT", { query: { partNumber: "1", uploadId }, body: "x" });
    expect([answer.status, cosCode(answer)]).toEqual([404, "NoSuchUpload"]);
    expect(session.mediaPath).not.toBe(other.mediaPath);
  });
});

describe("List Parts", () => {
  test("pages by max-parts and marker, in ascending order", async () => {
    const { emulator, session, uploadId } = await begun();
    for (const number of [3, 1, 2, 10]) await part(emulator, session, uploadId, number, `part ${number}`);
    const page = async (query: Record<string, string>) => {
      const answer = await cos(emulator, session, "GET", { query: { uploadId, ...query } });
      return {
        numbers: [...answer.text.matchAll(/<PartNumber>(\d+)</g)].map((match) => Number(match[1])),
        next: element(answer, "NextPartNumberMarker"),
        truncated: element(answer, "IsTruncated"),
      };
    };
    expect(await page({})).toEqual({ numbers: [1, 2, 3, 10], next: undefined, truncated: "false" });
    expect(await page({ "max-parts": "2" })).toEqual({ numbers: [1, 2], next: "2", truncated: "true" });
    expect(await page({ "max-parts": "2", "part-number-marker": "2" })).toEqual({
      numbers: [3, 10],
      next: undefined,
      truncated: "false",
    });
    expect(await page({ "part-number-marker": "10" })).toEqual({ numbers: [], next: undefined, truncated: "false" });
    expect(cosCode(await cos(emulator, session, "GET", { query: { uploadId, "max-parts": "many" } }))).toBe(
      "InvalidArgument",
    );
  });

  test("encodes the key when asked to", async () => {
    const emulator = await start();
    const session = await apply(emulator, { MediaStoragePath: "/a b/영상.mp4" });
    const uploadId = await initiate(emulator, session);
    const plain = await cos(emulator, session, "GET", { query: { uploadId } });
    const encoded = await cos(emulator, session, "GET", { query: { uploadId, "encoding-type": "url" } });
    expect(element(plain, "Key")).toBe("a b/영상.mp4");
    expect([element(encoded, "Key"), element(encoded, "EncodingType")]).toEqual([
      "a%20b%2F%EC%98%81%EC%83%81.mp4",
      "url",
    ]);
  });
});

describe("Complete", () => {
  test("refuses what is not the parts that are there", async () => {
    const { emulator, session, uploadId } = await begun();
    const one = await part(emulator, session, uploadId, 1, aMebibyte);
    const two = await part(emulator, session, uploadId, 2, aMebibyte);
    const four = await part(emulator, session, uploadId, 4, aMebibyte);
    const refusal = async (parts: [number, string][]): Promise<unknown> => {
      const answer = await complete(emulator, session, uploadId, parts);
      return [answer.status, cosCode(answer)];
    };
    expect(
      await refusal([
        [2, two],
        [1, one],
      ]),
    ).toEqual([400, "InvalidPartOrder"]);
    expect(
      await refusal([
        [1, one],
        [1, one],
      ]),
    ).toEqual([400, "InvalidPartOrder"]);
    expect(
      await refusal([
        [1, one],
        [2, two],
        [4, four],
      ]),
    ).toEqual([400, "InvalidPartOrder"]);
    expect(
      await refusal([
        [1, one],
        [2, one.replace(/^"./, '"z')],
      ]),
    ).toEqual([400, "InvalidPart"]);
    expect(
      await refusal([
        [1, one],
        [2, two],
        [3, two],
      ]),
    ).toEqual([400, "InvalidPart"]);
    expect(await refusal([])).toEqual([400, "MalformedXML"]);
    expect(await refusal([[0, one]])).toEqual([400, "MalformedXML"]);
    expect(
      (
        await complete(emulator, session, uploadId, [
          [1, one],
          [2, two],
        ])
      ).status,
    ).toBe(200);
  });

  test("refuses a small part that is not the last", async () => {
    const { emulator, session, uploadId } = await begun();
    const small = await part(emulator, session, uploadId, 1, aMebibyte.subarray(1));
    const last = await part(emulator, session, uploadId, 2, "x");
    const answer = await complete(emulator, session, uploadId, [
      [1, small],
      [2, last],
    ]);
    expect([answer.status, cosCode(answer)]).toEqual([400, "EntityTooSmall"]);
    expect(element(answer, "Message")).toBe("Your proposed upload is smaller than the minimum allowed object size.");
  });

  test.each([
    ["not XML", "hello"],
    ["another root", "<Complete><Part><PartNumber>1</PartNumber><ETag>e</ETag></Part></Complete>"],
    ["other names", "<CompleteMultipartUpload><Parts><Number>1</Number></Parts></CompleteMultipartUpload>"],
    ["more than 1 MB", completeBody([[1, "e".repeat(2 ** 20)]])],
  ])("refuses %s as MalformedXML", async (_what, body) => {
    const { emulator, session, uploadId } = await begun();
    await part(emulator, session, uploadId, 1, "x");
    const answer = await cos(emulator, session, "POST", { query: { uploadId }, body });
    expect([answer.status, cosCode(answer)]).toEqual([400, "MalformedXML"]);
  });

  test("checks the MD5 of the list when there is one", async () => {
    const { emulator, session, uploadId } = await begun();
    const etag = await part(emulator, session, uploadId, 1, "x");
    const headers = { "content-md5": "kAFQmDzST7DWlj99KOF/cg==" };
    const answer = await cos(emulator, session, "POST", {
      query: { uploadId },
      body: completeBody([[1, etag]]),
      headers,
    });
    expect(cosCode(answer)).toBe("BadDigest");
  });

  test("answers in the documented form, takes ETags in every form, and ends the upload", async () => {
    const { emulator, session, uploadId } = await begun();
    const raw = await part(emulator, session, uploadId, 1, aMebibyte);
    const second = (await part(emulator, session, uploadId, 2, "x")).replaceAll('"', "");
    const body = completeBody([
      [1, raw.replaceAll('"', "&quot;")],
      [2, second],
    ]);
    const answer = await cos(emulator, session, "POST", { query: { uploadId }, body });
    expect(answer.status).toBe(200);
    expect(answer.text).toMatch(/^<\?xml version="1.0" encoding="UTF-8"\?>\n<CompleteMultipartUploadResult xmlns="/);
    expect(element(answer, "Key")).toBe(session.mediaPath.slice(1));
    expect(element(answer, "ETag")).toMatch(/^(&quot;)[0-9a-f]{32}-2\1$/);
    for (const method of ["POST", "PUT", "GET", "DELETE"]) {
      const query: Record<string, string> = method === "PUT" ? { uploadId, partNumber: "1" } : { uploadId };
      const after = await cos(emulator, session, method, { query, body: method === "POST" ? body : "" });
      expect([method, after.status, cosCode(after)]).toEqual([method, 404, "NoSuchUpload"]);
    }
  });

  test("drops parts that are not named", async () => {
    const { emulator, session, uploadId } = await begun();
    const one = await part(emulator, session, uploadId, 1, "only this");
    await part(emulator, session, uploadId, 2, "not this");
    await complete(emulator, session, uploadId, [[1, one]]);
    expect((await emulator.readObject(session.mediaPath)).toString()).toBe("only this");
  });
});

describe("Abort", () => {
  test("ends the upload; there is nothing to abort after it", async () => {
    const { emulator, session, uploadId } = await begun();
    await part(emulator, session, uploadId, 1, "x");
    const first = await cos(emulator, session, "DELETE", { query: { uploadId } });
    expect([first.status, first.body.length, first.headers["content-length"]]).toEqual([204, 0, undefined]);
    expect((await cos(emulator, session, "DELETE", { query: { uploadId } })).status).toBe(404);
    expect(emulator.uploads()).toEqual([]);
    expect(await emulator.objects()).toEqual(new Map());
  });
});

describe("List Multipart Uploads", () => {
  test("shows a session its own uploads, in pages", async () => {
    const { emulator, session, uploadId } = await begun();
    const other = await apply(emulator);
    await initiate(emulator, other);
    const second = await initiate(emulator, session);
    const list = async (query: Record<string, string>) => {
      const answer = await cos(emulator, session, "GET", { path: "/", query: { uploads: "", ...query } });
      return [
        [...answer.text.matchAll(/<UploadId>(\w+)</g)].map((match) => match[1]),
        element(answer, "NextUploadIdMarker"),
      ];
    };
    const [first = "", last = ""] = [uploadId, second].sort();
    const key = session.mediaPath.slice(1);
    expect(await list({})).toEqual([[first, last], undefined]);
    expect(await list({ prefix: key, "max-uploads": "1" })).toEqual([[first], first]);
    expect(await list({ "key-marker": key, "upload-id-marker": first })).toEqual([[last], undefined]);
    expect(await list({ prefix: "nothing" })).toEqual([[], undefined]);
  });

  test("is refused when the option says so", async () => {
    const emulator = await start({ listMultipartUploads: false });
    const session = await apply(emulator);
    const answer = await cos(emulator, session, "GET", { path: "/", query: { uploads: "" } });
    expect([answer.status, cosCode(answer)]).toEqual([403, "AccessDenied"]);
  });
});
