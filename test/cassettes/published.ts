/** Answers of the real service that others made public, played: fixtures/published as cassettes. */
import { createHash } from "node:crypto";
import type { CassetteFile, CosCall, Json, Keys } from "./author.ts";
import {
  cosRequest,
  cosSignature,
  clockStart,
  cosCassette,
  date,
  envelope,
  temporaryKeys,
  vodCassette,
} from "./author.ts";
import { complete, cosRequestId, storedHeaders, uploadId } from "./cos-operations.ts";
import { generateBody } from "../../src/replay/body.ts";
import { escapeText } from "../../src/xml/text.ts";
import { exchange, exchanges, type Exchange } from "./exchanges.ts";

/** Stands where a request id was not given. */
const madeUpId = "ed93f3cb-f35e-473f-b9f3-0d451b8b79c6";
/** Every exchange that is a cassette has it under this name. */
export const cassetteOf = (name: string): string => `published/${name.replaceAll(".", "-")}`;

interface ApiCall {
  readonly action: string;
  readonly params: Json;
  readonly keys?: Keys;
  readonly retryable?: true;
}

/** What is asked, where the exchange names no action of VOD: the gateway is common to all products. */
const apiCalls: Readonly<Record<string, ApiCall>> = {
  "vod-api-pullevents-no-event": { action: "PullEvents", params: {} },
  "vod-api-applyupload-without-region": { action: "ApplyUpload", params: { MediaType: "mp4" } },
  "vod-api-region-value-refused": { action: "ApplyUpload", params: { MediaType: "mp4" } },
  "vod-api-wrong-scope-date": { action: "ApplyUpload", params: { MediaType: "mp4" } },
  "vod-api-wrong-token": { action: "ApplyUpload", params: { MediaType: "mp4" }, keys: temporaryKeys },
  "vod-api-wrong-scope-service": { action: "ApplyUpload", params: { MediaType: "mp4" } },
  "vod-api-secretid-not-found": { action: "ApplyUpload", params: { MediaType: "mp4" } },
  "vod-api-secretid-not-found-zh": { action: "ApplyUpload", params: { MediaType: "mp4" } },
  "vod-api-signature-failure": { action: "ApplyUpload", params: { MediaType: "mp4" } },
  "vod-api-missing-timestamp": { action: "ApplyUpload", params: { MediaType: "mp4" } },
  "vod-api-vod-internal-error": { action: "DescribeTaskDetail", params: { TaskId: "task" }, retryable: true },
  "vod-api-commitupload-no-cover": { action: "CommitUpload", params: { VodSessionKey: "EXAMPLESESSIONKEY" } },
  "vod-api-commitupload-with-cover": { action: "CommitUpload", params: { VodSessionKey: "EXAMPLESESSIONKEY" } },
  "vod-api-commitupload-vendor-guide": { action: "CommitUpload", params: { VodSessionKey: "EXAMPLESESSIONKEY" } },
  "vod-api-describetaskdetail-failed-edit": {
    action: "DescribeTaskDetail",
    params: { TaskId: "1250000114-EditMedia-4f1921b9fbcb8149e9719978212b5636t0" },
  },
  "vod-api-pullupload-vendor-guide": { action: "PullUpload", params: { MediaUrl: "https://media.example.com/a.mp4" } },
};

/** The members of `Response`; a program had unwrapped some, and put their names in another case. */
function responseOf({ response }: Exchange): Json {
  const body = response?.body as { readonly Response?: Json } & Json;
  const members = Object.entries(body.Response ?? body).map(([name, value]) => [
    `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`,
    name === "RequestId" && String(value).startsWith("(") ? madeUpId : value,
  ]);
  return Object.fromEntries(members) as Json;
}

function apiCassettes(): CassetteFile[] {
  return Object.entries(apiCalls).map(([name, { action, params, keys, retryable = false }]) => {
    const found = exchange(name);
    const response = responseOf(found);
    const error = response["Error"] as { readonly Code: string; readonly Message: string } | undefined;
    const requestId = response["RequestId"];
    return vodCassette({
      name: cassetteOf(name),
      description: found.note ?? `What ${found.host ?? "the gateway"} answered`,
      source: found.source,
      note: "in the envelope of the API; a request id that was not given is made up",
      action,
      params,
      ...(keys === undefined ? {} : { keys }),
      replies: [envelope(response)],
      expect:
        error === undefined
          ? { result: response }
          : { error: { kind: "service", code: error.Code, message: error.Message, requestId, retryable } },
    });
  });
}

const body = { gen: "repeat", text: "vodup\n", length: 600 } as const;
const key = "exampleobject";
type Call = CosCall & { readonly op: string; readonly input: Json };

