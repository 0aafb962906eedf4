import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { createHash, randomUUID } from "node:crypto";
import { has, makes } from "./mistakes.mjs";
import { encode, signCos, signTc3 } from "./signers.mjs";

/** An error that the same request would meet again. */
export class Refused extends Error {
  constructor(message, status, body) {
    super(message);
    this.status = status;
    this.body = body;
  }
}

/** No usable answer; whether the service did something is not known. */
export class Passing extends Error {
  constructor(message, retryAfter = 0) {
    super(message);
    this.retryAfter = retryAfter;
  }
}

/** One HTTP exchange; a redirect is an answer like any other. */
async function exchange(origin, message) {
  const answer = await exchangeOnce(origin, message);
  const { location } = answer.headers;
  if (!makes("follows-redirects") || answer.status !== 307 || location === undefined) return answer;
  return exchangeOnce(origin, { ...message, target: new URL(location, origin).pathname });
}

/** Of an answer, by their names in lower case. */
function headersOf({ headers, rawHeaders }) {
  if (!makes("headers-as-documented")) return headers;
  const names = ["ETag", "x-cos-request-id", "x-cos-hash-crc64ecma", "Content-Length", "Date", "Retry-After"];
  const at = (name) => (rawHeaders.indexOf(name) < 0 ? undefined : rawHeaders[rawHeaders.indexOf(name) + 1]);
  return Object.fromEntries(names.map((name) => [name.toLowerCase(), at(name)]));
}

/** Read to its end. */
function exchangeOnce(origin, { method, target, headers, body }) {
  const { hostname: written, port } = new URL(origin);
  const hostname = written.replace(/^\[(.*)\]$/, "$1");
  return new Promise((resolve, reject) => {
    const path = has("absolute-target") ? `${origin}${target}` : target;
    const agent = has("connections-kept") ? kept : false;
    const sent = request({ hostname, port, method, path, headers, agent }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("error", () => reject(new Passing("cut short")));
      response.on("end", () =>
        resolve({ status: response.statusCode, headers: headersOf(response), text: Buffer.concat(chunks).toString() }),
      );
    });
    sent.on("error", (error) => reject(new Passing(error.code ?? error.message)));
    const inChunks = headers["content-length"] === undefined && headers["Content-Length"] === undefined;
    if (inChunks && method !== "GET" && method !== "HEAD" && method !== "DELETE") sent.write(body);
    if (has("body-in-pieces") && body.length > 1000) sendPieces(sent, body).catch(reject);
    else if (headers.expect !== undefined) sent.once("continue", () => sent.end(body)).flushHeaders();
    else sent.end(inChunks ? undefined : body);
  });
}

const kept = new Agent({ keepAlive: true });

async function sendPieces(sent, body) {
  const middle = Math.floor(body.length / 2);
  for (const piece of [body.subarray(0, 1), body.subarray(1, middle), body.subarray(middle)]) {
    sent.write(piece);
    await sleep(40);
  }
  sent.end();
}

/** Sends until it succeeds or cannot succeed: six attempts, growing pauses, a new signature for each. */
async function retrying(send) {
  const attempts = makes("no-retry") ? 1 : makes("retries-for-ever") ? Infinity : has("eight-attempts") ? 8 : 6;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await send();
    } catch (error) {
      const final = !(error instanceof Passing) && !makes("retries-everything");
      if (final || attempt >= attempts) throw error;
      if (makes("retries-at-once")) continue;
      const pause = pauseBefore(attempt);
      const asked = makes("ignores-retry-after") ? 0 : (error.retryAfter ?? 0) * 1000;
      await sleep(has("waits-longer-than-asked") ? asked + pause : Math.max(pause, asked));
    }
  }
}

/** Milliseconds: a random time up to a limit that doubles. */
function pauseBefore(attempt) {
  if (makes("constant-pauses")) return 1000;
  if (makes("shrinking-pauses")) return 6400 / 2 ** attempt;
  if (has("pauses-without-chance")) return 100 * 2 ** (attempt - 1);
  if (has("pauses-that-grow-by-half")) return 250 * 1.5 ** (attempt - 1);
  return 100 * 2 ** (attempt - 1) * (0.5 + Math.random() / 2);
}

