import type { LoggedRequest } from "../../emulator/index.ts";
import { parseXml, XmlError, type XmlNode } from "../../xml/parse.ts";
import { finding, type Finding } from "../finding.ts";
import { requestsOf, type Check } from "../scenario.ts";

const MIB = 2 ** 20;

/** Numbers and sizes of the parts that were sent, upload by upload. */
export const partForm: Check = (evidence) => {
  const astray = requestsOf(evidence, "PutObject").filter(({ partNumber }) => partNumber !== undefined);
  if (astray.length > 0) {
    return astray.map((request) => finding("6.4", "a part was sent without uploadId: it became the object", request));
  }
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
      if (partNumber === last || bodyBytes >= MIB) return [];
      const message = `part ${partNumber} of ${last} has ${bodyBytes} bytes: every part but the last has 1 MiB or more`;
      return [finding("7.1", message, part)];
    });
  });
};

/** The document of CompleteMultipartUpload. */
export const completeForm: Check = (evidence) =>
  requestsOf(evidence, "CompleteMultipartUpload").flatMap((request) => {
    if (request.partNumber !== undefined) return [finding("6.4", "a part is sent by PUT, not by POST", request)];
    return request.xml === undefined ? [] : documentFlaws(request, request.xml);
  });

function documentFlaws(request: LoggedRequest, xml: string): Finding[] {
  const flaw = (message: string): Finding => finding("6.6", `Complete ${message}`, request);
  if (xml.includes("<![CDATA[")) return [flaw("wraps an ETag in CDATA: send it as text, in quotes")];
  const root = read(xml);
  if (root === undefined) return [flaw("sends a document that is no well-formed XML")];
  if (root.name !== "CompleteMultipartUpload") return [flaw(`has the root <${root.name}>`)];
  const strange = root.children.find(({ name }) => name !== "Part");
  if (strange !== undefined) return [flaw(`has <${strange.name}> beside its Parts`)];
  const extra = root.children
    .flatMap(({ children }) => children)
    .find(({ name }) => name !== "PartNumber" && name !== "ETag");
  if (extra !== undefined) return [flaw(`has <${extra.name}> in a Part: PartNumber and ETag, nothing else`)];
  const numbers = root.children.map((part) => Number(part.children.find(({ name }) => name === "PartNumber")?.text));
  const ascending = numbers.every((number, index) => index === 0 || number > (numbers[index - 1] ?? 0));
  return ascending ? [] : [flaw(`lists the parts ${numbers.join(", ")}: part numbers must ascend`)];
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
  const size = `${evidence.file.bytes.length} bytes, VODUP_PART_SIZE ${evidence.partSize}`;
  return [finding("18.4", `the file was not sent by multipart upload (${size})`)];
};
