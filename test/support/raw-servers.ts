import {
  createServer as createHttpServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from "node:http";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { once } from "node:events";
import { atEnd } from "./at-end.ts";

/* Servers that do as they please, on loopback; the end of the test closes them. */

export interface RawServer {
  readonly origin: string;
  readonly host: string;
  readonly port: number;
  /** Sockets accepted so far, the closed ones too. */
  readonly sockets: readonly Socket[];
  /** Sockets that are not closed. */
  open(): number;
  /** Waits until no socket is open, at most `ms`; answers how many still are. */
  quiet(ms?: number): Promise<number>;
  close(): Promise<void>;
}

/** Opens a server of one of Node's kinds on loopback. */
export async function serve(server: Server): Promise<RawServer> {
  const sockets: Socket[] = [];
  server.on("connection", (socket: Socket) => {
    socket.on("error", () => undefined);
    sockets.push(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const open = (): number => sockets.filter((socket) => !socket.destroyed).length;
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    if (server.listening) await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  atEnd(close);
  return {
    origin: `http://127.0.0.1:${port}`,
    host: `127.0.0.1:${port}`,
    port,
    sockets,
    open,
    quiet: async (ms = 2_000) => {
      const end = performance.now() + ms;
      while (open() > 0 && performance.now() < end) {
        await pause(5);
        // A socket that nobody reads learns of its peer's end only by writing to it.
        for (const socket of sockets) if (socket.writable && performance.now() > end - ms + 50) socket.write("\0");
      }
      return open();
    },
    close,
  };
}

/** Every connection is handed over as it is. */
export async function tcpServer(onSocket: (socket: Socket, index: number) => void): Promise<RawServer> {
  let count = 0;
  return serve(createServer((socket) => onSocket(socket, (count += 1))));
}

/** Answers each request by `handler`, given how many came before it. */
export async function httpServer(
  handler: (request: IncomingMessage, response: ServerResponse, index: number) => unknown,
): Promise<RawServer> {
  let count = 0;
  const listener: RequestListener = (request, response) => {
    request.on("error", () => undefined);
    response.on("error", () => undefined);
    void Promise.resolve(handler(request, response, (count += 1))).catch(() => response.destroy());
  };
  const server = createHttpServer(listener);
  server.keepAliveTimeout = 60_000;
  return serve(server);
}

/**
 * Calls back for each request on a socket, once its head and `content-length` bytes of its body have come. Understands
 * what undici sends and no more.
 */
export function onRequests(socket: Socket, each: (head: string, body: Buffer, index: number) => void): void {
  let buffered = Buffer.alloc(0);
  let count = 0;
  socket.on("data", (chunk: Buffer) => {
    buffered = Buffer.concat([buffered, chunk]);
    for (;;) {
      const end = buffered.indexOf("\r\n\r\n");
      if (end < 0) return;
      const head = buffered.subarray(0, end).toString("latin1");
      const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
      if (buffered.length < end + 4 + length) return;
      const body = buffered.subarray(end + 4, end + 4 + length);
      buffered = buffered.subarray(end + 4 + length);
      each(head, body, (count += 1));
    }
  });
}

/** A port that refuses connections: it was free a moment ago. */
export async function closedPort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

/** An answer as text, with its right length. */
export function answerText(status: number, headers: Readonly<Record<string, string>> = {}, body = ""): string {
  const lines = Object.entries({ "content-length": String(Buffer.byteLength(body)), ...headers });
  return `HTTP/1.1 ${status} X\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n${body}`;
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