const idTail = makes("id-with-blank") ? " " : "";
const account = {
  secretId: process.env.TENCENTCLOUD_SECRET_ID + idTail,
  secretKey: process.env.TENCENTCLOUD_SECRET_KEY,
};
const vodOrigin = process.env.VODUP_VOD_ENDPOINT;
const cosOrigin = process.env.VODUP_COS_ENDPOINT;

/** What the services' clocks are ahead of ours, seconds: each has its own. */
const offsets = { vod: 0, cos: 0 };
const now = (service) => Math.floor(Date.now() / 1000) + offsets[service];
const aheadOf = (date) => Math.round((Date.parse(date) - Date.now()) / 1000);

/** Calls an action of the API and gives its Response. */
export function call(action, params) {
  const body = asJson(params);
  return retrying(async () => {
    let answer = await callOnce(action, body);
    if (answer.text.includes("AuthFailure.SignatureExpire") && !makes("clock-ignored")) {
      offsets.vod = aheadOf(answer.headers.date);
      if (makes("one-clock")) offsets.cos = offsets.vod;
      answer = await callOnce(action, body);
    }
    let response;
    try {
      response = JSON.parse(answer.text).Response;
    } catch {
      response = undefined;
    }
    if (makes("gateway-final") && answer.status === 200 && response === undefined) throw new Error("no Response");
    if (makes("strict-members") && response?.DeprecatedWarning !== undefined) throw new Error("an unknown member");
    if (answer.status !== 200 || response === undefined) {
      throw new Passing(`${action}: ${answer.status}`, Number(answer.headers["retry-after"] ?? 0));
    }
    const { Error: error } = response;
    if (error === undefined) return response;
    const passing = makes("throttle-final") ? /^InternalError(\.|$)/ : /^(InternalError|RequestLimitExceeded)(\.|$)/;
    const passes = makes("codes-exact")
      ? ["InternalError", "RequestLimitExceeded"].includes(error.Code)
      : passing.test(error.Code);
    if (makes("status-decides") && action === "CommitUpload") return response;
    throw passes ? new Passing(error.Code) : new Refused(error.Code, answer.status, answer.text);
  });
}

/** A request's parameters as JSON: its bytes are the client's own affair. */
function asJson(params) {
  if (has("json-in-lines")) return `${JSON.stringify(params, undefined, 2)}\n`;
  const last = has("json-in-another-order") ? Object.fromEntries(Object.entries(params).toReversed()) : params;
  const text = JSON.stringify(last);
  if (!has("json-escaped")) return text;
  return text.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

const skew = has("clock-200-seconds-slow") ? -200 : has("clock-200-seconds-fast") ? 200 : 0;

/** Headers of calls that the documents name or that any HTTP client may send. */
const optionalHeaders = {
  "language-asked-for": { "X-TC-Language": "zh-CN" },
  "client-named": { "X-TC-RequestClient": "porter_1.0; go" },
  "trace-sent": { "X-TC-TraceId": randomUUID() },
  "agent-named": { "User-Agent": "Mozilla/5.0 (compatible; porter/0.1; +https://example.com)" },
  "accept-sent": { Accept: "*/*", "Accept-Encoding": "gzip, deflate, br" },
  "connection-closed": { Connection: "close" },
  "keep-alive-said": { Connection: "keep-alive" },
  "date-sent": { Date: new Date().toUTCString() },
  "trace-of-another-system": { traceparent: `00-${"1".repeat(32)}-${"2".repeat(16)}-01` },
};
const optional = Object.entries(optionalHeaders).find(([habit]) => has(habit))?.[1] ?? {};

function namedInCase(headers) {
  const inCase = has("names-in-lower-case") ? "toLowerCase" : has("names-in-capitals") ? "toUpperCase" : undefined;
  if (inCase === undefined) return headers;
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name[inCase](), value]));
}

