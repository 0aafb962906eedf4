/**
 * Stands between a client and the service, and writes down what both said: every header in order, every byte. Clients
 * reach it with `connectTo(recorder.origin)`, so that URLs, Host and signatures are those of the real names.
 */
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import type { AddressInfo } from "node:net";

export type Pairs = readonly (readonly [string, string])[];

export interface Exchange {
  readonly method: string;
  readonly host: string;
  /** Encoded path and query. */
  readonly target: string;
  readonly requestHeaders: Pairs;
  readonly requestBody: Buffer;
  readonly status: number;
  readonly headers: Pairs;
  readonly body: Buffer;
}

/** Where the requests for a host go. */
export interface Upstream {
  readonly tls: boolean;
  readonly address?: string | undefined;
  readonly port?: number | undefined;
  /** PEM of an authority that is trusted instead of the system's. */
  readonly ca?: string | undefined;
}

export interface Recorder {
  readonly origin: string;
  readonly exchanges: readonly Exchange[];
  readonly close: () => Promise<void>;
}

const perConnection = new Set(["connection", "keep-alive", "transfer-encoding", "expect"]);

export const pairsOf = (raw: readonly string[]): [string, string][] =>
  raw.flatMap((name, index) => (index % 2 === 0 ? [[name, raw[index + 1] ?? ""] as [string, string]] : []));

export const valueOf = (pairs: Pairs, name: string): string | undefined =>
  pairs.find(([each]) => each.toLowerCase() === name)?.[1];

export async function readAll(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Sends a request on; the answer is read whole. */
export async function forward(
  { tls, address, port, ca }: Upstream,
  incoming: IncomingMessage,
  body: Buffer,
): Promise<{ status: number; headers: [string, string][]; body: Buffer }> {
  const host = incoming.headers.host ?? "";
  const name = host.replace(/:\d+$/, "");
  const headers = pairsOf(incoming.rawHeaders).filter(([each]) => !perConnection.has(each.toLowerCase()));
  const send = tls ? httpsRequest : httpRequest;
  const outgoing = send({
    host: address ?? name,
    port: port ?? (tls ? 443 : 80),
    method: incoming.method,
    path: incoming.url,
    headers: headers.flat(),
    agent: false,
    timeout: 30_000,
    ...(tls ? { servername: name, ca } : {}),
  });
  outgoing.on("timeout", () => outgoing.destroy(new Error(`${name} was silent for 30 s`)));
  outgoing.end(body);
  const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
  const answered = await readAll(answer);
  return { status: answer.statusCode ?? 0, headers: pairsOf(answer.rawHeaders), body: answered };
}

/** The headers an answer can be passed on with: its framing is the new connection's own. */
export function passedOn(headers: Pairs, body: Buffer, method: string): string[] {
  const kept = headers.filter(([name]) => !perConnection.has(name.toLowerCase()));
  const counted = method === "HEAD" || kept.every(([name]) => name.toLowerCase() !== "content-length");
  return [
    ...kept.map(([name, value]) =>
      !counted && name.toLowerCase() === "content-length" ? [name, String(body.length)] : [name, value],
    ),
    ...(counted && method !== "HEAD" && body.length > 0 ? [["Content-Length", String(body.length)]] : []),
  ].flat();
}

export async function startRecorder(upstream: Upstream): Promise<Recorder> {
  const exchanges: Exchange[] = [];
  const serve = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const requestBody = await readAll(incoming);
    const answer = await forward(upstream, incoming, requestBody);
    exchanges.push({
      method: incoming.method ?? "",
      host: incoming.headers.host ?? "",
      target: incoming.url ?? "",
      requestHeaders: pairsOf(incoming.rawHeaders),
      requestBody,
      ...answer,
    });
    response.sendDate = false;
    response.writeHead(answer.status, passedOn(answer.headers, answer.body, incoming.method ?? ""));
    response.end(incoming.method === "HEAD" ? undefined : answer.body);
  };
  const server = createServer({ maxHeaderSize: 2 ** 16 }, (incoming, response) => {
    serve(incoming, response).catch(() => incoming.socket.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    exchanges,
    close: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
