// The server that every client of a benchmark sends to, in a process of its own. It speaks the VOD API, COS and S3 as far
// as an upload goes, verifies nothing, keeps nothing, and answers with what the clients check: an ETag, and for COS the
// CRC64 of what came. Its own cost is the same for all; `cpu` in the results says when it is what limits.
//
// usage: node sink.mjs [--tls CERT KEY] [--latency MS] [--per-connection BYTES_PER_SECOND]
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer as createHttp } from "node:http";
import { createServer as createHttps } from "node:https";
import { parseArgs } from "node:util";
import { setTimeout as sleep } from "node:timers/promises";
import { Crc64, crc64Combine } from "../dist/cos/index.js";

/** As long as those of the service. */
const token = createHash("sha512").update("token").digest("base64url").repeat(4);

const { values } = parseArgs({
  options: {
    tls: { type: "string", multiple: true },
    latency: { type: "string", default: "0" },
    "per-connection": { type: "string", default: "0" },
  },
});
const latencyMs = Number(values.latency);
const perConnection = Number(values["per-connection"]);

const uploads = new Map();
const objects = new Map();
let sessions = 0;
let requests = 0;

/** Reads a body, as fast as the simulated link lets it. */
async function drain(request, each) {
  const started = performance.now();
  let size = 0;
  for await (const chunk of request) {
    size += chunk.byteLength;
    each?.(chunk);
    if (perConnection > 0) {
      const due = started + (size / perConnection) * 1000;
      if (due > performance.now() + 2) await sleep(due - performance.now());
    }
  }
  return size;
}

function apply(parameters) {
  sessions += 1;
  const fileId = String(5285890780000000000n + BigInt(sessions));
  const path = `/0ddba11vodapsingapore1250000000/9ce0cd92${fileId}/v${sessions}`;
  return {
    StorageBucket: "sink-1250000000",
    StorageRegion: "ap-singapore",
    // Like the service's it says nothing of the media: the client lets no answer repeat it.
    VodSessionKey: Buffer.from(`session ${fileId}`).toString("base64url"),
    MediaStoragePath: `${path}.${parameters.MediaType}`,
    CoverStoragePath: parameters.CoverType ? `${path}c.${parameters.CoverType}` : null,
    TempCertificate: {
      SecretId: "AKIDEXAMPLE",
      SecretKey: "temporarySecretKeyOfOneSession01",
      Token: token,
      ExpiredTime: Math.floor(Date.now() / 1000) + 7200,
    },
  };
}

async function vod(request, response) {
  const chunks = [];
  await drain(request, (chunk) => chunks.push(chunk));
  const text = Buffer.concat(chunks).toString();
  // The vendor's SDK sends a form, with the action in it.
  const parameters = text.startsWith("{") ? JSON.parse(text) : Object.fromEntries(new URLSearchParams(text));
  const action = request.headers["x-tc-action"] ?? parameters.Action;
  const answer =
    action === "ApplyUpload"
      ? apply(parameters)
      : {
          FileId: Buffer.from(parameters.VodSessionKey, "base64url").toString().slice(8),
          MediaUrl: "http://sink.invalid/v.mp4",
          CoverUrl: "",
        };
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({ Response: { ...answer, RequestId: `sink-${requests}` } }));
}

const xml = (response, body) => response.setHeader("content-type", "application/xml").end(body);

async function objectStore(request, response, url) {
  const { method } = request;
  const [key, query] = [decodeURIComponent(url.pathname), url.searchParams];
  const uploadId = query.get("uploadId");
  if (method === "POST" && query.has("uploads")) {
    await drain(request);
    const id = `upload${uploads.size}`;
    uploads.set(id, new Map());
    return xml(
      response,
      `<InitiateMultipartUploadResult><Bucket>b</Bucket><Key>${key}</Key><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
    );
  }
  if (method === "POST" && uploadId !== null) {
    await drain(request);
    const parts = [...(uploads.get(uploadId) ?? new Map())].sort(([a], [b]) => a - b).map(([, part]) => part);
    const whole = parts.reduce(
      (sum, part) => ({ size: sum.size + part.size, crc: crc64Combine(sum.crc, part.crc, part.size) }),
      { size: 0, crc: 0n },
    );
    objects.set(key, whole);
    response.setHeader("x-cos-hash-crc64ecma", String(whole.crc));
    return xml(
      response,
      `<CompleteMultipartUploadResult><Location>sink</Location><Bucket>b</Bucket><Key>${key}</Key><ETag>"0123456789abcdef0123456789abcdef-${parts.length}"</ETag></CompleteMultipartUploadResult>`,
    );
  }
  if (method === "PUT") {
    const crc = new Crc64();
    const size = await drain(request, (chunk) => crc.update(chunk));
    const sum = { size, crc: crc.digest() };
    if (uploadId === null) objects.set(key, sum);
    else uploads.get(uploadId)?.set(Number(query.get("partNumber")), sum);
    response.setHeader("etag", `"${sum.crc.toString(16).padStart(32, "0")}"`);
    // Such an ETag is no MD5; so the service says that.
    response.setHeader("x-cos-server-side-encryption", "cos/kms");
    response.setHeader("x-cos-hash-crc64ecma", String(sum.crc));
    return response.end();
  }
  if (method === "GET" && query.has("uploads")) {
    return xml(response, "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>");
  }
  if (method === "HEAD" && objects.has(key)) {
    const { size, crc } = objects.get(key);
    response.setHeader("content-length", size).setHeader("x-cos-hash-crc64ecma", String(crc)).setHeader("etag", '"x"');
    return response.end();
  }
  await drain(request);
  response.statusCode = method === "HEAD" || method === "GET" ? 404 : 200;
  return response.end();
}

async function handle(request, response) {
  requests += 1;
  const url = new URL(request.url, "http://sink");
  if (url.pathname === "/sink/stats") {
    const { userCPUTime, systemCPUTime } = process.resourceUsage();
    return response.end(
      JSON.stringify({ cpuSeconds: (userCPUTime + systemCPUTime) / 1e6, requests, objects: objects.size }),
    );
  }
  response.setHeader("x-cos-request-id", `sink-${requests}`);
  if (latencyMs > 0) await sleep(latencyMs);
  const isApi = request.method === "POST" && url.pathname === "/" && url.search === "";
  return isApi ? vod(request, response) : objectStore(request, response, url);
}

const listener = (request, response) => {
  handle(request, response).catch(() => response.destroy());
};
const options = { keepAliveTimeout: 60_000, requestTimeout: 0, highWaterMark: 256 * 1024 };
const [cert, key] = values.tls ?? [];
const server =
  cert === undefined
    ? createHttp(options, listener)
    : createHttps({ ...options, cert: readFileSync(cert), key: readFileSync(key) }, listener);
server.listen(0, "127.0.0.1", () => {
  const { port } = server.address();
  const origin = `${cert === undefined ? "http" : "https"}://127.0.0.1:${port}`;
  process.stdout.write(`${JSON.stringify({ origin, port })}\n`);
});
// The parent's end is this one's.
process.stdin.resume().on("end", () => process.exit(0));
process.on("SIGTERM", () => process.exit(0));
