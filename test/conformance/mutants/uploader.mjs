import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { crc64 } from "./crc64.mjs";
import { has, makes } from "./mistakes.mjs";
import { completeBody, inTurn, partsOf } from "./parts.mjs";
import { call, checkCos, cos, cosOnce, Passing, Refused } from "./requests.mjs";

/* An uploader of one file that does what docs/wire.md says, until MUTANT names a mistake. For the judge's tests only. */

const { VODUP_FILE: file, VODUP_MEDIA_TYPE: mediaType, VODUP_PART_SIZE: size } = process.env;

const md5 = (bytes) => createHash("md5").update(bytes).digest("hex");
const unescape = (text) =>
  text.replace(/&(amp|lt|gt|quot|apos);/g, (_, name) => ({ amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" })[name]);

const subApp = process.env.VODUP_SUB_APP_ID === undefined ? {} : { SubAppId: Number(process.env.VODUP_SUB_APP_ID) };

/** Parameters of ApplyUpload that nobody needs (wire §4.1). */
function moreParams() {
  if (has("name-without-extension")) return { MediaName: "봄 lesson" };
  if (has("kept-for-ever")) return { ExpireTime: "9999-12-31T23:59:59Z" };
  if (has("class-named")) return { ClassId: 0 };
  if (has("context-given")) return { SourceContext: '{"order":"1 & 2"}' };
  if (has("region-asked-for")) return { StorageRegion: "ap-seoul" };
  return {};
}

async function apply() {
  const type = makes("wrong-media-type") ? "mov" : mediaType;
  const params = {
    MediaType: makes("media-type-in-capitals") ? mediaType.toUpperCase() : type,
    MediaName: file.replace(/^.*\//, ""),
  };
  Object.assign(params, subApp, moreParams());
  if (has("no-media-name")) delete params.MediaName;
  if (makes("cover-type")) params.CoverType = "jpg";
  if (makes("unknown-parameter")) params.Language = "en";
  if (makes("sub-app-as-text")) params.SubAppId = "1500000001";
  const response = await call("ApplyUpload", params);
  const path = storagePath(response);
  const dotted = path.split("/").some((segment) => segment === "." || segment === "..");
  if (dotted && !makes("follows-dots")) throw new Error("the storage path has dot segments");
  const session = { path, key: response.VodSessionKey, certificate: response.TempCertificate };
  if (!makes("no-renewal")) renewing(session, { ...params, VodSessionKey: session.key });
  return session;
}

function storagePath({ MediaStoragePath: path }) {
  if (makes("slashes-all-cut")) return path.replace(/^\/+/, "/");
  return makes("key-with-two-slashes") ? `/${path}` : path;
}

/** Gives a session the way to another certificate (wire §12.2): only one for the same object will do. */
function renewing(session, params) {
  session.renew = async () => {
    const response = await call("ApplyUpload", params);
    const same = response.MediaStoragePath === session.path && response.VodSessionKey === session.key;
    if (!same && !makes("mixes-sessions")) throw new Error("the certificate has expired, and the new one is another's");
    session.certificate = response.TempCertificate;
  };
}

const record = join(process.env.XDG_STATE_HOME, has("record-elsewhere") ? "porter/a/b/봄.state" : "mutant/upload.json");

/** ETag by part number, page after page. */
async function listedParts(session, uploadId) {
  const parts = new Map();
  for (let marker = ""; marker !== undefined;) {
    const query = { uploadId, "max-parts": has("short-pages") ? "2" : "1000" };
    if (marker !== "") query["part-number-marker"] = marker;
    if (has("list-encoded")) query["encoding-type"] = "url";
    const { text } = await cos(session, "GET", { query });
    const found = text.matchAll(/<PartNumber>(\d+)<\/PartNumber>.*?<ETag>(.*?)<\/ETag>/gs);
    for (const [, number, etag] of found) parts.set(Number(number), unescape(etag));
    const more = text.includes("<IsTruncated>true<") && !makes("first-page-only");
    marker = more ? /<NextPartNumberMarker>(\d+)</.exec(text)?.[1] : undefined;
  }
  return parts;
}

/** What an earlier run left: its session, its upload, and the parts that ListParts knows of (wire §9.4). */
async function earlierUpload() {
  if (makes("no-resume")) return undefined;
  try {
    const { session, uploadId } = JSON.parse(await readFile(record, "utf8"));
    if (has("aborts-what-was-left")) {
      await cosOnce(session, "DELETE", { query: { uploadId } });
      return undefined;
    }
    const parts = makes("trusts-record") ? new Map() : await listedParts(session, uploadId);
    return { session, uploadId, parts };
  } catch {
    // No record, or an upload that is gone.
    return undefined;
  }
}

async function newUpload(session) {
  const method = makes("begins-by-put") ? "PUT" : "POST";
  const started = await cos(session, method, { query: { uploads: "" }, type: "video/mp4" });
  const raw = /<UploadId>(.*)<\/UploadId>/s.exec(started.text)[1];
  const uploadId = makes("upload-id-escaped") ? raw : unescape(raw);
  if (has("begins-a-second-time") && !session.begun) {
    session.begun = true;
    await cosOnce(session, "DELETE", { query: { uploadId } });
    return newUpload(session);
  }
  await mkdir(join(record, ".."), { recursive: true });
  const { TENCENTCLOUD_SECRET_KEY: secretKey } = process.env;
  const kept = makes("keeps-secret") ? { session, uploadId, secretKey } : { session, uploadId };
  if (makes("secret-for-a-moment")) {
    await writeFile(record, JSON.stringify({ secretKey }));
    await cosOnce(session, "HEAD");
  }
  if (makes("secret-in-temporary-file")) await writeFile(join(tmpdir(), "key"), secretKey);
  await writeFile(record, JSON.stringify(kept), { mode: 0o600 });
  if (makes("secret-beside-file")) await writeFile(`${file}.log`, `signing with ${secretKey}`);
  return { session, uploadId, parts: new Map() };
}

/** Sends a part until the answer's checksums are those of its bytes. */
async function sendPart(session, uploadId, { number, bytes }) {
  const other = makes("two-uploads") && number === 2 ? (await newUpload(session)).uploadId : "";
  for (let attempt = 1; ; attempt += 1) {
    const ids = { partNumber: String(number), uploadId: makes("two-uploads") && number === 2 ? other : uploadId };
    const query = makes("names-of-s3") ? { PartNumber: ids.partNumber, UploadId: uploadId } : ids;
    const { headers } = await cos(session, "PUT", { query, body: bytes });
    const whole = headers.etag === `"${md5(bytes)}"`;
    if (whole || makes("trusts-parts")) return { number, etag: headers.etag };
    if (attempt === 3) throw new Error(`part ${number} does not arrive whole`);
  }
}

async function putParts({ session, uploadId, parts }, bytes) {
  try {
    const one = async (part) => {
      const known = parts.get(part.number);
      const trusted = known !== undefined && makes("trusts-list");
      const whole = (trusted || known === `"${md5(part.bytes)}"`) && !makes("sends-all-again");
      if (has("parts-twice") && !whole) await sendPart(session, uploadId, part);
      return whole ? { number: part.number, etag: known } : sendPart(session, uploadId, part);
    };
    const sent = await inTurn(partsOf(bytes), one);
    if (has("lists-before-complete")) await listedParts(session, uploadId);
    if (has("renews-before-complete")) await session.renew();
    if (makes("commits-early")) await call("CommitUpload", { VodSessionKey: session.key });
    await complete(session, uploadId, sent, bytes);
  } catch (error) {
    const method = makes("aborts-by-post") ? "POST" : "DELETE";
    if (!makes("no-abort")) await cosOnce(session, method, { query: { uploadId } }).catch(() => undefined);
    await rm(record, { force: true });
    throw error;
  }
}

/** Completes, and asks by HEAD where the answer does not say how it went. */
async function complete(session, uploadId, parts, bytes) {
  for (let attempt = 1; attempt <= 4; attempt += 1) {
    const options = { query: { uploadId }, body: completeBody(parts), type: "application/xml" };
    const answer = await cosOnce(session, makes("completes-by-put") ? "PUT" : "POST", options).catch((error) => {
      if (!(error instanceof Passing)) throw error;
    });
    if (answer === undefined && makes("no-head")) return;
    if (answer?.status === 200 && makes("trusts-200")) return;
    const document = makes("no-white-space") ? answer?.text : answer?.text.trim();
    if (makes("no-white-space") && answer?.text.startsWith(" ")) throw new Error("not a document");
    if (document?.includes("<CompleteMultipartUploadResult")) {
      const known = answer.headers["x-cos-hash-crc64ecma"];
      if (known === undefined || known === crc64(bytes) || makes("ignores-crc64") || makes("trusts-list")) return;
      throw new Error("the object has another CRC64 than the file");
    }
    if (answer !== undefined && answer.status >= 400 && answer.status < 500 && !answer.text.includes("NoSuchUpload")) {
      checkCos(answer);
    }
    const head = await cosOnce(session, "HEAD");
    if (head.status === 200) {
      if (makes("takes-other-object")) return;
      const sameBytes = head.headers["x-cos-hash-crc64ecma"] === crc64(bytes) || makes("compares-size-only");
      if (head.headers["content-length"] === String(bytes.length) && sameBytes) return;
      throw new Error("another object lies at the key");
    }
  }
  throw new Error("Complete does not succeed");
}

async function putObject(session, bytes) {
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    const { headers } = await cos(session, "PUT", { body: bytes, type: "video/mp4" });
    if (headers.etag === `"${md5(bytes)}"` || makes("trusts-put") || makes("trusts-anybody")) return;
  }
  throw new Error("the object does not arrive whole");
}

/** What a commit became that the service will not speak of any more: the media at the session's path, or nothing. */
async function lookUp(session, error) {
  if (!String(error).includes("VodSessionKey") || makes("uploads-again")) throw error;
  const FileId = session.path.split("/").at(-2).slice(8);
  if (makes("guesses-file-id")) return { FileId };
  const { MediaInfoSet: [media] = [] } = await call("DescribeMediaInfos", { FileIds: [FileId], ...subApp });
  const found = media && new URL(media.BasicInfo.MediaUrl).pathname === encodeURI(session.path);
  if (media !== undefined && (found || makes("takes-any-media"))) return { FileId };
  throw error;
}

async function copied() {
  const copy = join(tmpdir(), "copy");
  await copyFile(file, copy);
  return copy;
}

async function upload() {
  const whole = await readFile(has("copy-of-the-file") ? await copied() : file);
  const bytes = makes("byte-missing") ? whole.subarray(0, -1) : whole;
  if (has("other-calls-first")) await call("DescribeStorageRegions", subApp);
  const inParts = (bytes.length > Number(size) && !makes("never-in-parts")) || has("one-part");
  const earlier = inParts ? await earlierUpload() : undefined;
  if (has("applies-twice")) await apply();
  const session = earlier?.session ?? (await apply());
  if (has("head-first")) await cosOnce(session, "HEAD");
  if (makes("prints-token")) console.error("session", session.certificate.Token);
  if (makes("prints-secret")) console.log("using", process.env.TENCENTCLOUD_SECRET_KEY);
  if (makes("other-certificate")) session.certificate = (await apply()).certificate;
  if (makes("lists-uploads")) await cos({ ...session, path: "/" }, "GET", { query: { uploads: "" } });
  if (inParts) await putParts(earlier ?? (await newUpload(session)), bytes);
  else await putObject(session, bytes);
  if (has("head-at-the-end")) await cos(session, "HEAD");
  if (has("pauses-before-commit")) await sleep(1500);
  const own = makes("session-key-encoded") ? encodeURIComponent(session.key) : session.key;
  const key = makes("commits-other-session") ? (await apply()).key : own;
  const commit = () => call("CommitUpload", { VodSessionKey: key, ...(makes("sub-app-dropped") ? {} : subApp) });
  const { FileId: fileId } = await commit().catch((error) => lookUp(session, error));
  if (!makes("keeps-secret")) await rm(record, { force: true });
  if (has("asks-afterwards")) await call("DescribeMediaInfos", { FileIds: [fileId], ...subApp });
  if (makes("commits-twice")) await commit();
  if (makes("put-after-commit")) await cosOnce(session, "PUT", { body: bytes });
  return fileId;
}

/** A child that has the key among its arguments, or that nobody ends. */
function startChild() {
  const script = "setTimeout(() => 0, 20_000)";
  const child = spawn(
    process.execPath,
    ["-e", script, makes("secret-in-arguments") ? process.env.TENCENTCLOUD_SECRET_KEY : ""],
    {
      stdio: "ignore",
      detached: makes("leaves-child"),
    },
  );
  if (makes("leaves-child")) child.unref();
  else process.on("exit", () => child.kill("SIGKILL"));
  return child;
}

/** How the FileId is said: the last line of stdout that is not empty (wire §18.1). */
function say(fileId) {
  const before = has("lines-before-file-id") ? "uploading\n100 %\n" : "";
  const ends = { "line-ends-of-windows": "\r\n", "no-line-end": "", "empty-lines-after": "\n\n\n" };
  const [, end = "\n"] = Object.entries(ends).find(([habit]) => has(habit)) ?? [];
  if (has("progress-on-stderr")) process.stderr.write("\r 50 %\r100 %\n");
  process.stdout.write(`${before}${fileId}${end}`);
}

async function main() {
  if (makes("never-ends")) setInterval(() => undefined, 1000);
  const child = makes("secret-in-arguments") || makes("leaves-child") ? startChild() : undefined;
  if (makes("secret-in-arguments")) child.unref();
  if (has("child-that-ends")) spawnSync(process.execPath, ["-e", "0"]);
  if (has("starts-late")) await sleep(800);
  try {
    const fileId = await upload();
    say(makes("file-id-as-number") ? Number(fileId) : makes("file-id-with-words") ? `FileId ${fileId}` : fileId);
    if (makes("file-id-not-last")) console.log("done");
  } catch (error) {
    console.error(String(error));
    if (makes("prints-environment")) console.error(JSON.stringify(process.env));
    if (makes("prints-answers") && error instanceof Refused) console.error(error.body);
    if (makes("uploads-again") && process.env.MUTANT_AGAIN === undefined) {
      process.env.MUTANT_AGAIN = "1";
      return main();
    }
    process.exitCode = makes("exits-0") ? 0 : 1;
  }
}

await main();
