import type { LoggedRequest, SignatureMismatch } from "../../emulator/index.ts";
import { finding, type Finding, type Rule } from "../finding.ts";
import { requestsOf, sessionOf, signatureFields, succeeded, type Check, type Evidence } from "../scenario.ts";

/** Faults that leave the emulator's own answer as it is. */
const harmless = new Set([
  "slow-response",
  "trickle",
  "slow-read",
  "delay",
  "wrong-crc64",
  "wrong-etag",
  "drop-crc64",
  "corrupt-body",
  "clock-skew",
  "edit-answer",
  "capital-headers",
  "keep-alive",
]);

/** Signatures that do not fit, each with the mistake that was made. No fault of the scenario's is one. */
export const wrongSignatures: Check = ({ requests }, earlier) =>
  requests
    .filter(({ id }) => !earlier.some(({ request }) => request?.id === id))
    .flatMap((request) => (request.mismatch === undefined ? [] : mismatchFindings(request, request.mismatch)));

const sentWithLength: ReadonlySet<string> = new Set(["PutObject", "UploadPart"]);

/** Whatever else the strict service refused, and the rule that the request broke. */
export const refusedRequests: Check = (evidence, earlier) =>
  evidence.requests
    .filter((request) => isRefused(request) && !isAsking(request))
    .filter((request) => request.fault === undefined || harmless.has(request.fault))
    .filter((request) => evidence.scenario.tolerates?.(request) !== true)
    .filter(({ id }) => !earlier.some(({ request }) => request?.id === id))
    .map((request) => (request.api === "vod" ? refusedCall(evidence, request) : refusedByCos(evidence, request)));

function isRefused({ status, code }: LoggedRequest): boolean {
  return code !== undefined || status >= 400;
}

/** To ask for what is not there is no mistake. */
function isAsking({ operation, status }: LoggedRequest): boolean {
  if (operation === "ListMultipartUploads") return true;
  return status === 404 && ["HeadObject", "GetObject", "AbortMultipartUpload"].includes(operation);
}

function mismatchFindings(request: LoggedRequest, mismatch: SignatureMismatch): Finding[] {
  const { mistakes, difference, expected } = mismatch;
  // That a body came without its length is a rule of the operation, and found there.
  if (mistakes[0]?.text === "not sent: content-length" && sentWithLength.has(request.operation)) return [];
  if (mistakes.length === 0) {
    const pair = request.api === "cos" ? unencodedPair(request) : undefined;
    if (pair !== undefined) {
      return [finding("1.6", `${request.operation} sends a value of the query unencoded: ${pair}`, request)];
    }
    const [rule, name]: [Rule, string] = request.api === "vod" ? ["2.11", "TC3"] : ["5.11", "COS"];
    const message = `the ${name} signature fits neither the request nor any mistake known: where your text is the one below, your key is another`;
    return [{ ...finding(rule, message, request), expectedText: expected }];
  }
  const [first] = mistakes;
  return mistakes.map((mistake) => ({
    ...finding(asRule(mistake.rule), mistake.text, request),
    difference: mistake === first ? difference : undefined,
  }));
}

/** A piece of the query that has more than one "=": what stands after it was not encoded. */
const unencodedPair = ({ rawQuery = "" }: LoggedRequest): string | undefined =>
  rawQuery.split("&").find((pair) => pair.split("=").length > 2);

/** The emulator's rules are text to us; one that is no number would be a defect of its table. */
function asRule(text: string): Rule {
  if (!isRule(text)) throw new Error(`"${text}" is not the number of a rule`);
  return text;
}

const isRule = (text: string): text is Rule => /^\d+\.\d+$/.test(text);

type Row = readonly [code: RegExp, message: RegExp, rule: Rule];

const vodRefusals: readonly Row[] = [
  [/^AuthFailure\.SecretIdNotFound$/, /./, "2.12"],
  [/^AuthFailure\.TokenFailure$/, /./, "3.2"],
  [/^AuthFailure\.SignatureExpire$/, /./, "3.6"],
  [/^InvalidParameter$/, /`Timestamp`.*time/, "2.13"],
  [/^UnsupportedProtocol$/, /./, "2.7"],
  [/^(MissingParameter|InvalidParameterValue\.MediaType)$/, /MediaType|media type/, "4.1"],
  [/./, /VodSessionKey|session/, "10.1"],
  [/^(MissingParameter|InvalidParameter)$/, /`(Timestamp|Version|Region)`|Content-Type/, "3.2"],
  [/^InvalidParameterValue$/, /`X-TC-Region`/, "3.2"],
  [/^(NoSuchVersion|InvalidAction|UnsupportedRegion)$/, /./, "3.2"],
  [/^(InvalidParameter|UnknownParameter|MissingParameter)$/, /./, "3.3"],
  [/^InvalidParameter/, /./, "4.1"],
  [/^ResourceNotFound$/, /./, "9.1"],
  [/^RequestLimitExceeded/, /./, "3.7"],
];

function refusedCall(evidence: Evidence, request: LoggedRequest): Finding {
  const { operation, code = "", message = "" } = request;
  const rule = vodRefusals.find(([codes, messages]) => codes.test(code) && messages.test(message))?.[2] ?? "3.4";
  if (code === "AuthFailure.TokenFailure") {
    const what = "sends X-TC-Token, but its key is not a temporary one: leave the header out";
    return finding(rule, `${operation} ${what}`, request);
  }
  const early = code === "ResourceNotFound" && operation === "CommitUpload";
  const stored = requestsOf(evidence, "PutObject", "CompleteMultipartUpload").filter(succeeded);
  if (early && stored.some(({ id }) => id < request.id)) {
    return finding("10.1", "CommitUpload names the VodSessionKey of another session than the object's", request);
  }
  const what = early ? "committed before the media was whole at its key" : `refused: ${code}: ${message}`;
  return finding(rule, `${operation} ${what}`, request);
}

