import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc64 } from "./crc64.mjs";
import { makes } from "./mistakes.mjs";
import { call, checkCos, cos, cosOnce, Passing, Refused } from "./requests.mjs";

/* An uploader of one file that does what docs/wire.md says, until MUTANT names a mistake. For the judge's tests only. */

const { VODUP_FILE: file, VODUP_MEDIA_TYPE: mediaType, VODUP_PART_SIZE: size } = process.env;

const md5 = (bytes) => createHash("md5").update(bytes).digest("hex");
const unescape = (text) =>
  text.replace(/&(amp|lt|gt|quot|apos);/g, (_, name) => ({ amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" })[name]);

const subApp = process.env.VODUP_SUB_APP_ID === undefined ? {} : { SubAppId: Number(process.env.VODUP_SUB_APP_ID) };

async function apply() {
  const type = makes("wrong-media-type") ? "mov" : mediaType;
  const params = {
    MediaType: makes("media-type-in-capitals") ? mediaType.toUpperCase() : type,
    MediaName: file.replace(/^.*\//, ""),
  };
  Object.assign(params, subApp);
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

const record = join(process.env.XDG_STATE_HOME, "mutant", "upload.json");

/** ETag by part number, page after page. */
async function listedParts(session, uploadId) {
  const parts = new Map();
  for (let marker = ""; marker !== undefined;) {
    const query = { uploadId, "max-parts": "1000", ...(marker === "" ? {} : { "part-number-marker": marker }) };
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

function partsOf(bytes) {
  const partSize = makes("small-parts") ? 2 ** 19 : Number(size);
  const whole = makes("empty-last-part") ? Math.floor(bytes.length / partSize) + 1 : Math.ceil(bytes.length / partSize);
  const count = Math.max(1, whole);
  const parts = Array.from({ length: count }, (_, index) => ({
    number: makes("numbers-from-zero") ? index : makes("numbers-in-tens") ? (index + 1) * 10 : index + 1,
    bytes: bytes.subarray(index * partSize, (index + 1) * partSize),
  }));
  if (makes("parts-swapped")) [parts[0].bytes, parts[1].bytes] = [parts[1].bytes, parts[0].bytes];
  if (makes("last-part-missing")) parts.pop();
  return parts;
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
    const sent = [];
    for (const part of partsOf(bytes)) {
      const known = parts.get(part.number);
      const trusted = known !== undefined && makes("trusts-list");
      const whole = (trusted || known === `"${md5(part.bytes)}"`) && !makes("sends-all-again");
      sent.push(whole ? { number: part.number, etag: known } : await sendPart(session, uploadId, part));
    }
    if (makes("commits-early")) await call("CommitUpload", { VodSessionKey: session.key });
    await complete(session, uploadId, sent, bytes);
  } catch (error) {
    const method = makes("aborts-by-post") ? "POST" : "DELETE";
    if (!makes("no-abort")) await cosOnce(session, method, { query: { uploadId } }).catch(() => undefined);
    await rm(record, { force: true });
    throw error;
  }
}

function completeBody(parts) {
  const listed = makes("parts-descending") ? parts.toReversed() : makes("part-left-out") ? parts.slice(0, -1) : parts;
  const etagOf = ({ etag }) => {
    if (makes("etag-in-cdata")) return `<![CDATA[${etag}]]>`;
    if (makes("etag-unquoted")) return etag.replaceAll('"', "");
    return makes("etag-upper-case") ? etag.toUpperCase() : etag;
  };
  const more = makes("part-with-size") ? "<Size>1</Size>" : "";
  const items = listed.map(
    (part) => `<Part><PartNumber>${part.number}</PartNumber><ETag>${etagOf(part)}</ETag>${more}</Part>`,
  );
  const root = makes("wrong-root") ? "CompleteMultipartUploadRequest" : "CompleteMultipartUpload";
  return Buffer.from(`<${root}>${items.join("")}</${root}>`);
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

async function upload() {
  const whole = await readFile(file);
  const bytes = makes("byte-missing") ? whole.subarray(0, -1) : whole;
  const inParts = bytes.length > Number(size) && !makes("never-in-parts");
  const earlier = inParts ? await earlierUpload() : undefined;
  const session = earlier?.session ?? (await apply());
  if (makes("prints-token")) console.error("session", session.certificate.Token);
  if (makes("prints-secret")) console.log("using", process.env.TENCENTCLOUD_SECRET_KEY);
  if (makes("other-certificate")) session.certificate = (await apply()).certificate;
  if (makes("lists-uploads")) await cos({ ...session, path: "/" }, "GET", { query: { uploads: "" } });
  if (inParts) await putParts(earlier ?? (await newUpload(session)), bytes);
  else await putObject(session, bytes);
  const own = makes("session-key-encoded") ? encodeURIComponent(session.key) : session.key;
  const key = makes("commits-other-session") ? (await apply()).key : own;
  const commit = () => call("CommitUpload", { VodSessionKey: key, ...(makes("sub-app-dropped") ? {} : subApp) });
  const { FileId: fileId } = await commit().catch((error) => lookUp(session, error));
  if (!makes("keeps-secret")) await rm(record, { force: true });
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

async function main() {
  if (makes("never-ends")) setInterval(() => undefined, 1000);
  const child = makes("secret-in-arguments") || makes("leaves-child") ? startChild() : undefined;
  if (makes("secret-in-arguments")) child.unref();
  try {
    const fileId = await upload();
    console.log(
      makes("file-id-as-number") ? Number(fileId) : makes("file-id-with-words") ? `FileId ${fileId}` : fileId,
    );
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
