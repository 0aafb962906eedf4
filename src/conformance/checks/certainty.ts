import { finding, type Finding, type Rule } from "../finding.ts";
import { laterRun, requestsOf, succeeded, type Check } from "../scenario.ts";

/** Between a Complete that said nothing and the commit, somebody looked at the object. */
export const settledBeforeCommit: Check = (evidence) => {
  const [commit] = requestsOf(evidence, "CommitUpload");
  const silent = requestsOf(evidence, "CompleteMultipartUpload").filter(({ fault }) => fault !== undefined);
  const [first] = silent;
  if (commit === undefined || first === undefined) return [];
  const settled = requestsOf(evidence, "HeadObject", "GetObject", "CompleteMultipartUpload").some(
    (request) => request.id > first.id && request.id < commit.id && succeeded(request),
  );
  if (settled) return [];
  const message = "committed without having verified the object's size after a Complete that did not say it succeeded";
  return [finding("11.2", message, commit)];
};

/** A Complete whose body is an error, or nothing, is no success, whatever its status says. */
export const documentDecides: Check = (evidence) => {
  const [commit] = requestsOf(evidence, "CommitUpload");
  const answered = requestsOf(evidence, "CompleteMultipartUpload").filter(succeeded);
  if (commit === undefined || answered.some(({ id }) => id < commit.id)) return [];
  const [failed] = requestsOf(evidence, "CompleteMultipartUpload");
  return failed === undefined
    ? []
    : [finding("6.7", "a Complete with <Error> in its 200 was taken for success", failed)];
};

/** Nothing that is not whole and verified is committed. */
export function neverCommitted(rule: Rule, reason: string): Check {
  return (evidence): Finding[] =>
    requestsOf(evidence, "CommitUpload")
      .slice(0, 1)
      .map((request) => finding(rule, `committed although ${reason}`, request));
}

/** Whether a lost commit took effect is asked, not tried by uploading again. */
export const uploadedOnce: Check = (evidence) => {
  const [commit] = requestsOf(evidence, "CommitUpload");
  if (commit === undefined) return [];
  return requestsOf(evidence, "ApplyUpload")
    .filter(({ id }) => id > commit.id)
    .slice(0, 1)
    .map((request) =>
      finding("11.4", "the file was uploaded again after a lost commit: it may now be there twice", request),
    );
};

/** Who resumes an upload sends what is missing, not all of it again. */
export const restSent: Check = (evidence) => {
  const stored = (evidence.killed?.uploads ?? []).flatMap(({ uploadId, parts }) =>
    parts.map(({ partNumber }) => ({ uploadId, partNumber })),
  );
  const sent = laterRun(evidence).filter(({ operation }) => operation === "UploadPart");
  const again = stored.map(({ uploadId, partNumber }) =>
    sent.find((part) => part.uploadId === uploadId && part.partNumber === partNumber),
  );
  const [first] = again;
  if (first === undefined || again.includes(undefined)) return [];
  return [
    finding("9.4", "every part of the killed run was sent again to the same upload: ListParts knows them", first),
  ];
};

/** A list of parts that goes on is read to its end. */
export const pagesFollowed: Check = (evidence) => {
  const stored = (evidence.killed?.uploads ?? []).flatMap(({ uploadId, parts }) =>
    parts.map(({ partNumber }) => `${uploadId} ${partNumber}`),
  );
  const later = laterRun(evidence);
  const [list] = later.filter(({ operation }) => operation === "ListParts");
  const again = later.find(
    ({ operation, uploadId, partNumber }) => operation === "UploadPart" && stored.includes(`${uploadId} ${partNumber}`),
  );
  const next = later.some((request) => request.operation === "ListParts" && request !== list);
  if (list === undefined || again === undefined || next) return [];
  const message = `part ${again.partNumber} was sent again: the list of parts was IsTruncated, and its next page not asked for`;
  return [finding("6.5", message, again)];
};

/** What a killed run left is resumed, or removed. */
export const killedRunCleared: Check = ({ scenario, uploads, runs, killed }) => {
  if (killed === undefined) return [];
  // A command that stops to ask whether it may go on has decided nothing yet.
  if (scenario.outcome === "either" && runs.at(-1)?.exitCode !== 0) return [];
  return uploads.map(({ parts }) =>
    finding("9.4", `the multipart upload of the killed run (${parts.length} parts) was neither resumed nor aborted`),
  );
};

/** A record that does not fit the file or the listed parts: what is stored then is not the file. */
export const resumedWithTheFile: Check = (evidence) => {
  if (evidence.killed === undefined) return [];
  const [commit] = laterRun(evidence).filter(({ operation }) => operation === "CommitUpload");
  const wrong = evidence.media.some(
    ({ key }) => evidence.objects.get(key)?.bytes.equals(evidence.file.bytes) === false,
  );
  if (!wrong) return [];
  return [finding("9.4", "what the killed run had stored was taken though it is not the file's: compare each", commit)];
};

/** Asks that can tell which media a session became. */
const lookUps = ["DescribeMediaInfos", "PullEvents", "SearchMedia"];

/** A FileId that no answer confirmed is a guess, however well it is made. */
export function lookedUp(reason: string): Check {
  return (evidence) => {
    const run = evidence.runs.at(-1);
    const refused = requestsOf(evidence, "CommitUpload").filter(({ code }) => code !== undefined);
    if (run?.exitCode !== 0 || refused.length === 0) return [];
    const asked = requestsOf(evidence, ...lookUps).some(succeeded);
    return asked ? [] : [finding("11.4", reason, refused.at(-1))];
  };
}

/** A media is the session's only if its MediaUrl has the session's path. */
export const pathCompared: Check = (evidence) => {
  const [look] = requestsOf(evidence, "DescribeMediaInfos").filter(({ fault }) => fault !== undefined);
  if (look === undefined || evidence.runs.at(-1)?.exitCode !== 0) return [];
  // The event of the upload names its path too.
  if (requestsOf(evidence, "PullEvents", "SearchMedia").some(succeeded)) return [];
  return [finding("11.4", "a media was accepted whose MediaUrl has another path than MediaStoragePath", look)];
};
