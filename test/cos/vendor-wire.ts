/** The captured requests, and the means to send the same operation with our client and see what goes out. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { CosClient } from "../../src/cos/client.ts";
import { signCos } from "../../src/signing/index.ts";
import { connectTo } from "../support/replay-connection.ts";

interface Input {
  readonly key: string;
  readonly uploadId?: string;
  readonly partNumber?: number;
  readonly contentType?: string;
  readonly token?: string;
  readonly parts?: readonly { readonly partNumber: number; readonly etag: string }[];
}

export interface Wire {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly bodyLength: number;
  readonly bodyText?: string;
}

export interface Captured {
  readonly name: string;
  readonly operation: string;
  readonly input: Input;
  readonly request: Wire;
  /** What the vendor's client signed. */
  readonly httpString: string;
}

interface Fixture {
  readonly credentials: { readonly secretId: string; readonly secretKey: string };
  readonly requests: readonly Captured[];
}

export const fixture = JSON.parse(
  readFileSync(new URL("../../fixtures/vendor-wire/cos-nodejs-sdk-v5.json", import.meta.url), "utf8"),
) as Fixture;

export interface Recorder {
  readonly origin: string;
  /** Every request since the last call, bodies as text. */
  readonly take: () => Required<Wire>[];
  readonly close: () => Promise<void>;
}

/** A server that keeps what it is sent and answers just enough of COS for the client to be satisfied. */
export async function startRecorder(): Promise<Recorder> {
  let recorded: Required<Wire>[] = [];
  const serve = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const wire = await record(incoming);
    recorded.push(wire);
    const headers = { etag: '"900150983cd24fb0d6963f7d28e17f72"', "x-cos-request-id": "r" };
    if (wire.method === "DELETE") response.writeHead(204, headers).end();
    else if (wire.method === "HEAD") response.writeHead(200, { ...headers, "content-length": "3" }).end();
    else response.writeHead(200, headers).end(answerBody(wire));
  };
  const server = createServer((incoming, response) => {
    serve(incoming, response).catch(() => incoming.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    take: () => recorded.splice(0),
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

async function record(incoming: IncomingMessage): Promise<Required<Wire>> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  const raw = incoming.rawHeaders;
  return {
    method: incoming.method ?? "",
    target: incoming.url ?? "",
    headers: raw.flatMap((name, at): [string, string][] => (at % 2 === 0 ? [[name, raw[at + 1] ?? ""]] : [])),
    bodyLength: body.length,
    bodyText: body.toString("utf8"),
  };
}

function answerBody({ method, target }: Wire): string {
  const names = "<Bucket>b</Bucket><Key>k</Key>";
  if (method === "GET") {
    return `<ListPartsResult>${names}<UploadId>u</UploadId><IsTruncated>false</IsTruncated></ListPartsResult>`;
  }
  if (method !== "POST") return "";
  return target.includes("?uploads")
    ? `<InitiateMultipartUploadResult>${names}<UploadId>u</UploadId></InitiateMultipartUploadResult>`
    : `<CompleteMultipartUploadResult><Location>l</Location>${names}<ETag>"e-1"</ETag></CompleteMultipartUploadResult>`;
}

/** The vendor client's host stays in the URL, the Host header and the signature; only the connection goes elsewhere. */
export async function sendOurs({ operation, input, request }: Captured, recorder: Recorder): Promise<Required<Wire>> {
  const dispatcher = connectTo(recorder.origin);
  const client = new CosClient({
    bucket: "b-1250000000",
    region: "ap-guangzhou",
    cosEndpoint: `http://${headerMap(request.headers).get("host") ?? ""}`,
    credentials: { ...fixture.credentials, token: input.token },
    dispatcher,
  });
  recorder.take();
  try {
    await perform(client, operation, input, request.bodyLength);
  } finally {
    await client.close();
    await dispatcher.destroy();
  }
  const [sent, ...more] = recorder.take();
  if (sent === undefined || more.length > 0) throw new Error(`expected one request, ${more.length + 1} came`);
  return sent;
}

async function perform(client: CosClient, operation: string, input: Input, length: number): Promise<unknown> {
  const { key, uploadId = "", partNumber = 0, contentType, parts = [] } = input;
  switch (operation) {
    case "putObject":
      return client.putObject(key, Buffer.alloc(length), { contentType });
    case "uploadPart":
      return client.uploadPart(key, { uploadId, partNumber, body: Buffer.alloc(length) });
    case "headObject":
      return client.headObject(key);
    case "initiateMultipartUpload":
      return client.initiateMultipartUpload(key, { contentType });
    case "listParts":
      return client.listParts(key, uploadId);
    case "completeMultipartUpload":
      return client.completeMultipartUpload(key, uploadId, parts);
    case "abortMultipartUpload":
      return client.abortMultipartUpload(key, uploadId);
    default:
      throw new Error(`unknown operation ${operation}`);
  }
}

export function headerMap(headers: Wire["headers"]): Map<string, string> {
  return new Map(headers.map(([name, value]) => [name.toLowerCase(), value]));
}

/** The path, and the parameters with their values still encoded. */
export function splitTarget(target: string): { path: string; parameters: Map<string, string> } {
  const [path = "", query = ""] = target.split("?");
  const pairs = query === "" ? [] : query.split("&").map((pair) => pair.split("="));
  return { path, parameters: new Map(pairs.map(([name = "", value = ""]) => [name, value])) };
}

/** `name=value` pairs joined by `&`, in order: the form of Authorization and of the lines of HttpString. */
export function authorizationFields(value: string): [string, string][] {
  if (value === "") return [];
  return value.split("&").map((field): [string, string] => {
    const at = field.indexOf("=");
    return [field.slice(0, at), field.slice(at + 1)];
  });
}

/** One line of an HttpString as names and decoded values. */
export function canonicalPairs(line: string | undefined): Map<string, string> {
  return new Map(authorizationFields(line ?? "").map(([name, value]) => [name, decodeURIComponent(value)]));
}

/** The signature of a request, computed from what is on the wire: its times and its lists are taken at their word. */
export function resign(wire: Wire): ReturnType<typeof signCos> {
  const headers = headerMap(wire.headers);
  const fields = new Map(authorizationFields(headers.get("authorization") ?? ""));
  const [startTime = 0, endTime = 0] = (fields.get("q-sign-time") ?? "").split(";").map(Number);
  const { path, parameters } = splitTarget(wire.target);
  return signCos(
    {
      method: wire.method,
      path: decodeURIComponent(path),
      query: Object.fromEntries([...parameters].map(([name, value]) => [name, decodeURIComponent(value)])),
      headers: Object.fromEntries(headers),
      startTime,
      endTime,
      signedHeaders: (fields.get("q-header-list") ?? "").split(";"),
    },
    fixture.credentials,
  );
}
