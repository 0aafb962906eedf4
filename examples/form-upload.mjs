// An HTTP endpoint that passes uploads on to VOD while they arrive: nothing is stored here, memory stays at a few parts
// however long the video is, and a slow storage slows the sender down. Takes a browser's form (POST /videos, the fields
// `title` and `order` in front of the file `video`) or a bare body (PUT /videos/NAME). A sender who goes away in the
// middle ends the upload, and what was sent of it is removed.
//
//   node examples/form-upload.mjs 8080
//   curl -F title=Lesson -F order=42 -F video=@lesson.mp4 http://127.0.0.1:8080/videos
//   curl -T lesson.mp4 http://127.0.0.1:8080/videos/lesson.mp4
import { createServer } from "node:http";
import { parse } from "node:path";
import { SourceError, VodClient, VodupError, defaultCredentials } from "vodup";
import { FormError, formParts } from "./multipart-form.mjs";

const vod = new VodClient({
  credentials: defaultCredentials(),
  subAppId: process.env.SUB_APP_ID,
  vodEndpoint: process.env.VODUP_VOD_ENDPOINT,
  cosEndpoint: process.env.VODUP_COS_ENDPOINT,
});
const mostBytes = Number(process.env.MAX_BYTES ?? 50 * 2 ** 30);

/** Answers a request with a status that is not the service's fault. */
class Refusal extends Error {
  /**
   * @param {number} status
   * @param {string} message
   */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** @param {AsyncIterable<Uint8Array>} chunks */
async function* limited(chunks) {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > mostBytes) throw new Refusal(413, `more than ${mostBytes} bytes`);
    yield chunk;
  }
}

/** @param {import("./multipart-form.mjs").FormPart} part */
async function fieldText({ name, body }) {
  const pieces = [];
  let size = 0;
  for await (const piece of body) {
    pieces.push(piece);
    if ((size += piece.length) > 4096) throw new Refusal(413, `the field ${name} is too long`);
  }
  return Buffer.concat(pieces).toString("utf8");
}

/** @param {string} fileName */
function namesOf(fileName) {
  const { name, ext } = parse(fileName);
  return { mediaName: name || undefined, mediaType: ext.slice(1).toLowerCase() || undefined };
}

/**
 * @param {import("node:http").IncomingMessage} request
 * @param {AbortSignal} signal
 */
async function uploadForm(request, signal) {
  /** @type {Record<string, string>} */
  const fields = {};
  for await (const part of formParts(request, request.headers["content-type"])) {
    if (part.name !== "video") {
      fields[part.name] = await fieldText(part);
      continue;
    }
    const { mediaType, mediaName } = namesOf(part.fileName ?? "");
    return await vod.upload(limited(part.body), {
      mediaType,
      mediaName: fields["title"] || mediaName,
      sourceContext: fields["order"],
      signal,
    });
  }
  throw new Refusal(400, "the form has no field `video`");
}

/**
 * @param {import("node:http").IncomingMessage} request
 * @param {string} name
 * @param {AbortSignal} signal
 */
async function uploadBody(request, name, signal) {
  const length = request.headers["content-length"];
  const size = length === undefined ? undefined : Number(length);
  if (size !== undefined && size > mostBytes) throw new Refusal(413, `more than ${mostBytes} bytes`);
  return vod.upload(limited(request), { ...namesOf(name), size, signal });
}

/**
 * @param {import("node:http").IncomingMessage} request
 * @param {AbortSignal} signal
 */
async function handle(request, signal) {
  const { pathname } = new URL(request.url ?? "/", "http://localhost");
  if (request.method === "POST" && pathname === "/videos") return uploadForm(request, signal);
  const name = /^\/videos\/([^/]+)$/.exec(pathname)?.[1];
  if (request.method === "PUT" && name !== undefined) return uploadBody(request, decodeURIComponent(name), signal);
  throw new Refusal(404, "POST /videos or PUT /videos/NAME");
}

/**
 * What the sender is told. The service's own words stay in our log.
 * @param {unknown} error
 * @returns {[status: number, message: string]}
 */
function refusalOf(error) {
  // What a stream throws while it is read comes back as the cause of a SourceError.
  const cause = error instanceof SourceError ? error.cause : error;
  if (cause instanceof Refusal) return [cause.status, cause.message];
  if (cause instanceof FormError || cause instanceof URIError) return [400, cause.message];
  if (cause instanceof TypeError || cause instanceof RangeError) return [400, cause.message];
  if (error instanceof SourceError) return [400, "the body ended early"];
  if (error instanceof VodupError && error.retryable) return [503, "try again later"];
  return [502, "the upload failed"];
}

/**
 * @param {import("node:http").IncomingMessage} request
 * @param {import("node:http").ServerResponse} response
 */
async function respond(request, response) {
  const gone = new AbortController();
  response.once("close", () => {
    if (!response.writableEnded) gone.abort(new Error("the sender went away"));
  });
  try {
    const { fileId, mediaUrl, transfer } = await handle(request, gone.signal);
    response.writeHead(201, { "content-type": "application/json" });
    response.end(JSON.stringify({ fileId, mediaUrl, bytes: transfer.bytes }));
  } catch (error) {
    console.error(request.method, request.url, error instanceof Error ? error.message : error);
    const [status, message] = refusalOf(error);
    // What was not read of the body is not worth waiting for.
    response.writeHead(status, { "content-type": "application/json", connection: "close" });
    response.end(JSON.stringify({ error: message }));
  }
}

const server = createServer((request, response) => void respond(request, response));
// An upload takes as long as it takes; a sender that is silent is another matter.
server.requestTimeout = 0;
server.timeout = 60_000;

server.listen(Number(process.argv[2] ?? 8080), "127.0.0.1", () => {
  const address = server.address();
  if (typeof address === "object") console.log(`listening on http://127.0.0.1:${address?.port}`);
});

process.once("SIGTERM", () => {
  // What is being uploaded is finished first.
  server.close(() => void vod.close());
  server.closeIdleConnections();
});
