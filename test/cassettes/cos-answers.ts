/** What the object storage, or something that stands before it, also answers. */
import { createHash } from "node:crypto";
import type { CassetteFile, CosCall, Json, Origin } from "./author.ts";
import { clockStart, cosHost, cosSignature, date } from "./author.ts";
import { complete, commonHeaders, constructed, cosExchange, cosRequestId, uploadId } from "./cos-operations.ts";

const traceId =
  "OGVmYzZiMmQzYjA2OWNhODk0NTRkMTBiOWVmMDAxODc0OWRkZjk0ZDM1NmI1M2E2MTRlY2MzZDhmNmI5MWI1OTQyYWVlY2QwZTk2MDVmZDQ3MmI2Y2I4ZmI5ZmM4ODFjYmRkMmZmNzk1YjUxODZhZmZlNmNhYWUyZTQzYjdiZWY=";

const documentedError: Origin = {
  source: "constructed",
  note: "COS 436/7730, the documented error document, with a code of the error table; message texts are no contract.",
};

function errorDocument(code: string, message: string, more: string = ""): string {
  const lines = [
    `<Code>${code}</Code>`,
    `<Message>${message}</Message>`,
    ...(more === "" ? [] : [more]),
    `<Resource>${cosHost}/exampleobject</Resource>`,
    `<RequestId>${cosRequestId}</RequestId>`,
    `<TraceId>${traceId}</TraceId>`,
  ];
  return `<?xml version='1.0' encoding='utf-8' ?>\n<Error>\n${lines.map((line) => `\t${line}\n`).join("")}</Error>\n`;
}

const errorHeaders = [...commonHeaders, ["x-cos-trace-id", traceId], ["Content-Type", "application/xml"]];

function errorReply(status: number, code: string, message: string, more?: string): Json {
  return { status, headers: errorHeaders, text: errorDocument(code, message, more) };
}

const body = { gen: "repeat", text: "vodup\n", length: 600 } as const;
const put = {
  op: "putObject",
  input: { key: "exampleobject", body },
  method: "PUT",
  key: "exampleobject",
  length: body.length,
  body: { body },
} as const;
const part = {
  op: "uploadPart",
  input: { key: "exampleobject", uploadId, partNumber: 1, body },
  method: "PUT",
  key: "exampleobject",
  query: { partNumber: "1", uploadId },
  length: body.length,
  body: { body },
} as const;
const head = { op: "headObject", input: { key: "exampleobject" }, method: "HEAD", key: "exampleobject" } as const;
const abort = {
  op: "abortMultipartUpload",
  input: { key: "exampleobject", uploadId },
  method: "DELETE",
  key: "exampleobject",
  query: { uploadId },
} as const;
const list = {
  op: "listParts",
  input: { key: "exampleobject", uploadId },
  method: "GET",
  key: "exampleobject",
  query: { uploadId, "max-parts": "1000" },
} as const;

interface Refusal {
  readonly name: string;
  readonly description: string;
  readonly call: CosCall & { op: string; input: Json };
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly more?: string;
  readonly retryable?: boolean;
  readonly details?: Json;
}

