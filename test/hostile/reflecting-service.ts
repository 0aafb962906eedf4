import type { IncomingMessage } from "node:http";
import { crc64 } from "../../src/cos/crc64.ts";
import { httpServer } from "../support/raw-servers.ts";

/** What one answer is changed to. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

export interface Secrets {
  readonly token: string;
  readonly signature: string;
}

/** An upload's token, short enough for any header. */
export const uploadToken = "Upl0adT0ken/ab+cd==efghijklmnop";
export const accountToken = "Acc0untT0ken/ab+cd==qrstuvwxyz";
export const sessionKey = "s3ssi0nKey/ab+cd==0123456789";

/**
 * The least that a whole upload needs of both services.
 * @param distort changes the answer to an operation, given what its request held that is secret
 */
export async function reflectingService(
  distort: (operation: string, answer: Answer, secrets: Secrets) => void,
): Promise<{ readonly origin: string; readonly secrets: () => ReadonlySet<string> }> {
  const seen = new Set([uploadToken, accountToken, sessionKey]);
  const server = await httpServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const operation = operationOf(request);
    const secrets = secretsOf(request);
    seen.add(secrets.signature);
    const answer = answerTo(operation, body);
    distort(operation, answer, secrets);
    response.writeHead(answer.status, { "x-cos-request-id": "NWYx", ...answer.headers }).end(answer.body);
  });
  return { origin: server.origin, secrets: () => seen };
}

function operationOf({ method, url = "", headers }: IncomingMessage): string {
  const action = headers["x-tc-action"];
  if (typeof action === "string") return action;
  if (method === "HEAD") return "HeadObject";
  if (method === "DELETE") return "AbortMultipartUpload";
  if (method === "PUT") return url.includes("partNumber=") ? "UploadPart" : "PutObject";
  if (method === "GET") return "ListParts";
  return url.includes("uploads") ? "InitiateMultipartUpload" : "CompleteMultipartUpload";
}

function secretsOf({ headers }: IncomingMessage): Secrets {
  const token = headers["x-tc-token"] ?? headers["x-cos-security-token"];
  return { token: String(token), signature: /[0-9a-f]{40,64}$/.exec(headers.authorization ?? "")?.[0] ?? "" };
}

function answerTo(operation: string, body: Buffer): Answer {
  const json = (fields: object): Answer => ({
    status: 200,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ Response: { RequestId: "r-1", ...fields } }),
  });
  if (operation === "ApplyUpload") {
    return json({
      StorageBucket: "b-1250000000",
      StorageRegion: "ap-singapore",
      VodSessionKey: sessionKey,
      MediaStoragePath: "/9ce0cd925285890784273533167/x.mp4",
      TempCertificate: { SecretId: "AKIDx", SecretKey: "uploadSecretKey", Token: uploadToken, ExpiredTime: 4e9 },
    });
  }
  if (operation === "CommitUpload") return json({ FileId: "5285890784273533167", MediaUrl: "http://h.example/x.mp4" });
  const stored = { etag: '"0123456789abcdef"', "x-cos-hash-crc64ecma": crc64(body).toString() };
  if (operation === "InitiateMultipartUpload") {
    const document = "<Bucket>b</Bucket><Key>k</Key><UploadId>u1</UploadId>";
    const whole = `<InitiateMultipartUploadResult>${document}</InitiateMultipartUploadResult>`;
    return { status: 200, headers: {}, body: whole };
  }
  if (operation === "CompleteMultipartUpload") {
    const document = "<Location>l</Location><Bucket>b</Bucket><Key>k</Key><ETag>e</ETag>";
    const whole = `<CompleteMultipartUploadResult>${document}</CompleteMultipartUploadResult>`;
    return { status: 200, headers: {}, body: whole };
  }
  return { status: operation === "AbortMultipartUpload" ? 204 : 200, headers: stored, body: "" };
}