const put = (bytes: typeof body | { readonly gen: "repeat"; readonly text: "x"; readonly length: 0 } = body): Call => ({
  op: "putObject",
  input: { key, body: bytes },
  method: "PUT",
  key,
  length: bytes.length,
  body: { body: bytes },
});
const head: Call = { op: "headObject", input: { key }, method: "HEAD", key };
const part: Call = {
  ...put(),
  op: "uploadPart",
  input: { key, uploadId, partNumber: 1, body },
  query: { partNumber: "1", uploadId },
};
const list: Call = {
  op: "listParts",
  input: { key, uploadId },
  method: "GET",
  key,
  query: { uploadId, "max-parts": "1000" },
};

const cosExchange = (found: Exchange, note: string, call: Call, reply: Json, expect: Json): CassetteFile =>
  cosCassette({
    name: cassetteOf(found.name),
    description: found.note ?? `${found.name}: what the object storage answered`,
    source: found.source,
    note,
    op: call.op,
    input: call.input,
    interactions: [{ id: "call", request: cosRequest(call), response: reply }],
    expect,
  });

/** `["content-length: 0", "date", …]` in the order seen; what stood there without a value is the answer to these bytes. */
async function putCassettes(): Promise<CassetteFile[]> {
  const names = ["cos-ok-put-2020", "cos-ok-put-2022-storage-class", "cos-ok-put-2026-maz", "cos-ok-put-empty"];
  return Promise.all(
    names.map(async (name) => {
      const found = exchange(name);
      const bytes = name === "cos-ok-put-empty" ? ({ gen: "repeat", text: "x", length: 0 } as const) : body;
      const stored = await storedHeaders(generateBody(bytes));
      const values = new Map<string, string>([
        ["date", date],
        ["x-cos-request-id", cosRequestId],
        ["x-cos-version-id", "MTg0NDUwOTk0MjA5OTk5NTc4MjI"],
        ...stored.headers.map(([header, value]): [string, string] => [header.toLowerCase(), value]),
      ]);
      const { order, ...given } = found.response?.headers ?? {};
      const seen = Array.isArray(order) ? (order as string[]) : ["date", "x-cos-request-id"];
      const headers = [
        ...seen.map((line) => {
          const [header = "", value] = line.split(": ");
          return [header, value ?? values.get(header) ?? ""];
        }),
        ...Object.entries(given),
      ];
      const note = "the order of the headers as it was seen, values that were not given computed for these bytes";
      const expect = { result: { etag: stored.etag, crc64: stored.crc, encrypted: false } };
      return cosExchange(found, note, put(bytes), { status: 200, headers }, expect);
    }),
  );
}

const crc64 = "15060521397700495958";
const etag = "7e65c2fe0fa0fd4d1d5eae4f0d2e4f46-2";

const seenHeaders = (found: Exchange): [string, string][] =>
  Object.entries(found.response?.headers ?? {}).map(([name, value]) => [name, String(value)]);

/** HEAD answers; `more` is what was not given. */
function headCassette(name: string, more: readonly [string, string][], result: Json): CassetteFile {
  const found = exchange(name);
  const given = new Map(more.map(([header, value]) => [header.toLowerCase(), value]));
  const seen = seenHeaders(found).map(([header, value]): [string, string] => [
    header,
    value === "(there)" ? (given.get(header.toLowerCase()) ?? "made-up") : value,
  ]);
  const present = new Set(seen.map(([header]) => header.toLowerCase()));
  const headers = [...seen, ...more.filter(([header]) => !present.has(header.toLowerCase()))];
  return cosExchange(found, "headers that were not given are made up", head, { status: 200, headers }, { result });
}

function headCassettes(): CassetteFile[] {
  const made: [string, string][] = [
    ["content-length", "600"],
    ["etag", `"${etag}"`],
    ["x-cos-request-id", cosRequestId],
    ["x-cos-hash-crc64ecma", crc64],
  ];
  const bucket = exchange("cos-ok-head-bucket-go");
  return [
    headCassette("cos-ok-head", made, { size: 600, etag, crc64 }),
    headCassette("cos-ok-coscli-stat", made, { size: 600, etag, crc64: "10962195253874765732", encrypted: false }),
    headCassette("vod-api-object-head-through-cdn", [], {
      size: 232_952_632,
      etag: "1da6be3a0d1da5edae4ff0b1feff02cf-223",
      crc64: "16209801220610226954",
    }),
    // Of a bucket, which has no ETag: no object can be made of it.
    cosExchange(
      bucket,
      "asked about an object: an answer of COS without an ETag stands for none",
      head,
      { status: 200, headers: seenHeaders(bucket) },
      { error: { kind: "malformed", status: 200, message: "ETag" } },
    ),
  ];
}

