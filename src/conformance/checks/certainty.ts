import { finding, type Finding, type Rule } from "../finding.ts";
import { requestsOf, succeeded, type Check } from "../scenario.ts";

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

/** Who goes on with an upload sends what is missing, not all of it again. */
export const restSent: Check = (evidence) => {
  const [killed] = evidence.runs;
  if (killed === undefined || evidence.runs.length < 2) return [];
  const parts = requestsOf(evidence, "UploadPart");
  const cut = parts.find(({ fault }) => fault === "hang")?.id ?? 0;
  const stored = parts.filter((part) => part.id < cut && succeeded(part));
  const again = stored.filter((part) =>
    parts.some((later) => later.id > cut && later.uploadId === part.uploadId && later.partNumber === part.partNumber),
  );
  if (stored.length === 0 || again.length < stored.length) return [];
  return [finding("9.4", "every part of the killed run was sent again to the same upload: ListParts knows them")];
};

/** What a killed run left is gone on with, or removed. */
export const killedRunCleared: Check = ({ uploads, runs }) => {
  if (runs.length < 2) return [];
  return uploads.map(({ parts }) =>
    finding(
      "9.4",
      `the multipart upload of the killed run (${parts.length} parts) was neither gone on with nor aborted`,
    ),
  );
};