const refusals: readonly Refusal[] = [
  {
    name: "error-expired-token",
    description: "The temporary keys ran out",
    call: put,
    status: 400,
    code: "ExpiredToken",
    message: "The provided token has expired.",
  },
  {
    name: "error-slow-down",
    description: "Too many requests",
    call: part,
    status: 503,
    code: "SlowDown",
    message: "Reduce your request rate.",
    retryable: true,
  },
  {
    name: "error-internal",
    description: "A fault of the service that passes",
    call: part,
    status: 500,
    code: "InternalError",
    message: "We encountered an internal error. Please try again.",
    retryable: true,
  },
  {
    name: "error-no-such-upload",
    description: "A part for an upload that is gone",
    call: part,
    status: 404,
    code: "NoSuchUpload",
    message: "The specified multipart upload does not exist.",
    retryable: false,
  },
  {
    name: "error-list-no-such-upload",
    description: "The parts of an upload that is gone",
    call: list,
    status: 404,
    code: "NoSuchUpload",
    message: "The specified multipart upload does not exist.",
    retryable: false,
  },
  {
    name: "error-list-uploads-refused",
    description: "Temporary keys whose policy has no ListMultipartUploads: final, and no reason to end an upload",
    call: {
      op: "listMultipartUploads",
      input: { key: "exampleobject" },
      method: "GET",
      key: "",
      query: { uploads: "", prefix: "exampleobject" },
    },
    status: 403,
    code: "AccessDenied",
    message: "Access Denied.",
    retryable: false,
  },
  {
    name: "error-request-time-too-skewed",
    description: "The service takes our clock for wrong",
    call: put,
    status: 403,
    code: "RequestTimeTooSkewed",
    message: "The difference between the request time and the server's time is too large.",
  },
  {
    name: "error-request-has-expired",
    description: "An expired signature is an AccessDenied that tells the service's time",
    call: put,
    status: 403,
    code: "AccessDenied",
    message: "Request has expired",
    more: "<ServerTime>2025-01-01T00:40:00Z</ServerTime>",
    details: { serverTime: "2025-01-01T00:40:00Z" },
  },
  {
    name: "error-request-timeout",
    description: "The body came too slowly",
    call: part,
    status: 400,
    code: "RequestTimeout",
    message: "Your socket connection to the server was not read from or written to within the timeout period.",
    retryable: true,
  },
  {
    name: "error-bad-digest",
    description: "What arrived is not what was announced",
    call: put,
    status: 400,
    code: "BadDigest",
    message: "The Content-MD5 you specified did not match what we received.",
  },
  {
    name: "error-invalid-access-key",
    description: "A key the service does not know",
    call: put,
    status: 403,
    code: "InvalidAccessKeyId",
    message: "The Access Key Id you provided does not exist in our records",
    retryable: false,
  },
  {
    name: "complete-no-such-upload",
    description: "After a lost answer this may mean that the object exists: only a HEAD can tell",
    call: complete,
    status: 404,
    code: "NoSuchUpload",
    message: "The specified multipart upload does not exist.",
    retryable: false,
  },
  {
    name: "complete-invalid-part",
    description: "A part is missing, or its ETag is another",
    call: complete,
    status: 400,
    code: "InvalidPart",
    message: "One or more of the specified parts could not be found.",
    retryable: false,
  },
  {
    name: "complete-200-internal-error",
    description: "Complete answers 200 before it has merged the parts; this one then failed",
    call: complete,
    status: 200,
    code: "InternalError",
    message: "We encountered an internal error. Please try again.",
    retryable: true,
  },
];

function refusalCassettes(): CassetteFile[] {
  return refusals.map(({ name, description, call, status, code, message, more, retryable, details }) =>
    cosExchange({
      ...documentedError,
      ...call,
      name: `cos/${name}`,
      description,
      replies: [errorReply(status, code, message, more)],
      expect: { error: { kind: "service", code, status, message, requestId: cosRequestId, retryable, details } },
    }),
  );
}

/** The service's own view of what was signed; `host` is what a proxy made of ours. */
function mismatchCassette(name: string, description: string, host: string): CassetteFile {
  const { signed } = cosSignature(put);
  const formatString = signed.httpString.replace(`host=${cosHost}`, `host=${host}`);
  const digest = createHash("sha1").update(formatString).digest("hex");
  const stringToSign = `sha1\n${clockStart - 60};${clockStart + 900}\n${digest}\n`;
  const escape = (text: string): string => text.replaceAll("&", "&amp;");
  const echo = `<StringToSign>${stringToSign}</StringToSign>\n\t<FormatString>${escape(formatString)}</FormatString>`;
  const text = "The Signature you specified is invalid.";
  return cosExchange({
    source: "constructed",
    note: "The shape of a body that a server sent and somebody posted (github.com/Molunerfinn/PicGo issue 638), its two echoes computed for this request.",
    ...put,
    name,
    description,
    replies: [errorReply(403, "SignatureDoesNotMatch", text, echo)],
    expect: {
      error: {
        kind: "service",
        code: "SignatureDoesNotMatch",
        status: 403,
        requestId: cosRequestId,
        retryable: false,
        details: { stringToSign, formatDiff: host === cosHost ? [] : ["headers"] },
      },
    },
  });
}

const notCos = "Made after what proxies, load balancers and captive portals answer: no x-cos-request-id.";

function page(status: number, more: readonly (readonly [string, string])[] = []): Json {
  return {
    status,
    headers: [["Date", date], ["Content-Type", "text/html"], ...more],
    text: `<html><head><title>${status}</title></head><body>${status}</body></html>`,
  };
}

interface Oddity {
  readonly name: string;
  readonly description: string;
  readonly call: CosCall & { op: string; input: Json };
  readonly replies: readonly Json[];
  readonly expect: Json;
  readonly note?: string;
}

