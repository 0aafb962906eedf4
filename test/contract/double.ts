/**
 * A second service, unlike our emulator wherever the real one might be: the emulator with other options, behind a TLS
 * server that answers to the real host names and changes what goes out.
 */
import { once } from "node:events";
import { createServer } from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { LocalAuthority } from "../../src/emulator/tls.ts";
import { startEmulator } from "../../src/emulator/index.ts";
import type { Upstream } from "./recorder.ts";
import { forward, passedOn, readAll } from "./recorder.ts";
import { shortTimes } from "./emulator-subject.ts";
import { isRecord, parse } from "./subject.ts";

interface Answer {
  readonly status: number;
  readonly headers: [string, string][];
  readonly body: Buffer;
}

const codes: Readonly<Record<string, string>> = {
  "AuthFailure.SecretIdNotFound": "AuthFailure.InvalidSecretId",
  "InvalidParameterValue.MediaType": "InvalidParameterValue",
};

/** Every way in which it differs, by name, and the fact of the report that must tell it. */
export const deviations: Readonly<Record<string, string>> = {
  "a second commit is refused": "commit.second",
  "an unknown key has another code": "auth.unknown-id",
  "an unknown media type has another code": "apply.unknown-media-type",
  "ETag headers have no quotes": "wire.UploadPart.etag",
  "ETag elements have no quotes": "wire.CompleteMultipartUpload.etag-element",
  "ApplyUpload has one member more, and none that are null": "wire.ApplyUpload.members",
  "Initiate has one element more": "wire.InitiateMultipartUpload.elements",
  "there is no CRC64": "simple.verified-by",
  "header names are in lower case": "wire.PutObject.headers",
  "a late confirmation succeeds": "events.confirm-late",
  "a certificate may not list uploads": "certificate.list-uploads",
  "an unknown region has another code": "apply.unknown-region",
  "a cover that is not there has no address": "commit.cover-url-without-cover",
  "an empty queue is an empty list": "events.nothing-there",
  "a certificate lives half an hour": "certificate.life",
  "VodSessionKey is no parameter of ApplyUpload": "session.refresh",
  "COS answers have no Date": "wire.cos.date",
  "no trace id is echoed": "trace-id.echoed",
};

export interface Double {
  readonly upstream: Upstream;
  readonly emulator: Awaited<ReturnType<typeof startEmulator>>;
  readonly close: () => Promise<void>;
}

export async function startDouble(): Promise<Double> {
  const emulator = await startEmulator({
    ...shortTimes,
    appId: 1_303_987_654,
    defaultSubAppId: 1_511_223_344,
    secondCommit: "resource-not-found",
    crc64: false,
    certificateLifeSeconds: 1800,
    sessionRefresh: "unknown-parameter",
    listMultipartUploads: false,
    unknownRegion: "UnsupportedRegion",
    nothing: "null",
  });
  const behind = new URL(emulator.origin);
  const authority = new LocalAuthority();
  let lateHandles = 0;
  const serve = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await readAll(incoming);
    const plain = { tls: false, address: behind.hostname, port: Number(behind.port) };
    const answer = change(incoming, await forward(plain, incoming, body));
    response.sendDate = false;
    response.writeHead(answer.status, passedOn(answer.headers, answer.body, incoming.method ?? ""));
    response.end(incoming.method === "HEAD" ? undefined : answer.body);
  };
  /** The first real handle to be refused is the one that was confirmed late. */
  const change = (incoming: IncomingMessage, answer: Answer): Answer => {
    const isCos = incoming.headers.host?.includes(".cos.") === true;
    if (isCos) return changeCos(answer);
    const action = String(incoming.headers["x-tc-action"]);
    const text = answer.body.toString("utf8");
    if (action === "ConfirmEvents" && text.includes("InvalidParameterValue") && (lateHandles += 1) === 2) {
      const requestId = parse(answer.body)["Response"];
      const kept = isRecord(requestId) ? requestId["RequestId"] : "";
      return { ...changeVod(action, answer), body: Buffer.from(JSON.stringify({ Response: { RequestId: kept } })) };
    }
    return changeVod(action, answer);
  };
  const server = createServer(
    {
      ...authority.serverIdentity("localhost"),
      SNICallback: (host, answer) => answer(null, authority.contextFor(host)),
    },
    (incoming, response) => {
      serve(incoming, response).catch(() => incoming.socket.destroy());
    },
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    upstream: { tls: true, address: "127.0.0.1", port, ca: authority.certificate },
    emulator,
    close: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
      await emulator.close();
    },
  };
}

function changeCos({ status, headers, body }: Answer): Answer {
  const kept = headers.flatMap(([name, value]): [string, string][] => {
    if (name.toLowerCase() === "date") return [];
    return [[name.toLowerCase(), name.toLowerCase() === "etag" ? value.replaceAll('"', "") : value]];
  });
  if (body.length === 0) return { status, headers: kept, body };
  const text = body
    .toString("utf8")
    .replaceAll(/<ETag>(?:"|&quot;)?(.*?)(?:"|&quot;)?<\/ETag>/g, "<ETag>$1</ETag>")
    .replace("</InitiateMultipartUploadResult>", "<Owner>x</Owner></InitiateMultipartUploadResult>");
  return { status, headers: kept, body: Buffer.from(text) };
}

function changeVod(action: string, { status, headers, body }: Answer): Answer {
  const kept = headers.filter(([name]) => name.toLowerCase() !== "x-tc-traceid");
  const response = parse(body)["Response"];
  if (!isRecord(response)) return { status, headers: kept, body };
  const error = response["Error"];
  if (action === "PullEvents" && isRecord(error) && error["Code"] === "ResourceNotFound") {
    delete response["Error"];
    response["EventSet"] = [];
  } else if (isRecord(error)) error["Code"] = codes[String(error["Code"])] ?? error["Code"];
  else if (action === "ApplyUpload") response["ExtraOfTheDouble"] = { Level: 1 };
  for (const [name, value] of Object.entries(response)) if (value === null) delete response[name];
  return { status, headers: kept, body: Buffer.from(JSON.stringify({ Response: response })) };
}
