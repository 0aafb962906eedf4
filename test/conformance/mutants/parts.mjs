import { setTimeout as sleep } from "node:timers/promises";
import { has, makes } from "./mistakes.mjs";

/* The parts of a file: cut, sent in some order, listed for Complete. */

const { VODUP_PART_SIZE: size } = process.env;

export function partsOf(bytes) {
  const partSize = makes("small-parts") ? 2 ** 19 : Number(size);
  if (has("last-part-longer")) return longLast(bytes, partSize);
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

/** What is left over goes with the last whole part (wire §7.2). */
function longLast(bytes, partSize) {
  const count = Math.max(1, Math.floor(bytes.length / partSize));
  const ends = (index) => (index === count ? bytes.length : index * partSize);
  return Array.from({ length: count }, (_, index) => ({
    number: index + 1,
    bytes: bytes.subarray(ends(index), ends(index + 1)),
  }));
}

/** All of them, in the order that was chosen; the results are in that of the parts. */
export async function inTurn(parts, send) {
  if (has("parts-at-once")) return Promise.all(parts.map(send));
  const order = has("last-part-first") ? parts.toReversed() : parts;
  const sent = new Map();
  for (const part of order) {
    if (has("pauses-between-parts")) await sleep(150);
    sent.set(part, await send(part));
  }
  return parts.map((part) => sent.get(part));
}

export function completeBody(parts) {
  const listed = makes("parts-descending") ? parts.toReversed() : makes("part-left-out") ? parts.slice(0, -1) : parts;
  const etagOf = ({ etag }) => {
    if (makes("etag-in-cdata")) return `<![CDATA[${etag}]]>`;
    if (has("quotes-as-entities")) return etag.replaceAll('"', "&quot;");
    if (makes("etag-unquoted")) return etag.replaceAll('"', "");
    return makes("etag-upper-case") ? etag.toUpperCase() : etag;
  };
  const more = makes("part-with-size") ? "<Size>1</Size>" : "";
  const items = listed.map(
    (part) => `<Part><PartNumber>${part.number}</PartNumber><ETag>${etagOf(part)}</ETag>${more}</Part>`,
  );
  const root = makes("wrong-root") ? "CompleteMultipartUploadRequest" : "CompleteMultipartUpload";
  const namespace = has("xml-namespace") ? ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"' : "";
  const declaration = has("xml-declaration") ? '<?xml version="1.0" encoding="UTF-8"?>\n' : "";
  const document = `${declaration}<${root}${namespace}>${items.join("")}</${root}>`;
  return Buffer.from(has("xml-in-lines") ? document.replace(/></g, ">\n  <") : document);
}