const cosRefusals: readonly Row[] = [
  [/^AccessDenied$/, /must be signed/, "5.6"],
  [/^AccessDenied$/, /lower case/, "5.2"],
  [/^AccessDenied$/, /Authorization|q-key-time/, "5.14"],
  [/^AccessDenied$/, /expired/, "5.8"],
  [/^RequestTimeTooSkewed$/, /./, "5.8"],
  [/^ExpiredToken$/, /./, "12.1"],
  [/^MissingContentLength$/, /./, "6.4"],
  [/^InvalidArgument$/, /[Pp]art number/, "7.1"],
  [/^InvalidArgument$/, /given twice/, "5.15"],
  [/^NoSuchUpload$/, /./, "6.4"],
  [/^(MalformedXML|InvalidPart|InvalidPartOrder)$/, /./, "6.6"],
  [/^(EntityTooSmall|EntityTooLarge)$/, /./, "7.1"],
  [/^(BadDigest|InvalidDigest)$/, /./, "6.15"],
  [/^(KeyTooLong|InvalidURI|InvalidArgument)$/, /./, "5.9"],
  [/^NoSuchBucket$/, /./, "6.1"],
];

function refusedByCos(evidence: Evidence, request: LoggedRequest): Finding {
  const { operation, code = "", message = "" } = request;
  if (request.path === "/" && operation !== "Malformed") {
    const what = `${request.method} / has neither X-TC-Action nor a TC3 signature, and names no object`;
    return finding("3.2", what, request);
  }
  if (operation === "Malformed" && request.path === "") {
    return finding("6.16", "bytes came after the end of a request: its body is longer than it said", request);
  }
  if (operation === "Malformed") return finding("5.9", `${request.method} ${request.path}: ${message}`, request);
  if ("uploads" in request.query && operation === "Unknown") {
    return finding("6.3", `an upload in parts begins with POST and ?uploads, not with ${request.method}`, request);
  }
  if (operation === "UploadPart" && request.partNumber === undefined) {
    const isComplete = /xml/.test(request.headers["content-type"] ?? "");
    return isComplete
      ? finding("6.6", "Complete is a POST, not a PUT", request)
      : finding("6.4", "UploadPart names an uploadId, but no partNumber", request);
  }
  if (operation === "Unknown" && request.method === "POST") {
    return finding("6.3", "a POST to an object has neither ?uploads nor uploadId", request);
  }
  if (code === "InvalidAccessKeyId") return finding("6.1", `${operation} ${keyFlaw(evidence, request)}`, request);
  if (code === "NoSuchUpload" && !isKnownUpload(evidence, request)) {
    const what = `${operation} names an UploadId that was never given out: ${JSON.stringify(request.uploadId)}`;
    return finding("6.3", what, request);
  }
  const rule = cosRefusals.find(([codes, messages]) => codes.test(code) && messages.test(message))?.[2];
  if (rule !== undefined) return finding(rule, `${operation} refused: ${code}: ${message}`, request);
  if (code === "AccessDenied") return deniedByCos(evidence, request);
  return finding("6.2", `${request.method} ${request.path} refused: ${code || request.status} ${message}`, request);
}

function isKnownUpload(evidence: Evidence, { uploadId }: LoggedRequest): boolean {
  return requestsOf(evidence, "InitiateMultipartUpload").some((initiate) => initiate.uploadId === uploadId);
}

function keyFlaw(evidence: Evidence, request: LoggedRequest): string {
  const hasToken = request.headers["x-cos-security-token"] !== undefined || "x-cos-security-token" in request.query;
  const secretId = signatureFields(request).get("q-ak");
  if (secretId === evidence.secretId) return "is signed with the account's key instead of the certificate's";
  if (sessionOf(evidence, request) === undefined)
    return `names a q-ak that is not the SecretId of a certificate: ${secretId}`;
  return hasToken
    ? "carries another x-cos-security-token than the certificate's Token"
    : "lacks the header x-cos-security-token with the certificate's Token";
}

/** The signature was right, but the certificate does not allow this. */
function deniedByCos(evidence: Evidence, request: LoggedRequest): Finding {
  const { operation, key } = request;
  const session = sessionOf(evidence, request);
  if (signatureFields(request).size === 0) return finding("5.14", `${operation} came without a signature`, request);
  if (session === undefined || key === undefined) {
    return finding("5.14", `${operation} refused: AccessDenied: ${request.message ?? ""}`, request);
  }
  if (key === `/${session.key}`) {
    return finding("4.3", `${operation} wrote to a path with two slashes: cut one leading slash from the key`, request);
  }
  if (evidence.sessions.some((other) => other !== session && other.key === key)) {
    const renewed = evidence.requests.some((earlier) => earlier.id < request.id && earlier.code === "ExpiredToken");
    const message = `${operation} is signed with the certificate of another session than its object's`;
    return finding(renewed ? "12.2" : "12.3", message, request);
  }
  if (key !== session.key) {
    const wanted = JSON.stringify(session.key);
    return finding("4.3", `${operation} wrote to the key ${JSON.stringify(key)} instead of ${wanted}`, request);
  }
  return finding("9.1", `${operation} came after the commit of its session`, request);
}
