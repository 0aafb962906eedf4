import { createHash, createHmac } from "node:crypto";
import { has, makes } from "./mistakes.mjs";

/* Both signatures, written from docs/wire.md alone: nothing of src/ is in here. */

const sha = (algorithm, data) => createHash(algorithm).update(data).digest("hex");
const hmac = (algorithm, key, data) => createHmac(algorithm, key).update(data).digest();

const encode = (text) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

/** wire §1.2, with the mistakes of other languages' libraries. */
function encodeValue(text) {
  if (makes("cos-values-raw")) return text;
  if (makes("cos-values-twice")) return encode(encode(text));
  if (makes("cos-javascript-encoding")) return encodeURIComponent(text);
  if (makes("cos-form-encoding")) return encode(text).replaceAll("%20", "+");
  if (makes("cos-lower-escapes")) return encode(text).replace(/%../g, (escape) => escape.toLowerCase());
  return encode(text);
}

export { encode };

const pad = (number) => String(number).padStart(2, "0");

function dateOf(timestamp) {
  const date = new Date((timestamp + (makes("tc3-beijing-date") ? 8 * 3600 : 0)) * 1000);
  if (!makes("tc3-local-date")) return date.toISOString().slice(0, 10);
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
}

/** The Authorization of an API call. `headers` are what is sent. */
export function signTc3({ headers, host, body, timestamp }, { secretId, secretKey }) {
  const date = dateOf(timestamp);
  const service = makes("tc3-service-of-host") ? host.split(".")[0] : "vod";
  const lower = (text) => (makes("tc3-action-case") ? text : text.toLowerCase());
  const values = {
    "content-type": headers["Content-Type"],
    host: makes("tc3-host-without-port") ? host.replace(/:\d+$/, "") : host,
    "x-tc-action": lower(headers["X-TC-Action"]),
  };
  if (has("action-unsigned")) delete values["x-tc-action"];
  if (has("all-tc3-headers-signed")) {
    for (const name of ["X-TC-Region", "X-TC-Timestamp", "X-TC-Version"]) {
      values[name.toLowerCase()] = headers[name].toLowerCase();
    }
  }
  if (makes("tc3-host-unsigned")) delete values.host;
  if (makes("tc3-content-type-unsigned")) delete values["content-type"];
  const names = Object.keys(values);
  if (makes("tc3-names-unsorted")) names.reverse();
  const lines = names.map((name) => `${name}:${values[name]}`);
  const signedBody = makes("tc3-body-again") ? JSON.stringify(JSON.parse(body), null, 2) : body;
  const payload = sha("sha256", makes("tc3-latin1") ? Buffer.from(signedBody, "latin1") : signedBody);
  const unsigned = "UNSIGNED-PAYLOAD";
  const canonical = [
    "POST",
    "/",
    "",
    ...lines,
    ...(makes("tc3-no-empty-line") ? [] : [""]),
    names.join(";"),
    makes("tc3-no-payload") ? sha("sha256", "") : makes("tc3-unsigned-payload") ? sha("sha256", unsigned) : payload,
  ].join("\n");
  const scope = `${date}/${service}/tc3_request`;
  const toSign = ["TC3-HMAC-SHA256", timestamp, scope, makes("tc3-unhashed") ? canonical : sha("sha256", canonical)];
  const first = makes("tc3-no-prefix") ? secretKey : `TC3${secretKey}`;
  const step = (key, text) =>
    makes("tc3-hex-keys") ? hmac("sha256", key, text).toString("hex") : hmac("sha256", key, text);
  const dateKey = makes("tc3-hex-first-key") ? step(first, date).toString("hex") : step(first, date);
  const key = step(step(dateKey, service), "tc3_request");
  const signature = hmac("sha256", key, toSign.join("\n")).toString("hex");
  const comma = makes("tc3-no-spaces") ? "," : ", ";
  return [
    `TC3-HMAC-SHA256 Credential=${secretId}/${scope}`,
    `SignedHeaders=${names.join(";")}`,
    `Signature=${makes("tc3-upper-hex") ? signature.toUpperCase() : signature}`,
  ].join(comma);
}

const byName = ([a], [b]) => (a < b ? -1 : 1);

/** Sorted `name=value` pairs, encoded. */
function fields(record, kind) {
  const nameOf = (name) => (makes("cos-names-case") && kind === "query" ? encode(name) : encode(name).toLowerCase());
  const pairs = Object.entries(record).map(([name, value]) => [nameOf(name), encodeValue(value)]);
  // Sorted as the names were given, `Host` before `content-length`.
  if (makes("cos-sorted-raw")) {
    return Object.entries(record)
      .sort(byName)
      .map(([name, value]) => [nameOf(name), encodeValue(value)]);
  }
  return pairs.sort(byName);
}

const text = (pairs) =>
  pairs.map(([name, value]) => (makes("cos-uploads-bare") && value === "" ? name : `${name}=${value}`)).join("&");
const list = (pairs) => pairs.map(([name]) => name.toLowerCase()).join(";");

const unsignedForm = {
  "cos-token-unsigned": "x-cos-security-token",
  "cos-type-unsigned": "content-type",
  "cos-length-unsigned": "content-length",
  "cos-host-unsigned": "Host",
};

/** The Authorization of a request to COS. `path`, `query` and `headers` are decoded. */
export function signCos({ method, path, query, headers }, { secretId, secretKey }, now) {
  const signed = { ...headers };
  for (const [mistake, name] of Object.entries(unsignedForm)) if (makes(mistake)) delete signed[name];
  if (makes("cos-lists-absent")) signed["content-md5"] = "";
  if (makes("cos-host-without-port")) signed.Host = signed.Host.replace(/:\d+$/, "");
  const unit = makes("cos-milliseconds") ? 1000 : 1;
  const begin = makes("cos-future-key-time") ? now + 300 : has("key-time-from-now") ? now : now - 60;
  const good = has("key-time-of-a-minute") ? 60 : has("key-time-of-15-minutes") ? 900 : 600;
  const [start, ends] = [begin * unit, (now + (makes("cos-long-key-time") ? 86_400 : good)) * unit];
  const keyTime = `${start}${makes("cos-key-time-comma") ? "," : ";"}${ends}`;
  const digest = makes("cos-sha256") ? "sha256" : "sha1";
  const keyBytes = hmac("sha1", secretKey, keyTime);
  const signKey = makes("cos-key-bytes") ? keyBytes : keyBytes.toString("hex");
  const params = fields(query, "query");
  const heads = fields(signed, "headers");
  const signedPath = makes("cos-path-encoded") ? path.split("/").map(encode).join("/") : path;
  const verb = makes("cos-upper-method") ? method : method.toLowerCase();
  const end = makes("cos-no-final-newline") ? "" : "\n";
  const httpString = `${verb}\n${signedPath}\n${text(params)}\n${text(heads)}${end}`;
  const toSign = `sha1\n${keyTime}\n${sha(digest, httpString)}\n`;
  const signature = hmac("sha1", signKey, toSign).toString("hex");
  const sorted = makes("cos-list-unsorted") ? list(heads.toReversed()) : list(heads);
  const headerList = makes("cos-list-comma") ? sorted.replaceAll(";", ",") : sorted;
  const seven = [
    "q-sign-algorithm=sha1",
    `q-ak=${secretId}`,
    `q-sign-time=${keyTime}`,
    `q-key-time=${keyTime}`,
    `q-header-list=${headerList}`,
    `q-url-param-list=${list(params)}`,
    `q-signature=${signature}`,
  ];
  return (has("signature-first") ? seven.toReversed() : seven).join("&");
}
