import type { LoggedRequest } from "../../emulator/index.ts";
import { parseXml, XmlError, type XmlNode } from "../../xml/parse.ts";
import { finding, type Finding } from "../finding.ts";
import { requestsOf, type Check, type Evidence } from "../scenario.ts";

const mebibyte = 2 ** 20;

/** Numbers and sizes of the parts that were sent, upload by upload. */
export const partForm: Check = (evidence) => {
  const astray = requestsOf(evidence, "PutObject").flatMap(astrayPart);
  if (astray.length > 0) return astray;
  const byUpload = new Map<string, LoggedRequest[]>();
  for (const request of requestsOf(evidence, "UploadPart")) {
    const { uploadId = "" } = request;
    byUpload.set(uploadId, [...(byUpload.get(uploadId) ?? []), request]);
  }
  return [...byUpload.values()].flatMap((parts) => {
    const stored = parts.filter(({ status, fault }) => status === 200 && fault === undefined);
    const last = Math.max(...stored.map(({ partNumber = 0 }) => partNumber));
    return stored.flatMap((part): Finding[] => {
      const { partNumber = 0, bodyBytes } = part;
      if (bodyBytes === 0) return [finding("7.1", `part ${partNumber} is empty`, part)];
      if (partNumber === last || bodyBytes >= mebibyte) return [];
      const message = `part ${partNumber} of ${last} has ${bodyBytes} bytes: every part but the last has 1 MiB or more`;
      return [finding("7.1", message, part)];
    });
  });
};

/** Meant as a part, but named so that it became the object. */
function astrayPart(request: LoggedRequest): Finding[] {
  if (request.partNumber !== undefined) {
    return [finding("6.4", "a part was sent without uploadId: it became the object", request)];
  }
  const names = Object.keys(request.query).filter((name) => /^(part-?number|upload-?id)$/i.test(name));
  if (names.length === 0) return [];
  return [
    finding("6.4", `a part was sent with ${names.join(" and ")}: the names are partNumber and uploadId`, request),
  ];
}

/** The document of CompleteMultipartUpload. */
export const completeForm: Check = (evidence) =>
  requestsOf(evidence, "CompleteMultipartUpload").flatMap((request) => {
    if (request.partNumber !== undefined) return [finding("6.4", "a part is sent by PUT, not by POST", request)];
    if (request.xml === undefined) return [];
    if (request.bodyBytes > 0) return documentFlaws(evidence, request, request.xml);
    return evidence.scenario.outcome === "failure"
      ? [finding("6.8", "a POST with uploadId and no body: an upload is aborted by DELETE", request)]
      : [finding("6.6", "Complete has no body: it lists the parts", request)];
  });

function documentFlaws(evidence: Evidence, request: LoggedRequest, xml: string): Finding[] {
  const flaw = (message: string): Finding => finding("6.6", `Complete ${message}`, request);
  if (xml.includes("<![CDATA[")) return [flaw("wraps an ETag in CDATA: send it as text, in quotes")];
  const root = read(xml);
  if (root === undefined) return [flaw("sends a document that is not well-formed XML")];
  if (root.name !== "CompleteMultipartUpload") return [flaw(`has the root <${root.name}>`)];
  const strange = root.children.find(({ name }) => name !== "Part");
  if (strange !== undefined) return [flaw(`has <${strange.name}> beside its Parts`)];
  const extra = root.children
    .flatMap(({ children }) => children)
    .find(({ name }) => name !== "PartNumber" && name !== "ETag");
  if (extra !== undefined) return [flaw(`has <${extra.name}> in a Part: PartNumber and ETag, nothing else`)];
  const parts = root.children.map((part) => ({
    number: Number(textOf(part, "PartNumber")),
    etag: textOf(part, "ETag"),
  }));
  const numbers = parts.map(({ number }) => number);
  const ascending = numbers.every((number, index) => index === 0 || number > (numbers[index - 1] ?? 0));
  if (!ascending) return [flaw(`lists the parts ${numbers.join(", ")}: part numbers must ascend`)];
  return [...listFlaws(evidence, request, numbers), ...parts.flatMap((part) => etagFlaw(part).map(flaw))];
}

const textOf = (part: XmlNode, name: string): string => part.children.find((child) => child.name === name)?.text ?? "";

/** What stands in the list against what was sent. */
function listFlaws(evidence: Evidence, request: LoggedRequest, numbers: readonly number[]): Finding[] {
  const stored = requestsOf(evidence, "UploadPart").filter(({ id, status }) => id < request.id && status === 200);
  const sentTo = (own: boolean): number[] =>
    stored.flatMap(({ partNumber = 0, uploadId }) => ((uploadId === request.uploadId) === own ? [partNumber] : []));
  const [here, elsewhere] = [sentTo(true), sentTo(false)];
  const strayed = numbers.find((number) => !here.includes(number) && elsewhere.includes(number));
  if (strayed !== undefined) {
    return [finding("6.4", `part ${strayed} was sent to another UploadId than the one that is completed`, request)];
  }
  const missing = here.find((number) => !numbers.includes(number));
  if (missing !== undefined) return [finding("6.6", `Complete leaves out part ${missing}, which was sent`, request)];
  const gap = numbers.find((number, index) => index > 0 && number !== (numbers[index - 1] ?? 0) + 1);
  return gap === undefined ? [] : [finding("6.6", `Complete has a gap before part ${gap}: numbers follow on`, request)];
}

/** The value of the part's answer, quotes and all. */
function etagFlaw({ number, etag }: { number: number; etag: string }): string[] {
  const digits = /^"?([0-9a-fA-F]{32})"?$/.exec(etag.trim())?.[1];
  if (digits === undefined) return [];
  if (digits !== digits.toLowerCase()) return [`gives the ETag of part ${number} in upper case: send it as it came`];
  return etag.includes('"') ? [] : [`gives the ETag of part ${number} without its quotes: send it as it came`];
}

function read(xml: string): XmlNode | undefined {
  try {
    return parseXml(Buffer.from(xml));
  } catch (error) {
    if (error instanceof XmlError) return undefined;
    throw error;
  }
}

/** A file larger than VODUP_PART_SIZE shows what it is there to show in parts only. */
export const sentInParts: Check = (evidence, earlier) => {
  if (earlier.length > 0 || evidence.file.bytes.length <= evidence.partSize) return [];
  if (requestsOf(evidence, "InitiateMultipartUpload").length > 0) return [];
  // A command that never got to sending the file did not choose how to send it.
  if (requestsOf(evidence, "PutObject").length === 0 && evidence.media.length === 0) return [];
  const size = `${evidence.file.bytes.length} bytes, VODUP_PART_SIZE ${evidence.partSize}`;
  return [finding("18.4", `the file was not sent by multipart upload (${size})`)];
};