const staleCalls = new Map();

function callOnce(action, body) {
  const timestamp = makes("tc3-milliseconds") ? now("vod") * 1000 : now("vod") + skew;
  const { host: bracketed } = new URL(vodOrigin);
  const host = makes("host-without-brackets") ? bracketed.replace(/[[\]]/g, "") : bracketed;
  const headers = {
    Host: bracketed,
    "Content-Type": has("charset-named") ? "application/json; charset=utf-8" : "application/json",
    "X-TC-Action": action,
    "X-TC-Version": "2018-07-17",
    "X-TC-Timestamp": makes("tc3-fraction") ? `${timestamp}.5` : String(timestamp),
    "X-TC-Region": makes("region-of-nowhere") ? "singapore-1" : has("region-far-away") ? "sa-saopaulo" : "ap-singapore",
    "Content-Length": Buffer.byteLength(body),
  };
  if (makes("chunked-calls")) delete headers["Content-Length"];
  if (makes("tc3-no-region")) delete headers["X-TC-Region"];
  if (makes("tc3-empty-token")) headers["X-TC-Token"] = "";
  if (makes("secret-on-the-wire")) headers["User-Agent"] = `uploader (${account.secretKey})`;
  const sign = () => signTc3({ headers, host, body, timestamp }, account);
  const again = makes("stale-api-signature") && staleCalls.get(action);
  const authorization = again ? again.authorization : sign();
  if (again) headers["X-TC-Timestamp"] = again.timestamp;
  staleCalls.set(action, { authorization, timestamp: headers["X-TC-Timestamp"] });
  headers.Authorization = authorization;
  if (makes("tc3-charset-later")) headers["Content-Type"] += "; charset=utf-8";
  const target = makes("api-path") ? "/v2/index.php" : "/";
  return exchange(vodOrigin, { method: "POST", target, headers: namedInCase({ ...headers, ...optional }), body });
}

const staleSignatures = new Map();

/** One request to COS with the certificate of a session. */
export async function cosOnce(session, method, { query = {}, body = Buffer.alloc(0), type } = {}) {
  const { path, certificate } = session;
  const headers = { Host: new URL(cosOrigin).host, "x-cos-security-token": certificate.Token };
  if (method === "PUT" || method === "POST") headers["content-length"] = String(body.length);
  if (type !== undefined) headers["content-type"] = type;
  if (makes("body-too-long") && query.partNumber !== undefined) headers["content-length"] = String(body.length - 7);
  addHabits(headers, method, query, body);
  if (makes("empty-header")) headers["x-cos-meta-note"] = "";
  if (makes("wrong-content-md5") && body.length > 0) headers["content-md5"] = "AAAAAAAAAAAAAAAAAAAAAA==";
  if (makes("chunked-put") && method === "PUT" && query.partNumber === undefined) delete headers["content-length"];
  if (makes("cos-no-token")) delete headers["x-cos-security-token"];
  if (makes("chunked-parts") && query.partNumber !== undefined) delete headers["content-length"];
  const keys = makes("cos-account-key")
    ? account
    : { secretId: certificate.SecretId, secretKey: certificate.SecretKey };
  const inOrder = has("query-in-another-order") ? Object.entries(query).toReversed() : Object.entries(query);
  const text = inOrder
    .map(([name, value]) => (value === "" ? encode(name) : `${encode(name)}=${encode(value)}`))
    .join("&");
  const inUrl = `x-cos-security-token=${encode(certificate.Token)}`;
  const parts = [text, makes("token-in-url") ? inUrl : ""].filter((part) => part !== "").join("&");
  const raw = makes("query-raw") ? parts.replaceAll("%26", "&").replaceAll("%3D", "=") : parts;
  const twice = makes("parameter-twice") && query.partNumber !== undefined ? `${raw}&partNumber=7` : raw;
  const written = makes("plus-in-query") ? twice.replaceAll("%20", "+") : twice;
  const target = `${encodePath(path)}${written === "" ? "" : `?${written}`}`;
  const sign = () => signCos({ method, path, query, headers }, keys, now("cos"));
  if (makes("stale-signature") && !staleSignatures.has(method + target)) staleSignatures.set(method + target, sign());
  const authorization = staleSignatures.get(method + target) ?? sign();
  if (has("sign-in-query")) {
    const inQuery = `${target}${target.includes("?") ? "&" : "?"}sign=${encode(authorization)}`;
    return exchange(cosOrigin, { method, target: inQuery, headers, body });
  }
  if (makes("prints-signature")) console.error(`PUT ${target} ${authorization}`);
  const all = namedInCase({ ...headers, ...unsigned(headers), authorization });
  return exchange(cosOrigin, { method, target, headers: all, body });
}

