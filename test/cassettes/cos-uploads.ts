/** Cassettes of List Multipart Uploads: the uploads of one key whose ids may be lost. */
import { readFileSync } from "node:fs";
import type { CassetteFile, CosCall, Json } from "./author.ts";
import { bucket, cosCassette, cosRequest } from "./author.ts";
import { constructed, cosExchange, documented, document, xmlAnswer } from "./cos-operations.ts";

const sample = readFileSync(new URL("../../fixtures/cos/list-multipart-uploads.xml", import.meta.url), "utf8");
const [firstId = "", secondId = ""] = [...sample.matchAll(/<UploadId>(\w+)</g)].map(([, id]) => id ?? "");
const key = "Object";

const list = { op: "listMultipartUploads", input: { key } } as const;
const request: CosCall = { method: "GET", key: "", query: { uploads: "", prefix: key } };
const uploadsOf = (uploads: readonly { uploadId: string; initiated: string }[]): Json => ({
  uploads: uploads.map((upload) => ({ key, ...upload })),
});

/** @param uploads key and id of each */
function page(
  [keyMarker, idMarker]: readonly [string, string],
  uploads: readonly (readonly [string, string])[],
  next?: readonly [string, string],
): string {
  const element = (name: string, text: string): string => (text === "" ? `<${name}/>` : `<${name}>${text}</${name}>`);
  return document("ListMultipartUploadsResult", [
    element("Bucket", bucket),
    "<Encoding-Type/>",
    element("KeyMarker", keyMarker),
    element("UploadIdMarker", idMarker),
    ...(next === undefined ? [] : [element("NextKeyMarker", next[0]), element("NextUploadIdMarker", next[1])]),
    "<MaxUploads>1000</MaxUploads>",
    element("Prefix", key),
    element("IsTruncated", String(next !== undefined)),
    ...uploads.flatMap(([ofKey, id]) => [
      "<Upload>",
      `\t<Key>${ofKey}</Key>`,
      `\t<UploadId>${id}</UploadId>`,
      "\t<StorageClass>Standard</StorageClass>",
      "\t<Initiated>2025-01-01T00:00:00.000Z</Initiated>",
      "</Upload>",
    ]),
  ]);
}

const initiated = "2025-01-01T00:00:00.000Z";

export const uploadsCassettes: readonly CassetteFile[] = [
  cosExchange({
    ...documented,
    ...list,
    ...request,
    name: "cos/list-multipart-uploads",
    description: "The printed answer, which names uploads of another key too: those are not what was asked for",
    replies: [xmlAnswer(sample)],
    expect: {
      result: uploadsOf([
        { uploadId: firstId, initiated: "Wed Jan 18 16:04:17 2017" },
        { uploadId: secondId, initiated: "Wed Jan 18 16:12:38 2017" },
      ]),
    },
  }),
  cosCassette({
    ...constructed,
    ...list,
    name: "cos/list-multipart-uploads-two-pages",
    description: "The second page is asked for by both markers of the first; keys that only begin alike are left out",
    interactions: [
      {
        id: "page-1",
        request: cosRequest(request),
        response: xmlAnswer(page(["", ""], [[key, firstId]], [key, firstId])),
      },
      {
        id: "page-2",
        request: cosRequest({
          ...request,
          query: { ...request.query, "key-marker": key, "upload-id-marker": firstId },
        }),
        response: xmlAnswer(
          page(
            [key, firstId],
            [
              [key, secondId],
              [`${key}.jpg`, "another"],
            ],
            [`${key}.jpg`, "another"],
          ),
        ),
      },
    ],
    expect: {
      result: uploadsOf([
        { uploadId: firstId, initiated },
        { uploadId: secondId, initiated },
      ]),
    },
  }),
  cosExchange({
    ...constructed,
    ...list,
    ...request,
    name: "cos/list-multipart-uploads-empty",
    description: "No upload of this key is open",
    replies: [xmlAnswer(page(["", ""], []))],
    expect: { result: uploadsOf([]) },
  }),
];
