import { hasDotSegment } from "../../signing/index.ts";
import type { LoggedRequest } from "../../emulator/index.ts";
import { finding, remark, type Finding } from "../finding.ts";
import { sessionOf, signatureFields, type Check, type Evidence } from "../scenario.ts";

/** A key from a certificate signs for two hours at most. */
const longestKeyTime = 2 * 60 * 60;

/** What two clocks of one machine, read in whole seconds, may differ by. */
const mostAheadSeconds = 5;

const cosRequests = (evidence: Evidence): readonly LoggedRequest[] =>
  evidence.requests.filter(({ api, operation }) => api === "cos" && operation !== "Malformed");

/** What the emulator lets pass of a signature, since it can be verified all the same. */
export const signatureForm: Check = (evidence) =>
  cosRequests(evidence).flatMap((request) => {
    const found: Finding[] = [];
    const fields = signatureFields(request);
    for (const list of ["q-header-list", "q-url-param-list"]) {
      const names = (fields.get(list) ?? "").split(";");
      if (names.join(";") !== [...names].sort().join(";")) {
        found.push(finding("5.14", `${list} is not sorted: ${names.join(";")}`, request));
      }
    }
    const [start, end] = (fields.get("q-key-time") ?? "").split(";").map(Number);
    if (start !== undefined && end !== undefined && end - start > longestKeyTime) {
      found.push(finding("5.8", `q-key-time spans ${end - start} s; at most 2 hours with a certificate`, request));
    }
    const ahead = (start ?? 0) - request.time / 1000;
    if (ahead > mostAheadSeconds && ahead < 1e9 && request.fault !== "clock-skew") {
      found.push(finding("5.8", `q-key-time begins ${Math.round(ahead)} s in the future`, request));
    }
    if (fields.get("q-ak") === evidence.secretId && request.verified) {
      const message = `${request.operation} is signed with the account's key instead of the certificate's`;
      found.push(finding("6.1", message, request));
    }
    return found;
  });

/** A signature that is good for every action: taken by the service, and better narrowed. */
export const actionSigned: Check = ({ requests }) =>
  requests
    .filter(({ api, verified }) => api === "vod" && verified)
    .filter(({ headers }) => !/SignedHeaders=[^,]*x-tc-action/i.test(headers["authorization"] ?? "x-tc-action"))
    .map((request) => remark("2.2", "x-tc-action is not signed: the signature is good for any action", request));

/** What strict buckets want signed: 436/7778 names these. */
const strictHeader = /^(host|content-type|content-length|content-md5|x-cos-.*)$/;

/** Everything that a bucket in strict mode demands is in the two lists. */
export const strictlySigned: Check = (evidence) =>
  // Of a signature that is wrong or cannot be read there is more to say than what it leaves out.
  cosRequests(evidence)
    .filter(({ verified }) => verified)
    .flatMap((request) => {
      const fields = signatureFields(request);
      const signed = (list: string): string[] => (fields.get(list) ?? "").split(";");
      const headers = Object.keys(request.headers).filter((name) => strictHeader.test(name));
      const params = Object.keys(request.query).filter((name) => !/^(q-|sign$|x-cos-security-token$)/.test(name));
      const missing = [
        ...headers.filter((name) => !signed("q-header-list").includes(name)),
        ...params.filter((name) => !signed("q-url-param-list").includes(name.toLowerCase())),
      ];
      return missing.map((name) => finding("5.6", `${name} is sent but not signed`, request));
    });

/** Characters that a request line may hold of a path: unreserved, escapes, slashes, and what RFC 3986 lets stand. */
const pathForm = /^(?:[A-Za-z0-9\-._~!$&'()*,;=:@/]|%[0-9A-Fa-f]{2})*$/;

/** The request line and the headers, whatever the signature says of them. */
export const requestForm: Check = (evidence) =>
  evidence.requests
    .filter(({ api, operation }) => api !== "control" && operation !== "Malformed")
    .flatMap((request) => [...pathFlaws(request), ...queryFlaws(request), ...headerFlaws(evidence, request)]);

function pathFlaws(request: LoggedRequest): Finding[] {
  if (request.api === "vod") {
    return request.path === "/" ? [] : [finding("2.7", `the path of the API is /, not ${request.path}`, request)];
  }
  if (request.path.includes("+")) return [finding("5.9", "a plus in the path is %2B on the wire", request)];
  if (/%2f/i.test(request.path)) return [finding("5.9", "slashes of the path stay slashes on the wire", request)];
  return pathForm.test(request.path)
    ? []
    : [finding("5.9", `the path is not percent-encoded on the wire: ${request.path}`, request)];
}

function queryFlaws(request: LoggedRequest): Finding[] {
  const found: Finding[] = [];
  const { rawQuery = "", headers } = request;
  if (rawQuery.includes("+")) found.push(finding("1.2", "the query holds a +: a blank is %20, a plus %2B", request));
  if (headers["authorization"] !== undefined && /(^|&)(x-cos-security-token|q-signature|sign)=/i.test(rawQuery)) {
    const message = `${request.operation} carries a token or signature in its URL, beside the Authorization`;
    found.push(finding("18.5", message, request));
  }
  return found;
}

/** Access points of the API that are documented: 266/34110, and the regions of the vendor's clients. */
const apiRegions = new Set(
  `ap-bangkok ap-beijing ap-chengdu ap-chongqing ap-guangzhou ap-guangzhou-open ap-hongkong ap-jakarta ap-mumbai
  ap-nanjing ap-seoul ap-shanghai ap-shanghai-fsi ap-shenzhen-fsi ap-singapore ap-tokyo ap-taipei eu-frankfurt eu-moscow
  na-ashburn na-siliconvalley na-toronto sa-saopaulo`.split(/\s+/),
);

function headerFlaws(evidence: Evidence, request: LoggedRequest): Finding[] {
  const { headers, operation } = request;
  const found = Object.entries(headers)
    .filter(([name, value]) => /^x-(tc|cos)-/.test(name) && ["", "undefined", "null", "None"].includes(value.trim()))
    .map(([name, value]) => finding("1.3", `${name} is sent as ${JSON.stringify(value)}: leave it out`, request));
  const region = headers["x-tc-region"];
  if (region !== undefined && !apiRegions.has(region)) {
    found.push(finding("3.2", `X-TC-Region is ${JSON.stringify(region)}: no access point of the API`, request));
  }
  if (headers["content-length"] === undefined && ["PutObject", "UploadPart"].includes(operation)) {
    const rule = operation === "PutObject" ? "6.2" : "6.4";
    found.push(finding(rule, `${operation} was sent without Content-Length`, request));
  }
  if (request.api === "vod" && request.method === "POST" && headers["content-length"] === undefined) {
    found.push(finding("3.2", `${operation} was sent in chunks: the API is sent a Content-Length`, request));
  }
  const presigned = "x-cos-security-token" in request.query;
  if (request.api === "cos" && headers["x-cos-security-token"] === undefined && !presigned) {
    if (sessionOf(evidence, request) !== undefined || request.code === undefined) {
      found.push(finding("6.1", `${operation} lacks the header x-cos-security-token`, request));
    }
  }
  return found;
}

/** A path with dot segments names another object for half of the world: nothing may be sent to it. */
export const dotSegmentsRefused: Check = (evidence) => {
  const dotted = evidence.sessions.filter(({ key }) => hasDotSegment(key));
  if (dotted.length === 0) return [];
  return cosRequests(evidence).map((request) =>
    finding("4.3", `${request.operation} was sent although the storage path has dot segments`, request),
  );
};