/** Signed headers that not everybody sends to COS. */
function addHabits(headers, method, query, body) {
  const creates = (method === "PUT" && query.uploadId === undefined) || query.uploads !== undefined;
  if (has("md5-sent") && body.length > 0) headers["content-md5"] = createHash("md5").update(body).digest("base64");
  if (has("meta-sent") && creates) headers["x-cos-meta-author"] = "J. (Porter) & co/1+1";
  if (has("storage-class-named") && creates) headers["x-cos-storage-class"] = "STANDARD";
  if (has("agent-signed")) headers["user-agent"] = "porter/0.1";
  if (has("accept-signed")) headers.accept = "*/*";
  if (has("type-of-any-file") && headers["content-type"] === "video/mp4") {
    headers["content-type"] = "application/octet-stream";
  }
  if (has("no-type") && headers["content-type"] === "video/mp4") delete headers["content-type"];
  if (has("type-of-parts") && method === "PUT") headers["content-type"] ??= "video/mp4";
  if (has("asks-before-body") && body.length > 1000) headers.expect = "100-continue";
}

/** Headers that need not be signed (wire §5.6), where they are not signed above. */
function unsigned(signed) {
  const forCos = { ...optional };
  for (const name of Object.keys(forCos)) {
    if (name.startsWith("X-TC-") || signed[name.toLowerCase()] !== undefined) delete forCos[name];
  }
  return forCos;
}

function encodePath(path) {
  const encoded = makes("slashes-encoded") ? `/${encode(path.slice(1))}` : path.split("/").map(encode).join("/");
  if (makes("blank-as-plus")) return encoded.replaceAll("%20", "+");
  if (makes("path-encoded-twice")) return encoded.split("/").map(encode).join("/");
  return makes("plus-in-path") ? encoded.replaceAll("%2B", "+") : encoded;
}

/** A request to COS until it is answered well; a certificate that has expired is renewed once, and a clock corrected. */
export function cos(session, method, options) {
  return retrying(async () => {
    let answer = await cosOnce(session, method, options);
    if (/RequestTimeTooSkewed|Request has expired/.test(answer.text) && !makes("one-clock")) {
      offsets.cos = aheadOf(answer.headers.date);
      answer = await cosOnce(session, method, options);
    }
    if (!answer.text.includes("<Code>ExpiredToken<") || session.renew === undefined) return checkCos(answer);
    await session.renew();
    return checkCos(await cosOnce(session, method, options));
  });
}

/** The answer, unless it is an error. */
export function checkCos(answer) {
  const { status, text, headers } = answer;
  const fromCos = headers["x-cos-request-id"] !== undefined || makes("trusts-anybody");
  if (!fromCos) throw new Passing(`${status}, not from COS`);
  if (status >= 200 && status < 300) return answer;
  const code = /<Code>([^<]*)</.exec(text)?.[1] ?? String(status);
  const damaged = ["BadDigest", "IncompleteBody", "RequestTimeout"].includes(code) && !makes("every-400-final");
  if (damaged) throw new Passing(code);
  if (status >= 500 || status === 408 || status === 429) throw new Passing(code, Number(headers["retry-after"] ?? 0));
  throw new Refused(code, status, text);
}
