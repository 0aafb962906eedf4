/**
 * From exchanges to a cassette that holds nothing of anybody's: what is known to be harmless stays, what is known to
 * belong to an account becomes a pseudonym, and everything else becomes "redacted". What was signed rightly is signed
 * again, with the made-up keys; what was signed wrongly on purpose loses its signature.
 */
import { createHash } from "node:crypto";
import type { Json } from "../cassettes/author.ts";
import type { Exchange, Pairs } from "./recorder.ts";
import type { Pseudonyms } from "./pseudonyms.ts";
import type { Part } from "./record.ts";
import { encodeKeyPath, percentEncode, signCos, signTc3 } from "../../src/signing/index.ts";
import { clockStart, sortNames } from "../cassettes/author.ts";
import { isRecord, operationOf, ownWords, parse } from "./subject.ts";

export interface Redaction {
  readonly names: Pseudonyms;
  /** Added to every time, in seconds. */
  readonly shift: number;
}

export interface Provenance {
  readonly kind: "recorded" | "emulator";
  readonly text: string;
  readonly host: string;
  readonly date: string;
}

const gone = "redacted";

/** Members whose text says nothing of an account once its pseudonyms stand in it. */
const open =
  /^(StorageBucket|StorageRegion|VodSessionKey|(Media|Cover)(StoragePath|Url|Type)|SecretId|SecretKey|Token|FileId|RequestId|Code|EventHandle|EventType|SubAppId|Procedure|EventHandles|VodupNoSuchParameter|ManifestType|MediaManifestContent|MediaSegmentSet)$/;

function redactJson(value: unknown, name: string, redaction: Redaction): unknown {
  const { names, shift } = redaction;
  if (Array.isArray(value)) return value.map((each) => redactJson(each, name, redaction));
  if (isRecord(value)) {
    const members = Object.entries(value).map(([each, member]) => [each, redactJson(member, each, redaction)]);
    return Object.fromEntries(members);
  }
  if (typeof value === "string" && ownWords.has(value)) return value;
  if (typeof value === "string") return open.test(name) ? names.text(value) : gone;
  if (typeof value !== "number") return value;
  if (name === "ExpiredTime") return value + shift;
  return open.test(name) ? names.numberFor(value) : 0;
}

/** Others' events are nobody's business: of a queue only what a scenario itself made is kept. */
function redactAnswer(action: string, body: Buffer, redaction: Redaction): Json {
  const response = parse(body)["Response"];
  if (!isRecord(response)) return { text: body.length === 0 ? "" : gone };
  const kept = { ...response };
  if (action === "PullEvents" && Array.isArray(kept["EventSet"])) {
    kept["EventSet"] = (kept["EventSet"] as unknown[]).filter((event) => {
      const upload = isRecord(event) && isRecord(event["FileUploadEvent"]) ? event["FileUploadEvent"] : {};
      return typeof upload["FileId"] === "string" && redaction.names.text(upload["FileId"]) !== upload["FileId"];
    });
  }
  return { json: { Response: sortNames(redactJson(kept, "", redaction)) } };
}

const openTags =
  /^(Code|Bucket|Key|UploadId|ETag|PartNumber|Size|IsTruncated|MaxParts|PartNumberMarker|NextPartNumberMarker|EncodingType|StorageClass|Location|RequestId|TraceId)$/;

function redactXml(text: string, names: Pseudonyms): string {
  return text.replaceAll(/<(\w+)>([^<]+)<\/\1>/g, (_, tag: string, inner: string) =>
    inner.trim() === ""
      ? `<${tag}>${inner}</${tag}>`
      : `<${tag}>${openTags.test(tag) ? names.text(inner) : gone}</${tag}>`,
  );
}

const openHeaders = /^(content-type|etag|accept-ranges|retry-after|x-cos-hash-crc64ecma|x-cos-storage-class)$/;
const namedHeaders = /^(x-cos-request-id|x-cos-trace-id|x-tc-traceid|x-cos-version-id)$/;
const droppedHeaders = /^(server|connection|via|keep-alive|transfer-encoding)$/;

function redactHeaders(headers: Pairs, isHead: boolean, { names, shift }: Redaction): [string, string][] {
  return headers.flatMap(([name, value]): [string, string][] => {
    const lower = name.toLowerCase();
    if (droppedHeaders.test(lower)) return [];
    // The player counts the redacted body anew; of a HEAD the number says how large the object is.
    if (lower === "content-length") return isHead ? [[name, value]] : [];
    if (lower === "date" || lower === "last-modified") return [[name, shifted(value, shift)]];
    if (openHeaders.test(lower)) return [[name, value]];
    return [[name, namedHeaders.test(lower) ? names.text(value) : gone]];
  });
}

const shifted = (value: string, shift: number): string => new Date(Date.parse(value) + shift * 1000).toUTCString();

const headerMap = (headers: Pairs): Record<string, string> =>
  Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value]));

function pick(headers: Readonly<Record<string, string>>, wanted: readonly string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => wanted.includes(name)));
}

