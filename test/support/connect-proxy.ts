import type { Socket } from "node:net";
import { connect } from "node:net";
import type { RawServer } from "./raw-servers.ts";
import { tcpServer } from "./raw-servers.ts";

export interface ConnectProxy extends RawServer {
  /** `host:port` of each tunnel that was asked for, in order. */
  readonly tunnels: readonly string[];
  /** The request line and headers that came with them. */
  readonly heads: readonly string[];
  /** Every byte that clients sent, tunnel contents included: what the owner of a proxy can read. */
  received(): Buffer;
}

export interface ConnectProxyOptions {
  /** Loopback port that a tunnel to `host:port` ends at. */
  readonly route: (authority: string) => number;
  /** What is answered instead of opening the tunnel; `"silence"` for nothing at all, `"close"` for closing. */
  readonly refuse?: ((head: string) => string | undefined) | undefined;
}

/** An HTTP proxy that knows CONNECT and nothing else. */
export async function connectProxy({ route, refuse }: ConnectProxyOptions): Promise<ConnectProxy> {
  const tunnels: string[] = [];
  const heads: string[] = [];
  const chunks: Buffer[] = [];
  const server = await tcpServer((socket) => {
    let isHead = true;
    let head = Buffer.alloc(0);
    socket.on("data", (chunk: Buffer) => {
      chunks.push(Buffer.from(chunk));
      if (!isHead) return;
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf("\r\n\r\n");
      if (end < 0) return;
      const text = head.subarray(0, end).toString("latin1");
      const rest = head.subarray(end + 4);
      isHead = false;
      heads.push(text);
      const authority = /^CONNECT (\S+) HTTP\/1\.1/.exec(text)?.[1];
      const answer = authority === undefined ? "HTTP/1.1 405 Method Not Allowed\r\n\r\n" : refuse?.(text);
      if (authority !== undefined) tunnels.push(authority);
      if (answer === "close") socket.destroy();
      else if (answer !== undefined && answer !== "silence") socket.end(answer);
      else if (answer === undefined) open(socket, route(authority ?? ""), rest);
    });
  });
  return Object.assign(server, { tunnels, heads, received: () => Buffer.concat(chunks) });
}

function open(client: Socket, port: number, first: Buffer): void {
  const upstream = connect(port, "127.0.0.1", () => {
    client.write("HTTP/1.1 200 Connection established\r\n\r\n");
    if (first.byteLength > 0) upstream.write(first);
    client.pipe(upstream).pipe(client);
  });
  upstream.on("error", () => client.destroy());
  client.on("close", () => upstream.destroy());
}
