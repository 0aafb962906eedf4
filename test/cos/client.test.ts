import { afterEach, describe, expect, test } from "vitest";
import { CosClient } from "../../src/cos/client.ts";
import type { CosOptions } from "../../src/cos/options.ts";
import { CosError, NetworkError } from "../../src/errors.ts";
import { answerText, onRequests, tcpServer } from "../support/raw-servers.ts";
import { rejection } from "../http/support.ts";
import { timing } from "../support/timing.ts";

const opened: CosClient[] = [];
const credentials = { secretId: "AKIDexample", secretKey: "5ecretKey", token: "T0ken/+==" };
const xml = { "content-type": "application/xml", "x-cos-request-id": "NWYx" };

afterEach(async () => {
  await Promise.all(opened.splice(0).map((cos) => cos.close()));
});

interface Seen {
  readonly line: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

async function serve(
  answers: readonly string[],
  options: Partial<CosOptions> = {},
): Promise<{ cos: CosClient; seen: Seen[] }> {
  const seen: Seen[] = [];
  const server = await tcpServer((socket) =>
    onRequests(socket, (head, body) => {
      const [line = "", ...rest] = head.split("\r\n");
      const headers = Object.fromEntries(
        rest.map((each) => [each.slice(0, each.indexOf(":")).toLowerCase(), each.slice(each.indexOf(":") + 1).trim()]),
      );
      seen.push({ line, headers, body: String(body) });
      const answer = answers[Math.min(seen.length, answers.length) - 1] ?? "";
      if (answer === "cut") socket.end();
      else if (answer !== "hang") socket.end(answer);
    }),
  );
  const cos = new CosClient({
    bucket: "b-1250000000",
    region: "r",
    credentials,
    cosEndpoint: server.origin,
    ...options,
  });
  opened.push(cos);
  return { cos, seen };
}

const complete = (body: string, headers: Record<string, string> = {}): string =>
  answerText(200, { ...xml, ...headers }, body);
const completed =
  '<CompleteMultipartUploadResult><Location>l</Location><Bucket>b</Bucket><Key>k</Key><ETag>"e-1"</ETag></CompleteMultipartUploadResult>';
const parts = [{ partNumber: 1, etag: "e1" }];

describe("a request", () => {
  test("goes to the key as it is, percent-encoded once, one leading slash dropped", async () => {
    const { cos, seen } = await serve([answerText(200, { etag: '"e"' })]);
    for (const key of ["/dir/a b+c%20d~é視.mp4", "//double", "a'()*!;=&?#.mp4"])
      await cos.putObject(key, Buffer.from("x"));
    expect(seen.map(({ line }) => line)).toEqual([
      "PUT /dir/a%20b%2Bc%2520d~%C3%A9%E8%A6%96.mp4 HTTP/1.1",
      "PUT //double HTTP/1.1",
      "PUT /a%27%28%29%2A%21%3B%3D%26%3F%23.mp4 HTTP/1.1",
    ]);
  });

  test("signs every header it sends but the connection's own", async () => {
    const { cos, seen } = await serve([answerText(200, { etag: '"e"' })]);
    await cos.putObject("k", Buffer.from("abc"), { contentType: "video/mp4" });
    const { authorization = "", connection, ...sent } = seen[0]?.headers ?? {};
    expect(connection).toBe("keep-alive");
    expect(Object.keys(sent).sort()).toEqual(["content-length", "content-type", "host", "x-cos-security-token"]);
    expect(/q-header-list=([^&]*)/.exec(authorization)?.[1]?.split(";")).toEqual(Object.keys(sent).sort());
    expect(sent["x-cos-security-token"]).toBe(credentials.token);
  });

  test("is signed from a minute ago for a quarter of an hour, by the client's clock", async () => {
    const now = Date.UTC(2026, 0, 1);
    const { cos, seen } = await serve([answerText(200, { etag: '"e"' })], { clock: () => now });
    await cos.putObject("k", Buffer.from("abc"));
    expect(seen[0]?.headers["authorization"]).toContain(`q-sign-time=${now / 1000 - 60};${now / 1000 + 900}&`);
  });

  test("is signed with other credentials when the call has some", async () => {
    const { cos, seen } = await serve([answerText(200, { etag: '"e"' })]);
    await cos.putObject("k", Buffer.from("abc"), { credentials: { secretId: "AKIDother", secretKey: "k" } });
    expect(seen[0]?.headers["authorization"]).toContain("q-ak=AKIDother&");
    expect(seen[0]?.headers["x-cos-security-token"]).toBeUndefined();
  });

  test.each([
    ["uploads=", (cos: CosClient) => cos.initiateMultipartUpload("k"), "POST /k?uploads HTTP/1.1"],
    [
      "a part",
      (cos: CosClient) => cos.uploadPart("k", { uploadId: "a/+b", partNumber: 10_000, body: Buffer.from("x") }),
      "PUT /k?partNumber=10000&uploadId=a%2F%2Bb HTTP/1.1",
    ],
    ["the list", (cos: CosClient) => cos.listParts("k", "u"), "GET /k?uploadId=u&max-parts=1000 HTTP/1.1"],
    [
      "the list of a key's uploads",
      (cos: CosClient) => cos.listMultipartUploads("/dir/a b.mp4"),
      "GET /?uploads&prefix=dir%2Fa%20b.mp4 HTTP/1.1",
    ],
    ["an abort", (cos: CosClient) => cos.abortMultipartUpload("k", "u"), "DELETE /k?uploadId=u HTTP/1.1"],
    ["a look", (cos: CosClient) => cos.headObject("k"), "HEAD /k HTTP/1.1"],
  ])("of %s has its documented line", async (_, call, line) => {
    const { cos, seen } = await serve([answerText(500, xml)]);
    await rejection(call(cos));
    expect(seen.map((each) => each.line)).toEqual([line]);
  });

  test.each<[string, (cos: CosClient) => Promise<unknown>]>([
    ["key", (cos) => cos.headObject("")],
    ["key", (cos) => cos.headObject("/")],
    ["key", (cos) => cos.headObject("a/../b")],
    ["key", (cos) => cos.headObject("./a")],
    ["key", (cos) => cos.headObject("a/.")],
    ["key", (cos) => cos.headObject("視".repeat(284))],
    ["partNumber", (cos) => cos.uploadPart("k", { uploadId: "u", partNumber: 0, body: Buffer.from("x") })],
    ["partNumber", (cos) => cos.uploadPart("k", { uploadId: "u", partNumber: 10_001, body: Buffer.from("x") })],
    ["partNumber", (cos) => cos.uploadPart("k", { uploadId: "u", partNumber: 1.5, body: Buffer.from("x") })],
    ["uploadId", (cos) => cos.uploadPart("k", { uploadId: "", partNumber: 1, body: Buffer.from("x") })],
    ["uploadId", (cos) => cos.listParts("k", "")],
    ["key", (cos) => cos.listMultipartUploads("")],
    ["uploadId", (cos) => cos.abortMultipartUpload("k", "")],
    [
      "parts",
      (cos) =>
        cos.completeMultipartUpload(
          "k",
          "u",
          Array.from({ length: 10_000 }, (_, i) => ({ partNumber: i + 1, etag: "e".repeat(90) })),
        ),
    ],
  ])("with a bad %s is refused before anything is sent", async (field, call) => {
    const { cos, seen } = await serve([answerText(200)]);
    expect(await rejection(call(cos))).toMatchObject({
      code: "ERR_INVALID_ARG_VALUE",
      message: expect.stringMatching(new RegExp(`^${field}:`)),
    });
    expect(seen).toHaveLength(0);
  });
});

describe("a success", () => {
  test("of PUT and UploadPart names what was stored", async () => {
    const headers = { ETag: '"0cc175b9c0f1b6a831c399e269772661"', "x-cos-hash-crc64ecma": "18446744073709551615" };
    const { cos } = await serve([answerText(200, headers), answerText(200, { etag: "bare" })]);
    expect(await cos.putObject("k", Buffer.from("a"))).toEqual({
      etag: "0cc175b9c0f1b6a831c399e269772661",
      crc64: "18446744073709551615",
      encrypted: false,
    });
    expect(await cos.uploadPart("k", { uploadId: "u", partNumber: 1, body: Buffer.from("a") })).toEqual({
      etag: "bare",
      crc64: undefined,
      encrypted: false,
    });
  });

  test.each([
    [{ "x-cos-server-side-encryption": "cos/kms" }, true],
    [{ "x-cos-server-side-encryption-customer-algorithm": "AES256" }, true],
    [{ "x-cos-server-side-encryption-cos-kms-key-id": "k" }, true],
    [{ "x-cos-server-side-encryption": "AES256" }, false],
  ])("says whether the ETag is no MD5: %j", async (headers, encrypted) => {
    const { cos } = await serve([answerText(200, { etag: '"e"', ...headers })]);
    expect(await cos.putObject("k", Buffer.from("a"))).toMatchObject({ encrypted });
  });

  test("of HEAD names size and sums", async () => {
    const { cos } = await serve([
      'HTTP/1.1 200 X\r\netag: "e-3"\r\ncontent-length: 50000\r\nx-cos-hash-crc64ecma: 7\r\n\r\n',
    ]);
    expect(await cos.headObject("k")).toEqual({ etag: "e-3", crc64: "7", encrypted: false, size: 50_000 });
  });

  test("of Complete is read from the document, white space before it or not", async () => {
    const headers = { "x-cos-hash-crc64ecma": "42" };
    const { cos, seen } = await serve([
      complete(completed, headers),
      complete(`  \n <?xml version="1.0"?>\n${completed}`, headers),
    ]);
    for (let time = 0; time < 2; time += 1) {
      expect(await cos.completeMultipartUpload("k", "u", parts)).toEqual({
        etag: "e-1",
        crc64: "42",
        encrypted: false,
      });
    }
    expect(seen[0]?.headers["content-type"]).toBe("application/xml");
    expect(seen[0]?.body).toMatch(/<Part><PartNumber>1<\/PartNumber><ETag>.*e1.*<\/ETag><\/Part>/);
  });

  test("of Abort is also that there is nothing to abort", async () => {
    const gone = answerText(404, xml, "<Error><Code>NoSuchUpload</Code><Message>m</Message></Error>");
    const { cos } = await serve([answerText(204, { "x-cos-request-id": "a" }), gone, answerText(404, xml)]);
    for (let time = 0; time < 3; time += 1) expect(await cos.abortMultipartUpload("k", "u")).toBeUndefined();
  });

  test("of Abort is not a 404 of something that is not COS", async () => {
    const { cos } = await serve([answerText(404, {}, "<html>not found</html>")]);
    expect(await rejection(cos.abortMultipartUpload("k", "u"))).toMatchObject({ code: "BAD_ANSWER", status: 404 });
  });
});

describe("a 200 that is none", () => {
  test.each([
    ["empty", ""],
    ["white space and the end", "   \n   "],
    ["HTML", "<html><body>ok</body></html>"],
    ["plain text", "OK"],
    ["another document", "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>"],
    ["cut in the document", completed.slice(0, -10)],
    ["without an ETag", "<CompleteMultipartUploadResult><Key>k</Key></CompleteMultipartUploadResult>"],
    ["with a DOCTYPE", `<!DOCTYPE a [<!ENTITY b "c">]>${completed}`],
    ["two documents", completed + completed],
  ])("of Complete, %s: nobody knows whether the object exists", async (_, body) => {
    const { cos } = await serve([complete(body)]);
    const error = await rejection(cos.completeMultipartUpload("k", "u", parts));
    expect(error).toBeInstanceOf(NetworkError);
    expect(error).toMatchObject({ code: "BAD_ANSWER", phase: "body", status: 200, retryable: true });
  });

  test.each([
    ["<Error><Code>InternalError</Code><Message>m</Message></Error>", "InternalError", true],
    ['<?xml version="1.0"?>\n <Error>\n<Code>SlowDown</Code></Error>', "SlowDown", true],
    ["  <Error><Code>InvalidPart</Code><Message>m</Message></Error>", "InvalidPart", false],
  ])("of Complete, %s, is the error it holds", async (body, cosCode, retryable) => {
    const { cos } = await serve([complete(body)]);
    const error = await rejection(cos.completeMultipartUpload("k", "u", parts));
    expect(error).toBeInstanceOf(CosError);
    expect(error).toMatchObject({
      operation: "CompleteMultipartUpload",
      status: 200,
      cosCode,
      retryable,
      requestId: "NWYx",
    });
  });

  test.each<[string, (cos: CosClient) => Promise<unknown>]>([
    ["PutObject", (cos) => cos.putObject("k", Buffer.from("x"))],
    ["UploadPart", (cos) => cos.uploadPart("k", { uploadId: "u", partNumber: 1, body: Buffer.from("x") })],
    ["HeadObject", (cos) => cos.headObject("k")],
    ["InitiateMultipartUpload", (cos) => cos.initiateMultipartUpload("k")],
    ["ListParts", (cos) => cos.listParts("k", "u")],
    ["ListMultipartUploads", (cos) => cos.listMultipartUploads("k")],
  ])("of %s without what only COS gives is a bad answer", async (_, call) => {
    const { cos } = await serve([answerText(200, {}, "<html>captive portal</html>")]);
    expect(await rejection(call(cos))).toMatchObject({ code: "BAD_ANSWER", status: 200, retryable: true });
  });
});

describe("ListParts", () => {
  const page = (numbers: readonly number[], next?: number): string =>
    complete(
      `<ListPartsResult><Bucket>b</Bucket><Key>k</Key><UploadId>u</UploadId><IsTruncated>${next !== undefined}</IsTruncated>` +
        (next === undefined ? "" : `<NextPartNumberMarker>${next}</NextPartNumberMarker>`) +
        numbers.map((n) => `<Part><PartNumber>${n}</PartNumber><ETag>"e${n}"</ETag><Size>5</Size></Part>`).join("") +
        "</ListPartsResult>",
    );

  test("reads all pages", async () => {
    const { cos, seen } = await serve([page([1, 2], 2), page([3], 3), page([4])]);
    expect((await cos.listParts("k", "u")).map(({ partNumber }) => partNumber)).toEqual([1, 2, 3, 4]);
    expect(seen.map(({ line }) => /part-number-marker=(\d+)/.exec(line)?.[1])).toEqual([undefined, "2", "3"]);
  });

  test("does not page for ever when the marker stands still, goes back or is missing", async () => {
    for (const answers of [[page([1], 1), page([1], 1)], [page([1], 5), page([1], 4)], [page([1], 0)]]) {
      const { cos } = await serve(answers);
      expect(await rejection(cos.listParts("k", "u"))).toMatchObject({ code: "BAD_ANSWER" });
    }
  });
});

describe("ListMultipartUploads", () => {
  const page = (uploads: readonly (readonly [key: string, id: string])[], next?: readonly [string, string?]): string =>
    complete(
      `<ListMultipartUploadsResult><IsTruncated>${next !== undefined}</IsTruncated>` +
        (next === undefined ? "" : `<NextKeyMarker>${next[0]}</NextKeyMarker>`) +
        (next?.[1] === undefined ? "" : `<NextUploadIdMarker>${next[1]}</NextUploadIdMarker>`) +
        uploads.map(([key, id]) => `<Upload><Key>${key}</Key><UploadId>${id}</UploadId></Upload>`).join("") +
        "</ListMultipartUploadsResult>",
    );
  const ids = async (cos: CosClient): Promise<string[]> =>
    (await cos.listMultipartUploads("k")).map(({ uploadId }) => uploadId);

  test("reads all pages of its key, and names nothing of another", async () => {
    const { cos, seen } = await serve([
      page(
        [
          ["K", "1"],
          ["k", "2"],
        ],
        ["k", "2"],
      ),
      page(
        [
          ["k", "3"],
          ["k/", "4"],
          ["ka", "5"],
        ],
        ["ka", "5"],
      ),
    ]);
    expect(await ids(cos)).toEqual(["2", "3"]);
    const query = "/?uploads&prefix=k";
    expect(seen.map(({ line }) => line.split(" ")[1])).toEqual([query, `${query}&key-marker=k&upload-id-marker=2`]);
  });

  test("does not page for ever when the marker stands still, is missing or never ends", async () => {
    const endless = Array.from({ length: 12 }, (_, at) => page([["k", `${at}`]], ["k", `${at}`]));
    const still = page([["k", "1"]], ["k", "1"]);
    for (const answers of [[still, still], [page([["k", "1"]], ["k"])], endless]) {
      const { cos, seen } = await serve(answers);
      expect(await rejection(ids(cos))).toMatchObject({ code: "BAD_ANSWER" });
      expect(seen.length).toBeLessThanOrEqual(10);
    }
  });

  test("takes no id that no request could hold", async () => {
    const { cos } = await serve([page([["k", "u".repeat(1_025)]])]);
    expect(await rejection(ids(cos))).toMatchObject({ code: "BAD_ANSWER" });
  });
});

test("Complete may be silent for longer than any other request", timing, async () => {
  const { cos } = await serve(["hang"], { limits: { headersMs: 50, bodyMs: 50, completeMs: 1_500 } });
  const started = performance.now();
  expect(await rejection(cos.completeMultipartUpload("k", "u", parts))).toMatchObject({ code: "TIMEOUT" });
  expect(performance.now() - started).toBeGreaterThan(1_400);
});

test.each([
  ["bucket", { bucket: "evil.example/x" }],
  ["bucket", { bucket: "" }],
  ["region", { region: "a.b" }],
  ["cosEndpoint", { cosEndpoint: "https://{name}.example" }],
  ["cosEndpoint", { cosEndpoint: "http://{bucket}.example" }],
  ["cosEndpoint", { cosEndpoint: 5 }],
  ["credentials", { credentials: null }],
])("a bad %s is refused by name: %j", (name, options) => {
  const good = { bucket: "b-1", region: "r", credentials, cosEndpoint: "https://{bucket}.cos.{region}.myqcloud.com" };
  expect(() => new CosClient({ ...good, ...options } as unknown as CosOptions)).toThrow(
    expect.objectContaining({
      code: "ERR_INVALID_ARG_VALUE",
      message: expect.stringMatching(new RegExp(`^${name}\\b`)),
    }),
  );
});

test.each([
  [undefined, "https://b-1.cos.ap-guangzhou-2.myqcloud.com"],
  ["https://{bucket}.cos-internal.{region}.tencentcos.cn", "https://b-1.cos-internal.ap-guangzhou-2.tencentcos.cn"],
  ["https://{bucket}.cos.accelerate.myqcloud.com", "https://b-1.cos.accelerate.myqcloud.com"],
  ["https://cdn.example", "https://cdn.example"],
  ["http://{bucket}.localhost:8080", "http://b-1.localhost:8080"],
])("the endpoint %s is %s", (cosEndpoint, origin) => {
  expect(new CosClient({ bucket: "b-1", region: "ap-guangzhou-2", credentials, cosEndpoint }).origin).toBe(origin);
});
