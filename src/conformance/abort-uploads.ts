import { request } from "node:http";
import type { Emulator } from "../emulator/index.ts";
import { encodeKeyPath, encodeQuery, signCos } from "../signing/index.ts";

/** Requests of the judge's own carry this, so that they are not held against the command. */
export const judgeHeader = "x-vodup-judge";

/** Aborts every open multipart upload with the account's key, as a lifecycle rule of the bucket would. */
export async function abortUploads(emulator: Emulator): Promise<void> {
  for (const { key, uploadId } of emulator.uploads()) await abortUpload(emulator, key, uploadId);
}

async function abortUpload(emulator: Emulator, key: string, uploadId: string): Promise<void> {
  const { hostname, port, host } = new URL(emulator.cosEndpoint);
  const path = `/${key}`;
  const now = Math.floor(emulator.now() / 1000);
  const { authorization } = signCos(
    { method: "DELETE", path, query: { uploadId }, headers: { host }, startTime: now - 60, endTime: now + 600 },
    emulator,
  );
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const sent = request(
      {
        hostname,
        port,
        method: "DELETE",
        path: `${encodeKeyPath(path)}?${encodeQuery({ uploadId })}`,
        headers: { host, authorization, [judgeHeader]: "1" },
        agent: false,
      },
      (response) => {
        response.resume();
        response.on("end", () => resolve(response.statusCode));
      },
    );
    sent.on("error", reject);
    sent.end();
  });
  if (status !== 204) throw new Error(`the emulator answered ${status} to the judge's AbortMultipartUpload`);
}
