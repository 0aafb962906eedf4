import type { GeneratedBody } from "../../src/replay/body.ts";
import type { Cassette } from "../../src/replay/cassette.ts";
import { generateBody } from "../../src/replay/body.ts";
import { CosClient } from "../../src/cos/client.ts";
import { VodApi } from "../../src/vod-api/client.ts";
import { connectTo } from "./replay-connection.ts";

interface CosInput {
  readonly bucket: string;
  readonly region: string;
  readonly key: string;
  readonly uploadId: string;
  readonly partNumber: number;
  readonly body: GeneratedBody;
  readonly contentType?: string;
  readonly parts: readonly { readonly partNumber: number; readonly etag: string }[];
}

async function perform(client: CosClient, op: string, input: CosInput): Promise<unknown> {
  const { key, uploadId, partNumber, body, contentType, parts } = input;
  switch (op) {
    case "putObject":
      return client.putObject(key, generateBody(body), { contentType });
    case "headObject":
      return client.headObject(key);
    case "initiateMultipartUpload":
      return client.initiateMultipartUpload(key, { contentType });
    case "uploadPart":
      return client.uploadPart(key, { uploadId, partNumber, body: generateBody(body) });
    case "listParts":
      return { parts: await client.listParts(key, uploadId) };
    case "listMultipartUploads":
      return { uploads: await client.listMultipartUploads(key) };
    case "completeMultipartUpload":
      return client.completeMultipartUpload(key, uploadId, parts);
    case "abortMultipartUpload":
      await client.abortMultipartUpload(key, uploadId);
      return {};
    default:
      throw new Error(`the cassette asks for ${op}, which is no operation`);
  }
}

interface VodInput {
  readonly params: Readonly<Record<string, unknown>>;
  readonly region: string;
  readonly subAppId?: number;
  readonly signedHeaders?: "minimal";
}

/** Makes a cassette's call of the storage. @param origin of the player */
export async function callCos(
  { call: { op, input, attempts }, clock, credentials }: Cassette,
  origin: string,
): Promise<unknown> {
  const cos = input as unknown as CosInput;
  const dispatcher = connectTo(origin);
  const client = new CosClient({
    bucket: cos.bucket,
    region: cos.region,
    credentials,
    dispatcher,
    retry: { attempts },
    clock: () => clock.start * 1000,
  });
  try {
    return await perform(client, op, cos);
  } finally {
    await client.close();
    await dispatcher.destroy();
  }
}

/** Makes a cassette's call of the VOD API. @param origin of the player */
export async function callVod(
  { call: { op, input, attempts }, clock, credentials }: Cassette,
  origin: string,
): Promise<unknown> {
  const { params, region, subAppId, signedHeaders } = input as unknown as VodInput;
  const dispatcher = connectTo(origin);
  const api = new VodApi({
    credentials,
    site: op === "DescribeEventsState" ? "cn" : "intl",
    region,
    subAppId,
    signedHeaders,
    dispatcher,
    retry: { attempts, baseDelayMs: 0, throttleDelayMs: 0 },
    clock: () => clock.start * 1000,
  });
  try {
    return await api.call(op, params);
  } finally {
    await api.close();
    await dispatcher.destroy();
  }
}
