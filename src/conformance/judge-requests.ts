import { request } from "node:http";
import type { Emulator } from "../emulator/index.ts";
import { encodeKeyPath, encodeQuery, signCos } from "../signing/index.ts";

/** Requests of the judge's own carry this, so that they are not held against the command. */
export const judgeHeader = "x-vodup-judge";

/** Aborts every open multipart upload with the account's key, as a lifecycle rule of the bucket would. */
export async function abortUploads(emulator: Emulator): Promise<void> {
  for (const { key, uploadId } of emulator.uploads()) {
    await send(emulator, { method: "DELETE", key, query: { uploadId } });
  }
}

/** Stores other bytes of the same length as the first part of every open upload, as a second writer would. */
export async function replaceFirstParts(emulator: Emulator): Promise<void> {
  for (const { key, uploadId, parts } of emulator.uploads()) {
    const [part] = parts;
    if (part === undefined) continue;
    const query = { partNumber: String(part.partNumber), uploadId };
    await send(emulator, { method: "PUT", key, query, body: Buffer.alloc(part.size, "other") });
  }
}

interface JudgeRequest {
  readonly method: string;
  readonly key: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

/** @throws Error when the emulator refuses, which would be a defect of this program */
async function send(emulator: Emulator, { method, key, query, body }: JudgeRequest): Promise<void> {
  const { hostname, port, host } = new URL(emulator.cosEndpoint);
  const path = `/${key}`;
  const now = Math.floor(emulator.now() / 1000);
  const { authorization } = signCos(
    { method, path, query, headers: { host }, startTime: now - 60, endTime: now + 600 },
    emulator,
  );
  const length = body === undefined ? {} : { "content-length": String(body.length) };
  const status = await new Promise<number>((resolve, reject) => {
    const sent = request(
      {
        hostname: hostname.replace(/^\[(.*)\]$/, "$1"),
        port,
        method,
        path: `${encodeKeyPath(path)}?${encodeQuery(query)}`,
        headers: { host, authorization, [judgeHeader]: "1", ...length },
        agent: false,
      },
      (response) => {
        response.resume();
        response.on("end", () => resolve(response.statusCode ?? 0));
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
  if (status < 200 || status > 299) throw new Error(`the emulator answered ${status} to the judge's ${method}`);
}