const whiteSpace = { status: 200, headers: [...commonHeaders, ["Content-Type", "application/xml"]] };

const oddities: readonly Oddity[] = [
  {
    name: "head-object-not-found",
    description: "HEAD has no error document: the status is all there is",
    call: head,
    replies: [{ status: 404, headers: [...commonHeaders, ["x-cos-trace-id", traceId]] }],
    expect: { error: { kind: "service", status: 404, requestId: cosRequestId, retryable: false } },
  },
  {
    name: "abort-of-nothing",
    description: "Aborting what is gone is done",
    call: abort,
    replies: [errorReply(404, "NoSuchUpload", "The specified multipart upload does not exist.")],
    expect: { result: {} },
  },
  {
    name: "complete-200-white-space",
    description: "White space and then nothing: whether the object exists is unknown",
    call: complete,
    replies: [{ ...whiteSpace, text: "  \n  \n", chunks: [1, 1, 1, 1, 1], chunkDelayMs: 5 }],
    expect: { error: { kind: "malformed", status: 200 } },
  },
  {
    name: "complete-200-empty",
    description: "A 200 with nothing in it",
    call: complete,
    replies: [whiteSpace],
    expect: { error: { kind: "malformed", status: 200 } },
  },
  {
    name: "complete-200-cut",
    description: "The document stops in the middle, and the answer ends as if it were whole",
    call: complete,
    replies: [{ ...whiteSpace, text: "<CompleteMultipartUploadResult><Location>http://examplebucket", chunks: [20] }],
    expect: { error: { kind: "malformed", status: 200 } },
  },
  {
    name: "complete-connection-cut",
    description: "White space keeps the connection alive until it breaks",
    call: complete,
    replies: [{ ...whiteSpace, text: " \n \n ", chunks: [1, 1], fault: "truncate-body", at: 3 }],
    expect: { error: { kind: "connection", status: 200 } },
  },
  {
    name: "complete-200-html",
    description: "A page instead of a document",
    call: complete,
    replies: [page(200)],
    expect: { error: { kind: "malformed", status: 200 } },
    note: notCos,
  },
  {
    name: "complete-200-doctype",
    description: "A document type is refused before any parser sees it",
    call: complete,
    replies: [
      {
        ...whiteSpace,
        text: '<!DOCTYPE r [<!ENTITY e "aa-3">]>\n<CompleteMultipartUploadResult><ETag>&e;</ETag></CompleteMultipartUploadResult>',
      },
    ],
    expect: { error: { kind: "malformed", status: 200 } },
  },
  {
    name: "not-cos-502",
    description: "A load balancer's page",
    call: part,
    replies: [page(502)],
    expect: { error: { kind: "gateway", status: 502, retryable: true } },
    note: notCos,
  },
  {
    name: "not-cos-403",
    description: "A firewall's page",
    call: put,
    replies: [page(403)],
    expect: { error: { kind: "gateway", status: 403, retryable: false } },
    note: notCos,
  },
  {
    name: "not-cos-redirect",
    description: "A redirect that did not come from COS is not followed: the signature is for this host",
    call: put,
    replies: [page(302, [["Location", "https://login.example.com/"]])],
    expect: { error: { kind: "gateway", status: 302 } },
    note: notCos,
  },
  {
    name: "not-cos-200",
    description: "A 200 without ETag and request id stored nothing",
    call: put,
    replies: [page(200)],
    expect: { error: { kind: "malformed", status: 200 } },
    note: notCos,
  },
  {
    name: "connection-reset",
    description: "The connection is reset instead of an answer",
    call: part,
    replies: [{ fault: "reset-before-response" }],
    expect: { error: { kind: "connection" } },
  },
];

export function refusedCassettes(): CassetteFile[] {
  const oddCassettes = oddities.map(({ name, description, call, replies, expect, note }) =>
    cosExchange({
      ...constructed,
      ...(note === undefined ? {} : { note }),
      ...call,
      name: `cos/${name}`,
      description,
      replies,
      expect,
    }),
  );
  return [
    ...refusalCassettes(),
    mismatchCassette(
      "cos/error-signature-other-host",
      "The server saw another host than the one we signed: a proxy rewrote it",
      "proxy.internal%3A8080",
    ),
    mismatchCassette("cos/error-signature-same-text", "Both sides signed the same text: the key is wrong", cosHost),
    ...oddCassettes,
  ];
}
