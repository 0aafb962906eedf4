import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import type { Answer, Secrets } from "./reflecting-service.ts";
import { describeError } from "../../src/cli/report-error.ts";
import { VodClient } from "../../src/index.ts";
import { bytesOf } from "./support.ts";
import { accountToken, reflectingService, sessionKey, uploadToken } from "./reflecting-service.ts";

/* Whatever a server repeats of what it was sent, and wherever: nothing that is made of the answer holds it. */

type Place = [name: string, operation: string, distort: (answer: Answer, echo: string) => void];

const xml = (fields: string) => (answer: Answer, echo: string) => {
  answer.status = 403;
  answer.body = `<Error><Code>AccessDenied</Code>${fields.replaceAll("%", escaped(echo))}</Error>`;
};
const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
const api = (fields: (echo: string) => object) => (answer: Answer, echo: string) =>
  void (answer.body = JSON.stringify({ Response: { RequestId: "r", ...fields(echo) } }));
const header = (name: string, status?: number) => (answer: Answer, echo: string) => {
  answer.headers[name] = echo;
  if (status !== undefined) answer.status = status;
};
/** As XML, JSON and URLs can write it. */
const references = (text: string): string => text.replaceAll("/", "&#47;").replaceAll("=", "&#x3D;");
const units = (text: string): string => text.replaceAll("/", String.raw`\u002F`).replaceAll("=", String.raw`\u003d`);

const places: Place[] = [
  ["API: message", "ApplyUpload", api((echo) => ({ Error: { Code: "InvalidParameter", Message: `got ${echo}` } }))],
  ["API: code", "ApplyUpload", api((echo) => ({ Error: { Code: `A.${echo}`, Message: "m" } }))],
  [
    "API: request id of an error",
    "ApplyUpload",
    api((RequestId) => ({ RequestId, Error: { Code: "X", Message: "" } })),
  ],
  ["API: request id of a commit", "CommitUpload", api((RequestId) => ({ RequestId, FileId: "5", MediaUrl: "u" }))],
  ["API: FileId", "CommitUpload", api((FileId) => ({ FileId, MediaUrl: "u" }))],
  [
    "API: MediaUrl",
    "CommitUpload",
    api((echo) => ({ FileId: "5", MediaUrl: `http://h/?t=${encodeURIComponent(echo)}` })),
  ],
  ["API: CoverUrl", "CommitUpload", api((CoverUrl) => ({ FileId: "5", MediaUrl: "u", CoverUrl }))],
  ["API: bucket", "ApplyUpload", api((StorageBucket) => ({ StorageBucket, StorageRegion: "r" }))],
  [
    "API: what the same answer gave, as the request id",
    "ApplyUpload",
    (answer) => {
      const { Response } = JSON.parse(answer.body) as { Response: object };
      const RequestId = `${uploadToken} ${sessionKey}`;
      answer.body = JSON.stringify({ Response: { ...Response, StorageRegion: "/", RequestId } });
    },
  ],
  [
    "API: what the same answer gave, as the storage path",
    "ApplyUpload",
    (answer) => {
      const { Response } = JSON.parse(answer.body) as { Response: object };
      answer.body = JSON.stringify({ Response: { ...Response, MediaStoragePath: `/../${uploadToken}` } });
    },
  ],
  [
    "API: storage path",
    "ApplyUpload",
    (answer, echo) => {
      const { Response } = JSON.parse(answer.body) as { Response: object };
      answer.body = JSON.stringify({ Response: { ...Response, MediaStoragePath: `/../${echo}` } });
    },
  ],
  [
    "API: 2.0 message",
    "ApplyUpload",
    (answer, message) => void (answer.body = JSON.stringify({ code: 4000, message })),
  ],
  [
    "API: 2.0 codeDesc",
    "ApplyUpload",
    (answer, codeDesc) => void (answer.body = JSON.stringify({ code: 4, codeDesc })),
  ],
  [
    "API: escaped for JSON",
    "ApplyUpload",
    (answer, echo) => {
      answer.body = `{"Response":{"RequestId":"${units(echo)}","Error":{"Code":"X","Message":"${units(echo)}"}}}`;
    },
  ],
  [
    "API: content type",
    "ApplyUpload",
    (answer, echo) => {
      answer.headers["content-type"] = `text/html; x="${echo}"`;
      answer.body = "<html>";
    },
  ],
  ["API: date", "ApplyUpload", header("date", 403)],
  [
    "API: HTML that repeats the request",
    "ApplyUpload",
    (answer, echo) => {
      answer.status = 502;
      answer.body = `<pre>X-TC-Token: ${echo}</pre>`;
    },
  ],
  ["COS: message", "PutObject", xml("<Message>%</Message>")],
  [
    "COS: code",
    "PutObject",
    (answer, echo) => {
      answer.status = 403;
      answer.body = `<Error><Code>${escaped(echo)}</Code></Error>`;
    },
  ],
  ["COS: resource", "PutObject", xml("<Resource>/%</Resource><Message>m</Message>")],
  ["COS: request id in the document", "PutObject", xml("<RequestId>%</RequestId>")],
  ["COS: trace id in the document", "PutObject", xml("<TraceId>%</TraceId>")],
  ["COS: server time", "PutObject", xml("<Message>Request has expired</Message><ServerTime>%</ServerTime>")],
  ["COS: string to sign", "PutObject", xml("<StringToSign>sha1\n%</StringToSign><FormatString>put\n%</FormatString>")],
  [
    "COS: escaped for XML",
    "PutObject",
    (answer, echo) => {
      answer.status = 403;
      answer.body = `<Error><Code>${references(echo)}</Code><Message>${references(echo)}</Message></Error>`;
    },
  ],
  ["COS: request id header", "PutObject", header("x-cos-request-id", 403)],
  ["COS: trace id header", "PutObject", header("x-cos-trace-id", 403)],
  ["COS: date", "PutObject", header("date", 403)],
  ["COS: ETag of a part", "UploadPart", header("etag")],
  ["COS: ETag of the object", "PutObject", header("etag")],
  ["COS: CRC64 of a part", "UploadPart", header("x-cos-hash-crc64ecma")],
  ["COS: CRC64 of the object", "CompleteMultipartUpload", header("x-cos-hash-crc64ecma")],
  ["COS: CRC64 at a HEAD", "HeadObject", header("x-cos-hash-crc64ecma")],
  [
    "COS: UploadId",
    "InitiateMultipartUpload",
    (answer, echo) => {
      answer.body = answer.body.replace("u1", escaped(echo));
    },
  ],
  [
    "COS: name of the root",
    "CompleteMultipartUpload",
    (answer, echo) => {
      answer.body = `<E${echo.replaceAll(/[^0-9a-z]/gi, "_")}/>`;
    },
  ],
  [
    "COS: Location",
    "CompleteMultipartUpload",
    (answer, echo) => {
      answer.body = answer.body.replace(">l<", `>http://h/?x-cos-security-token=${escaped(echo)}<`);
    },
  ],
  ["COS: a redirect", "PutObject", header("location", 307)],
  ["COS: Retry-After", "PutObject", header("retry-after", 503)],
];

