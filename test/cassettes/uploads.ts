/** Whole uploads: from ApplyUpload to CommitUpload, and what goes wrong between them. */
import { createHash } from "node:crypto";
import { crc64 } from "hash-wasm";
import type { GeneratedBody } from "../../src/replay/body.ts";
import type { CassetteFile, Json } from "./author.ts";
import { generateBody } from "../../src/replay/body.ts";
import {
  accountKeys,
  assemble,
  bucket,
  clockStart,
  cosHost,
  cosRegion,
  cosRequest,
  envelope,
  replied,
  temporaryKeys,
  vodRequest,
} from "./author.ts";
import { commonHeaders, constructed, cosRequestId, uploadId } from "./cos-operations.ts";

const mib = 2 ** 20;
const fileId = "5285890784273533167";
const folder = `6c0f1c00vodgzp1250000000/dee2125c${fileId}`;
const key = `${folder}/f0.mp4`;
const mediaUrl = `http://1250000000.vod2.myqcloud.com/${key}`;
const subAppId = 1_500_000_001;
/** Holds the characters that are lost where it is sent as a form. */
const sessionKey = "EXAMPLESESSIONKEY+EXAMPLE/0000==";
const requestId = "880f3005-a8c9-4bba-8c87-74e216a17a0b";
const contentType = "video/mp4";
const reset: Json = { fault: "reset-before-response" };

const ok = (headers: readonly (readonly [string, string])[], more: Json = {}): Json => ({
  status: 200,
  headers: [...commonHeaders, ...headers],
  ...more,
});

const crcOf = async (body: GeneratedBody): Promise<string> => BigInt(`0x${await crc64(generateBody(body))}`).toString();
const tagOf = (body: GeneratedBody): string => createHash("md5").update(generateBody(body)).digest("hex");

const apply: Json = {
  id: "apply",
  request: vodRequest({ action: "ApplyUpload", params: { MediaName: "lesson", MediaType: "mp4" }, subAppId }),
  response: envelope({
    StorageBucket: bucket,
    StorageRegion: cosRegion,
    VodSessionKey: sessionKey,
    MediaStoragePath: `/${key}`,
    CoverStoragePath: null,
    TempCertificate: {
      SecretId: temporaryKeys.secretId,
      SecretKey: temporaryKeys.secretKey,
      Token: temporaryKeys.token,
      ExpiredTime: clockStart + 7200,
    },
    RequestId: requestId,
  }),
};

const committed = envelope({ FileId: fileId, MediaUrl: mediaUrl, CoverUrl: "", RequestId: requestId });
const refused = (code: string): Json =>
  envelope({ Error: { Code: code, Message: "message texts are no contract" }, RequestId: requestId });

const commit = (replies: readonly Json[]): Json => ({
  id: "commit",
  request: vodRequest({ action: "CommitUpload", params: { VodSessionKey: sessionKey }, subAppId }),
  ...replied(replies),
});

const describe: Json = {
  id: "describe",
  request: vodRequest({
    action: "DescribeMediaInfos",
    params: { FileIds: [fileId], Filters: ["basicInfo"] },
    subAppId,
  }),
  response: envelope({
    MediaInfoSet: [{ FileId: fileId, BasicInfo: { MediaUrl: mediaUrl, CoverUrl: "", Name: "lesson", Type: "mp4" } }],
    NotExistFileIdSet: [],
    RequestId: requestId,
  }),
};

/** One PUT of the whole object. */
async function putObject(body: GeneratedBody): Promise<Json> {
  return {
    id: "put",
    request: cosRequest({ method: "PUT", key, length: body.length, contentType, body: { body } }),
    response: ok([
      ["ETag", `"${tagOf(body)}"`],
      ["x-cos-hash-crc64ecma", await crcOf(body)],
    ]),
  };
}

interface Multipart {
  readonly body: GeneratedBody;
  readonly partSize: number;
  /** Comes before the answer to a part, by its number. */
  readonly before?: Readonly<Record<number, Json>>;
  readonly completeReplies?: readonly Json[];
}