function vodRequest(exchange: Exchange, redaction: Redaction): Json {
  const { names, shift } = redaction;
  const sent = headerMap(exchange.requestHeaders);
  const json = sortNames(redactJson(parse(exchange.requestBody), "", redaction));
  const headers = pick(sent, ["content-type", "x-tc-action", "x-tc-region", "x-tc-version", "x-tc-content-sha256"]);
  const timestamp = Number(sent["x-tc-timestamp"] ?? 0);
  if (timestamp !== 0) headers["x-tc-timestamp"] = String(timestamp + shift);
  if (sent["x-tc-token"] !== undefined) headers["x-tc-token"] = names.text(sent["x-tc-token"]);
  const [, id = "", list = ""] = /Credential=([^/]+)\/.*SignedHeaders=([^,]+)/.exec(sent["authorization"] ?? "") ?? [];
  const keys = names.keysOf(id);
  const common = { method: "POST", host: exchange.host, service: "vod", signedHeaders: list.split(";") };
  const asSent = { ...common, headers: sent, body: exchange.requestBody, timestamp };
  const complete =
    keys !== undefined &&
    timestamp !== 0 &&
    ["host", ...list.split(";")].every((name) => list.includes(name) && sent[name] !== undefined);
  const right = complete && signTc3(asSent, keys.real).authorization === sent["authorization"];
  const anew = { ...common, headers, body: JSON.stringify(json), timestamp: timestamp + shift };
  return {
    method: "POST",
    url: `https://${exchange.host}/`,
    headers,
    authorization: right ? signTc3(anew, keys.fake).authorization : undefined,
    json,
  };
}

function cosRequest(exchange: Exchange, { names, shift }: Redaction): Json {
  const sent = headerMap(exchange.requestHeaders);
  const host = names.text(exchange.host);
  const [path = "", queryText = ""] = exchange.target.split("?");
  const query = [...new URLSearchParams(queryText)];
  const headers = pick(sent, ["content-length", "content-type"]);
  if (sent["x-cos-security-token"] !== undefined)
    headers["x-cos-security-token"] = names.text(sent["x-cos-security-token"]);
  const isDocument = sent["content-type"] === "application/xml";
  const xml = isDocument ? names.text(exchange.requestBody.toString("utf8")) : "";
  // Only texts of unchanged length are replaced in it, but that is nothing to rely on.
  if (isDocument) headers["content-length"] = String(Buffer.byteLength(xml));
  const key = names.text(decodeURIComponent(path).slice(1));
  const fakeQuery = query.map(([name, value]) => [name, names.text(value)] as const);
  const written = fakeQuery.map(([name, value]) => (value === "" ? name : `${name}=${percentEncode(value)}`)).join("&");
  const found = /q-ak=([^&]+)&q-sign-time=(\d+);(\d+).*&q-header-list=([^&]*)/.exec(sent["authorization"] ?? "") ?? [];
  const [, id = "", start = "0", end = "0", list = ""] = found;
  const keys = names.keysOf(id);
  const sign = (real: boolean): string => {
    const all: Record<string, string> = real ? sent : { ...headers, host };
    const at = real ? 0 : shift;
    return signCos(
      {
        method: exchange.method,
        path: real ? decodeURIComponent(path) : `/${key}`,
        query: Object.fromEntries(real ? query : fakeQuery),
        headers: pick({ ...all, host: real ? exchange.host : host }, list.split(";")),
        startTime: Number(start) + at,
        endTime: Number(end) + at,
      },
      // oxlint-disable-next-line typescript/no-non-null-assertion -- asked below
      real ? keys!.real : keys!.fake,
    ).authorization;
  };
  const right = keys !== undefined && sign(true) === sent["authorization"];
  return {
    method: exchange.method,
    url: `https://${host}/${encodeKeyPath(key)}${written === "" ? "" : `?${written}`}`,
    headers,
    authorization: right ? sign(false) : undefined,
    ...(isDocument ? { xml } : digestOf(exchange.requestBody)),
  };
}

const digestOf = (body: Buffer): Json =>
  body.length === 0
    ? { bodyLength: 0 }
    : { bodyLength: body.length, bodySha256: createHash("sha256").update(body).digest("hex") };

/** The file form of a cassette. */
export function redact({ scenario, exchanges, facts }: Part, provenance: Provenance, redaction: Redaction): Json {
  const { names } = redaction;
  const interactions = exchanges.map((exchange, index): Json => {
    const isCos = exchange.host.includes(".cos.");
    const operation = operationOf(exchange);
    const text = exchange.body.toString("utf8");
    const content = isCos ? { text: redactXml(text, names) } : redactAnswer(operation, exchange.body, redaction);
    return {
      id: `n${String(index + 1).padStart(3, "0")}-${operation.toLowerCase().replaceAll(/[^a-z]/g, "")}`,
      request: isCos ? cosRequest(exchange, redaction) : vodRequest(exchange, redaction),
      response: {
        status: exchange.status,
        headers: redactHeaders(exchange.headers, exchange.method === "HEAD", redaction),
        ...(exchange.body.length === 0 || exchange.method === "HEAD" ? {} : content),
      },
    };
  });
  const account = names.accountKeys;
  const { kind, text, host, date } = provenance;
  const ids = exchanges.map(({ body }) => parse(body)["Response"]).filter(isRecord);
  const first = ids[0]?.["RequestId"];
  const requestId = typeof first === "string" ? names.text(first) : "unknown";
  return {
    format: 1,
    scenario: `contract-${scenario}`,
    description: `What the contract suite's scenario ${scenario} said and heard, redacted`,
    source: kind === "recorded" ? { kind, text, host, date, requestId } : { kind, text },
    clock: { start: clockStart, stepMs: 0 },
    credentials: account,
    certificates: names.certificates,
    call: { api: "upload", op: scenario, input: {} },
    interactions,
    expect: { result: Object.fromEntries(facts) },
  };
}