/** All that an upload says of an answer that repeats what it was sent. */
async function toldOf(kind: keyof Secrets, operation: string, distort: Place[2]) {
  const service = await reflectingService((asked, answer, secrets: Secrets) => {
    if (asked === operation) distort(answer, secrets[kind]);
  });
  const vod = new VodClient({
    credentials: { secretId: "AKIDa", secretKey: "AccountSecretKey", token: accountToken },
    vodEndpoint: service.origin,
    cosEndpoint: service.origin,
    retry: { attempts: 2, baseDelayMs: 0, throttleDelayMs: 0, maxDelayMs: 0, maxRetryAfterMs: 0 },
  });
  const told: unknown[] = [];
  const listen = (message: unknown): void => void told.push(message);
  for (const name of ["vodup:request", "vodup:retry", "vodup:upload"]) subscribe(name, listen);
  const inParts = /Part|Head/.test(operation) ? { partSize: 2 ** 20 } : {};
  const options = { mediaType: "mp4", onRetry: listen, onWarning: listen, onProgress: listen, ...inParts };
  await vod
    .upload(bytesOf(2 ** 20 + 1), options)
    .then(listen, (error: unknown) => told.push(error, describeError(error), (error as Error).stack));
  for (const name of ["vodup:request", "vodup:retry", "vodup:upload"]) unsubscribe(name, listen);
  await vod.close();
  const text = told.map((one) => `${inspect(one, { depth: 9 })}\n${JSON.stringify(one)}`).join("\n");
  return { text, service };
}

/** How a server may write what it repeats, and so that no whole form of it is left. */
const ways: [name: string, write: (echo: string) => string][] = [
  ["in capitals", (echo) => echo.toUpperCase()],
  ["in base64", (echo) => Buffer.from(echo).toString("base64")],
  ["in base64, among other things", (echo) => Buffer.from(`t=${echo}!`).toString("base64")],
  ["in base64 for URLs", (echo) => Buffer.from(`?${echo}>`).toString("base64url")],
  ["in hexadecimal", (echo) => Buffer.from(`a${echo}`).toString("hex").toUpperCase()],
  ["without its beginning", (echo) => echo.slice(4)],
  ["without its end", (echo) => `${echo.slice(0, -4)} and so on`],
  ["in two", (echo) => `${echo.slice(0, 23)} ${echo.slice(-23)}`],
  ["percent-encoded", (echo) => echo.replaceAll(/[^0-9a-z]/gi, (one) => `%${one.charCodeAt(0).toString(16)}`)],
];
const wide: Place[] = [
  ["API: message", "ApplyUpload", api((echo) => ({ Error: { Code: "InvalidParameter", Message: `got ${echo}` } }))],
  ["COS: message", "PutObject", xml("<Message>%</Message>")],
  ["COS: ETag", "PutObject", header("etag")],
  ["COS: UploadId", "InitiateMultipartUpload", (answer, echo) => void (answer.body = answer.body.replace("u1", echo))],
];

describe.each(["token", "signature"] as const)("a %s that comes back", (kind) => {
  test.each(ways)("%s", async (_, write) => {
    for (const [place, operation, distort] of wide) {
      const { text, service } = await toldOf(kind, operation, (answer, echo) => distort(answer, write(echo)));
      const lower = text.toLowerCase();
      for (const secret of service.secrets()) {
        for (const form of [secret, write(secret)]) {
          // Any twenty characters of it.
          for (let at = 0; at + 24 <= form.length; at += 1) {
            const piece = form.slice(at + 2, at + 22).toLowerCase();
            if (lower.includes(piece)) expect.fail(`${place}: ${piece}`);
          }
        }
      }
    }
  });
});

describe.each(["token", "signature"] as const)("a %s that comes back", (kind) => {
  test.each(places)("%s", async (_, operation, distort) => {
    const { text, service } = await toldOf(kind, operation, distort);
    expect(text.length).toBeGreaterThan(100);
    for (const secret of service.secrets()) {
      for (const form of [secret, encodeURIComponent(secret), secret.replaceAll(/[^0-9a-z]/gi, "_")]) {
        expect(text.includes(form), `${form} in ${text}`).toBe(false);
      }
    }
  });
});
