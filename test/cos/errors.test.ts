import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { answerError, diffLines } from "../../src/cos/answer-error.ts";
import { classifyCosCode, classifyCosFailure, cosRetryTable } from "../../src/cos/error-codes.ts";
import { CosError, IntegrityError, NetworkError } from "../../src/errors.ts";
import { hider } from "../../src/http/redact.ts";
import { signCos } from "../../src/signing/index.ts";

const token = "T0ken/+==";
const signed = signCos(
  {
    method: "PUT",
    path: "/k",
    query: {},
    headers: { host: "h", "x-cos-security-token": token },
    startTime: 1,
    endTime: 2,
  },
  { secretId: "AKID", secretKey: "5ecret" },
);
const context = { operation: "UploadPart", host: "h", signed, hide: hider(token, signed.signature), elsewhere: false };

const errorOf = (status: number, body: string, headers: Record<string, string> = {}) =>
  answerError({ status, headers, body: Buffer.from(body) }, context);

describe("an error answer", () => {
  test("keeps what the document says", async () => {
    const body =
      "<Error><Code>NoSuchUpload</Code><Message>gone</Message><Resource>r</Resource><RequestId>NWYx</RequestId><TraceId>OGVm</TraceId></Error>";
    expect(await errorOf(404, body)).toMatchObject({
      code: "COS_API",
      operation: "UploadPart",
      status: 404,
      cosCode: "NoSuchUpload",
      requestId: "NWYx",
      traceId: "OGVm",
      retryable: false,
      message: "UploadPart failed: 404 NoSuchUpload: gone (request NWYx)",
    });
  });

  test("takes ids from the headers where the document has none", async () => {
    const headers = { "x-cos-request-id": "id", "x-cos-trace-id": "trace", "retry-after": "4" };
    expect(await errorOf(503, "<Error><Code>SlowDown</Code></Error>", headers)).toMatchObject({
      requestId: "id",
      traceId: "trace",
      retryAfterMs: 4_000,
      retryable: true,
    });
  });

  test.each([
    [404, "NoSuchKey"],
    [403, "AccessDenied"],
    [412, "PreconditionFailed"],
    [503, "HTTP503"],
  ])("without a document, as of HEAD, %i is %s", async (status, cosCode) => {
    expect(await errorOf(status, "", { "x-cos-request-id": "id" })).toMatchObject({ code: "COS_API", status, cosCode });
  });

  test.each([
    ["", {}],
    ["<html>bad gateway</html>", {}],
    ["<Error>not closed", {}],
    ["plain", { via: "proxy" }],
  ])("with neither document nor request id was not COS's: %j", async (body, headers) => {
    for (const [status, retryable] of [
      [502, true],
      [429, true],
      [408, true],
      [200, true],
      [301, false],
      [403, false],
      [407, false],
    ] as const) {
      const error = await errorOf(status, body, headers);
      expect(error).toBeInstanceOf(NetworkError);
      expect(error).toMatchObject({ code: "BAD_ANSWER", status, retryable, host: "h" });
    }
  });

  test("of a wrong signature shows where the two texts differ, and neither token nor secret", async () => {
    const encoded = encodeURIComponent(token);
    const theirs = `put\n/other\n\nhost=h&x-cos-security-token=${encoded}\n`;
    const body = `<Error><Code>SignatureDoesNotMatch</Code><Message>m ${token}</Message><StringToSign>sha1\n1;2\nab\n</StringToSign><FormatString>${theirs.replaceAll("&", "&amp;")}</FormatString></Error>`;
    const error = await errorOf(403, body);
    expect(error).toBeInstanceOf(CosError);
    expect(error).toMatchObject({
      stringToSign: "sha1\n1;2\nab\n",
      formatDiff: ['path: we signed "/k", COS signed "/other"'],
    });
    const told = error.message + inspect(error, { depth: 20 }) + JSON.stringify(error);
    for (const secret of [token, encoded, "5ecret", signed.signature, signed.signKey])
      expect(told).not.toContain(secret);
  });

  test("of a wrong signature over the same text says that the key is wrong", async () => {
    const body = `<Error><Code>SignatureDoesNotMatch</Code><Message>m</Message><FormatString>${signed.httpString.replaceAll("&", "&amp;")}</FormatString></Error>`;
    const error = await errorOf(403, body);
    expect(error).toMatchObject({ formatDiff: [] });
    expect(error.message).toContain("the secret key or the time differs");
  });
});

test("lines that differ are named, missing ones too", () => {
  expect(diffLines("put\n/a\n\n\n", "put\n/a\n\n\n")).toEqual([]);
  expect(diffLines("put\n/a", "post\n/a\nx=1")).toEqual([
    'method: we signed "put", COS signed "post"',
    'parameters: we signed nothing, COS signed "x=1"',
  ]);
});

describe("what may be tried again", () => {
  test.each([
    ["InternalError", 500, "", "backoff"],
    ["Whatever", 500, "", "backoff"],
    ["Whatever", 504, "", "backoff"],
    ["NotImplemented", 501, "", "never"],
    ["ServiceUnavailable", 503, "", "throttle"],
    ["SlowDown", 503, "", "throttle"],
    ["Whatever", 429, "", "throttle"],
    ["BadDigest", 400, "", "backoff"],
    ["IncompleteBody", 400, "", "backoff"],
    ["RequestTimeout", 400, "", "backoff"],
    ["ExpiredToken", 400, "", "refresh-credentials"],
    ["InvalidAccessKeyId", 403, "", "refresh-credentials"],
    ["RequestTimeTooSkewed", 403, "", "resync-clock"],
    ["AccessDenied", 403, "Request has expired", "resync-clock"],
    ["AccessDenied", 403, "Access Denied.", "never"],
    ["AccessDenied", 403, "You are denied by bucket referer rule", "never"],
    ["SignatureDoesNotMatch", 403, "", "never"],
    ["NoSuchUpload", 404, "", "never"],
    ["NoSuchBucket", 404, "", "never"],
    ["InvalidPart", 400, "", "never"],
    ["EntityTooSmall", 400, "", "never"],
    ["toString", 400, "", "never"],
    ["InternalError", 200, "", "backoff"],
    ["Whatever", 200, "", "never"],
  ])("%s with status %i and message %j: %s", (cosCode, status, message, expected) => {
    expect(classifyCosCode(cosCode, status, message)).toBe(expected);
  });

  test("of the network: what passes, at once on a reused socket, slower when the gateway says so", () => {
    const network = (detail: object, retryable = true): NetworkError =>
      new NetworkError("NETWORK", "m", { host: "h", phase: "headers", ...detail }, { retryable });
    expect(classifyCosFailure(network({}))).toBe("backoff");
    expect(classifyCosFailure(network({ reusedSocket: true }))).toBe("now");
    expect(classifyCosFailure(network({ status: 503 }))).toBe("throttle");
    expect(classifyCosFailure(network({ status: 429 }))).toBe("throttle");
    expect(classifyCosFailure(network({}, false))).toBe("never");
  });

  test("nothing that is no failure of a request", () => {
    const integrity = new IntegrityError("m", { algorithm: "size", expected: "1", actual: "2" });
    for (const error of [new Error("x"), integrity, undefined, "text"]) expect(classifyCosFailure(error)).toBe("never");
  });

  test("every code of the table is one of the documented ones", () => {
    const kinds = new Set(["never", "now", "backoff", "throttle", "resync-clock", "refresh-credentials"]);
    for (const kind of Object.values(cosRetryTable)) expect(kinds).toContain(kind);
  });
});