function completeCassettes(): CassetteFile[] {
  const names = ["cos-ok-complete-2019-05", "cos-ok-complete-2019-11", "cos-ok-complete-vendor-sample"];
  return names.map((name) => {
    const found = exchange(name);
    const seen = (found.response?.body ?? {}) as { readonly ETag?: string; readonly Location?: string };
    const tag = seen.ETag?.replaceAll('"', "") ?? etag;
    const location = seen.Location === undefined ? "" : `\t<Location>storage.example.com/${key}</Location>\n`;
    const text = `<CompleteMultipartUploadResult>\n${location}\t<ETag>"${tag}"</ETag>\n</CompleteMultipartUploadResult>`;
    const headers = seenHeaders(found).filter(([header]) => header !== "transfer-encoding");
    const known = Object.fromEntries(headers)["x-cos-hash-crc64ecma"];
    if (!headers.some(([header]) => header === "x-cos-request-id")) headers.push(["x-cos-request-id", cosRequestId]);
    const result = { etag: tag, encrypted: false, ...(known === undefined ? {} : { crc64: known }) };
    const note = "chunked as it was; of the document what was given, in the documented form; a missing id is made up";
    return cosExchange(found, note, complete, { status: 200, headers, text, chunks: [7] }, { result });
  });
}

interface Refused {
  readonly call?: Call;
  /** Where none was given: that of the documentation. */
  readonly status?: number;
  /** Elements that stood there empty. */
  readonly empty?: readonly string[];
}

/** How each error document is met; PUT where nothing is said. */
const refusals: Readonly<Record<string, Refused>> = {
  "cos-error-access-denied-get-2018": { call: list, status: 403 },
  "cos-error-request-has-expired-2021": { status: 403 },
  "cos-error-request-has-expired-2020": { status: 403 },
  "cos-error-access-denied-create-bucket": { status: 403 },
  "cos-error-malformed-xml-complete-2023": { call: complete },
  "cos-error-entity-too-small": { call: complete },
  "cos-error-missing-content-length": { call: part, status: 411 },
  "cos-error-invalid-request-appid": { status: 400 },
  "cos-error-invalid-request-appid-2017": { empty: ["TraceId"] },
  "cos-error-signature-pic-host": { empty: ["TraceId"] },
  "cos-error-no-such-key-32171282306": { call: list },
  "cos-error-no-such-key-7180181323": { call: part },
};

/** Stands for an element of which only is known that it was there. */
function madeUp(element: string, { httpString }: { readonly httpString: string }): string {
  const digest = createHash("sha1").update(httpString).digest("hex");
  const values: Readonly<Record<string, string>> = {
    ServerTime: "2020-06-17T08:00:00Z",
    StringToSign: `sha1\n${clockStart - 60};${clockStart + 900}\n${digest}\n`,
    FormatString: httpString,
  };
  return values[element] ?? "The message was not given.";
}

function refusedCassettes(): CassetteFile[] {
  return exchanges
    .filter(({ about }) => about === "cos-error")
    .map((found) => {
      const { call = put(), status = found.response?.status ?? 0, empty = [] } = refusals[found.name] ?? {};
      const { signed } = cosSignature(call);
      const elements = Object.entries((found.response?.body ?? {}) as Record<string, string>).map(
        ([name, value]): [string, string] => [
          name,
          value.startsWith("(") ? madeUp(name, signed) : value.replaceAll("&apos;", "'"),
        ],
      );
      const lines = [
        ...elements.map(([name, value]) => `\t<${name}>${escapeText(value)}</${name}>\n`),
        ...empty.map((name) => `\t<${name}/>\n`),
      ];
      const text = `<?xml version='1.0' encoding='utf-8' ?>\n<Error>\n${lines.join("")}</Error>\n`;
      const document = Object.fromEntries(elements) as Partial<Record<string, string>>;
      // The length was that of the names that are replaced.
      const given = seenHeaders(found).filter(([name]) => !/^content-length$/i.test(name));
      const headers = given.map(([name, value]) => [name, value.startsWith("(") ? (document["TraceId"] ?? "") : value]);
      const plain = [
        ["Content-Type", "application/xml"],
        ["x-cos-request-id", document["RequestId"] ?? cosRequestId],
      ];
      const mismatch = document["FormatString"] === undefined ? {} : { formatDiff: [] };
      return cosExchange(
        found,
        "laid out as the storage does; a status, an element or an id that was not given is made up or the documentation's",
        call,
        { status, headers: headers.length === 0 ? plain : headers, text },
        {
          error: {
            kind: "service",
            code: document["Code"],
            status,
            message: document["Message"],
            requestId: document["RequestId"] ?? cosRequestId,
            retryable: false,
            details: {
              ...(document["TraceId"] === undefined ? {} : { traceId: document["TraceId"] }),
              ...(document["ServerTime"] === undefined ? {} : { serverTime: document["ServerTime"] }),
              ...mismatch,
            },
          },
        },
      );
    });
}

export async function publishedCassettes(): Promise<CassetteFile[]> {
  return [
    ...apiCassettes(),
    ...(await putCassettes()),
    ...headCassettes(),
    ...completeCassettes(),
    ...refusedCassettes(),
  ];
}