async function multipart({ body, partSize, before = {}, completeReplies }: Multipart): Promise<Json[]> {
  const parts = Array.from({ length: Math.ceil(body.length / partSize) }, (_, index): GeneratedBody => {
    const skip = index * partSize;
    return { ...body, skip, length: Math.min(partSize, body.length - skip) };
  });
  const initiate: Json = {
    id: "initiate",
    request: cosRequest({ method: "POST", key, query: { uploads: "" }, length: 0, contentType }),
    response: ok([["Content-Type", "application/xml"]], {
      text: `<InitiateMultipartUploadResult>\n\t<Bucket>${bucket}</Bucket>\n\t<Key>${key}</Key>\n\t<UploadId>${uploadId}</UploadId>\n</InitiateMultipartUploadResult>`,
    }),
  };
  const sent = parts.map(async (part, index): Promise<Json> => {
    const query = { partNumber: String(index + 1), uploadId };
    const answer = ok([
      ["ETag", `"${tagOf(part)}"`],
      ["x-cos-hash-crc64ecma", await crcOf(part)],
    ]);
    const fault = before[index + 1];
    return {
      id: `part-${index + 1}`,
      group: "parts",
      after: ["initiate"],
      request: cosRequest({ method: "PUT", key, query, length: part.length, body: { body: part } }),
      ...replied(fault === undefined ? [answer] : [fault, answer]),
    };
  });
  const list = parts.map(
    (part, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>"${tagOf(part)}"</ETag></Part>`,
  );
  const xml = `<CompleteMultipartUpload>${list.join("")}</CompleteMultipartUpload>`;
  const result = `<?xml version="1.0" encoding="UTF-8"?>\n<CompleteMultipartUploadResult xmlns="http://www.qcloud.com/document/product/436/7751">\n\t<Location>http://${cosHost}/${key}</Location>\n\t<Bucket>${bucket}</Bucket>\n\t<Key>${key}</Key>\n\t<ETag>"${wholeTag}"</ETag>\n</CompleteMultipartUploadResult>`;
  const completed = ok(
    [
      ["Content-Type", "application/xml"],
      ["x-cos-hash-crc64ecma", await crcOf(body)],
    ],
    { text: result },
  );
  const complete: Json = {
    id: "complete",
    request: cosRequest({
      method: "POST",
      key,
      query: { uploadId },
      length: Buffer.byteLength(xml),
      contentType: "application/xml",
      body: { xml },
    }),
    ...replied(completeReplies ?? [completed]),
  };
  return [initiate, ...(await Promise.all(sent)), complete];
}

const wholeTag = "a3f5b1c2d4e6f708192a3b4c5d6e7f80-3";

const mergeFailed = ok([["Content-Type", "application/xml"]], {
  text: `<?xml version='1.0' encoding='utf-8' ?>\n<Error>\n\t<Code>InternalError</Code>\n\t<Message>We encountered an internal error. Please try again.</Message>\n\t<Resource>/${key}</Resource>\n\t<RequestId>${cosRequestId}</RequestId>\n</Error>`,
  chunks: [1, 1],
});

async function head(body: GeneratedBody): Promise<Json> {
  return {
    id: "head",
    request: cosRequest({ method: "HEAD", key }),
    response: ok([
      ["Content-Length", String(body.length)],
      ["ETag", `"${wholeTag}"`],
      ["x-cos-hash-crc64ecma", await crcOf(body)],
    ]),
  };
}

interface Upload {
  readonly name: string;
  readonly description: string;
  readonly body: GeneratedBody;
  readonly partSize: number;
  readonly interactions: readonly Json[];
}

async function upload({ name, description, body, partSize, interactions }: Upload): Promise<CassetteFile> {
  const input = { body, mediaName: "lesson", mediaType: "mp4", partSize, subAppId };
  const expect = { result: { fileId, transfer: { bytes: body.length, crc64: await crcOf(body), verified: "crc64" } } };
  const file = assemble(
    { ...constructed, name, description, expect },
    accountKeys,
    { api: "upload", op: "upload", input, attempts: 3 },
    interactions,
  );
  return { ...file, content: { ...file.content, certificates: [temporaryKeys] } };
}

export async function uploadCassettes(): Promise<CassetteFile[]> {
  const small: GeneratedBody = { gen: "xorshift32", seed: 1, length: 100_000 };
  const large: GeneratedBody = { gen: "xorshift32", seed: 1, length: 2 * mib + 300_000 };
  const whole = { body: small, partSize: mib };
  const inParts = { body: large, partSize: mib };
  const put = await putObject(small);
  const definitions: Upload[] = [
    {
      ...whole,
      name: "upload/simple-put",
      description: "Apply, one PUT, commit: what fits in one part",
      interactions: [apply, put, commit([committed])],
    },
    {
      ...inParts,
      name: "upload/three-parts",
      description: "Apply, three parts in any order, complete, commit",
      interactions: [apply, ...(await multipart(inParts)), commit([committed])],
    },
    {
      ...inParts,
      name: "upload/part-reset",
      description: "The connection is reset in the middle of the second part, which is then sent again",
      interactions: [
        apply,
        ...(await multipart({ ...inParts, before: { 2: { fault: "reset-after-bytes", at: 65_536 } } })),
        commit([committed]),
      ],
    },
    {
      ...inParts,
      name: "upload/complete-200-error-head",
      description: "Complete answers 200 with an error although the object was made: HEAD finds it",
      interactions: [
        apply,
        ...(await multipart({ ...inParts, completeReplies: [mergeFailed] })),
        await head(large),
        commit([committed]),
      ],
    },
    {
      ...inParts,
      name: "upload/complete-lost-head",
      description: "The answer to Complete is lost: HEAD finds the object, and Complete is not sent again",
      interactions: [
        apply,
        ...(await multipart({ ...inParts, completeReplies: [reset] })),
        await head(large),
        commit([committed]),
      ],
    },
    {
      ...whole,
      name: "upload/commit-lost",
      description: "The answer to the commit is lost, and its repetition gives the FileId",
      interactions: [apply, put, commit([reset, committed])],
    },
    {
      ...whole,
      name: "upload/commit-lost-and-refused",
      description: "The answer to the commit is lost, its repetition is refused: the media is found by its path",
      interactions: [apply, put, commit([reset, refused("ResourceNotFound")]), describe],
    },
  ];
  return Promise.all(definitions.map(upload));
}
