import type { LoggedRequest } from "../../emulator/index.ts";
import { finding, type Finding } from "../finding.ts";
import { requestsOf, succeeded, type Check } from "../scenario.ts";

/**
 * Whether a request was sent after another had been answered. Where no fault delayed that answer, or both came on one
 * connection, the order is enough: the log's time runs until an answer has left, a moment longer than the client's.
 */
function follows(request: LoggedRequest, answered: LoggedRequest): boolean {
  if (request.id <= answered.id) return false;
  if (answered.fault === undefined || request.connection === answered.connection) return true;
  return request.time >= answered.time + (answered.durationMs ?? Infinity);
}

/** The order of the calls: what was answered once is not asked again, and nothing is sent after it. */
export const commitOrder: Check = (evidence) => {
  const commits = requestsOf(evidence, "CommitUpload");
  const done = commits.find(succeeded);
  if (done === undefined) return [];
  const later = evidence.requests.filter((request) => follows(request, done));
  const found: Finding[] = later
    .filter((request) => commits.includes(request))
    .map((request) => finding("10.3", "CommitUpload was sent again after it had been answered with a FileId", request));
  const writes = later.filter(({ api, method }) => api === "cos" && method !== "GET" && method !== "HEAD");
  return [
    ...found,
    ...writes.map((request) => finding("9.1", `${request.operation} was sent after the commit`, request)),
  ];
};

/** The two calls of an upload are about one sub-app. */
export const sameSubApp: Check = (evidence) => {
  const subAppsOf = (operation: string): unknown[] =>
    requestsOf(evidence, operation).flatMap(({ json }) => (json === undefined ? [] : [json["SubAppId"]]));
  const applied = new Set(subAppsOf("ApplyUpload"));
  return requestsOf(evidence, "CommitUpload").flatMap((request): Finding[] => {
    const { json } = request;
    if (json === undefined || applied.size === 0 || applied.has(json["SubAppId"])) return [];
    const given = json["SubAppId"] === undefined ? "no SubAppId" : `SubAppId ${JSON.stringify(json["SubAppId"])}`;
    return [finding("10.1", `CommitUpload has ${given}, ApplyUpload ${shown(applied)}`, request)];
  });
};

const shown = (subApps: ReadonlySet<unknown>): string =>
  [...subApps].map((id) => (id === undefined ? "none" : JSON.stringify(id))).join(" and ");

/** What ApplyUpload was asked for: this media, without a cover. */
export const applyFields: Check = (evidence) =>
  requestsOf(evidence, "ApplyUpload").flatMap((request) => {
    const { json } = request;
    if (json === undefined || request.mismatch !== undefined) return [];
    const found: Finding[] = [];
    const type = json["MediaType"];
    if (typeof type === "string" && type !== evidence.mediaType && type.toLowerCase() === evidence.mediaType) {
      found.push(finding("4.5", `MediaType is ${JSON.stringify(type)}: extensions are in lower case`, request));
    } else if (typeof type === "string" && type !== evidence.mediaType) {
      const message = `MediaType is ${JSON.stringify(type)}, VODUP_MEDIA_TYPE ${JSON.stringify(evidence.mediaType)}`;
      found.push(finding("18.3", message, request));
    }
    if (Object.hasOwn(json, "CoverType")) {
      found.push(finding("4.1", "CoverType is given without a cover", request));
    }
    return found;
  });
