// What a user may write, checked against the published types by the compilers of test/packaging/types.test.ts.
import { Readable } from "node:stream";
import { VodApiError, VodClient, VodupError, type ErrorCode, type UploadOptions, type UploadResult } from "vodup";
import { CosClient, crc64 } from "vodup/cos";
import { startEmulator } from "vodup/emulator";
import { parseEvent } from "vodup/events";
import { presignCosUrl, signClientUpload, signCos, signTc3, verifyCallback } from "vodup/signing";
import { VodApi } from "vodup/vod-api";

const credentials = { secretId: "id", secretKey: "key" };

export async function upload(
  path: string,
  cover: string | undefined,
  signal: AbortSignal | undefined,
): Promise<string> {
  const vod = new VodClient({
    credentials: async () => ({ ...credentials, expiration: new Date() }),
    site: "intl",
    subAppId: 1500000001n,
    dispatcher: { connections: 4 },
    retry: { attempts: 3 },
  });
  // An option that may be undefined can be handed on as it is, with exactOptionalPropertyTypes too.
  const options: UploadOptions = {
    cover,
    signal,
    mediaType: undefined,
    onProgress: ({ phase, sentBytes }) => [phase, sentBytes],
  };
  const sources = [path, new URL("file:///a.mp4"), new Uint8Array(3), new Blob([]), Readable.from([new Uint8Array(1)])];
  const results: UploadResult[] = [];
  for (const source of sources) results.push(await vod.upload(source, options));
  const { MediaInfoSet } = await vod.call("DescribeMediaInfos", { FileIds: results.map(({ fileId }) => fileId) });
  const untyped: Record<string, unknown> = await vod.call("SomethingNew", { Any: 1 });
  await vod.close();
  return [MediaInfoSet?.[0]?.FileId, untyped["RequestId"], results[0]?.transfer.verified].join();
}

export function told(error: unknown): ErrorCode | string | undefined {
  if (error instanceof VodApiError) return `${error.action} ${error.apiCode} ${error.requestId}`;
  return error instanceof VodupError ? error.code : undefined;
}

// @ts-expect-error a misspelt option is a mistake
export const misspelt: UploadOptions = { mediatype: "mp4" };

export async function below(): Promise<unknown[]> {
  const api = new VodApi({ credentials });
  const { VodSessionKey } = await api.call("ApplyUpload", { MediaType: "mp4" });
  const cos = new CosClient({ credentials, bucket: "films-1250000000", region: "ap-singapore" });
  const sum: bigint = crc64(new Uint8Array(1));
  const emulator = await startEmulator({ tls: true });
  const lines = emulator.requests().map(({ operation, verified }) => `${operation} ${verified}`);
  const caFile: string | undefined = emulator.caFile;
  const event = parseEvent('{"EventType":"NewFileUpload"}');
  const tc3 = signTc3({ method: "POST", host: "h", headers: {}, body: "", service: "vod", timestamp: 1 }, credentials);
  const header = signCos({ method: "put", path: "/", query: {}, headers: {}, startTime: 1, endTime: 2 }, credentials);
  const url: string = presignCosUrl(
    { method: "get", url: "https://h", path: "/k", startTime: 1, endTime: 2 },
    credentials,
  );
  const verdict = verifyCallback({ Sign: "x", T: 1 }, "key");
  const reason: string | undefined = verdict.valid ? undefined : verdict.reason;
  return [
    VodSessionKey,
    cos,
    sum,
    lines,
    caFile,
    event.type,
    tc3.signature,
    header.keyTime,
    url,
    reason,
    signClientUpload({ a: 1 }, "k").signature,
  ];
}
