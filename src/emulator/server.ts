import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Socket } from "node:net";
import type { Settings } from "./options.ts";
import { LocalAuthority } from "./tls.ts";

/** Called for each request; must settle and never throw. */
export type Respond = (request: IncomingMessage, response: ServerResponse, connection: number) => Promise<void>;

/** Called for what is no HTTP request: its first line as far as it came, and the parser's complaint. */
export type RefuseMalformed = (line: string, complaint: string) => void;

/** A listening loopback socket. */
export interface Listener {
  readonly port: number;
  /** PEM of the authority clients must trust, with TLS. */
  readonly authority: string | undefined;
  /** Cuts every connection and stops listening; for good, unless `reopen` is called. */
  close(): Promise<void>;
  /** Listens again, on the same port. */
  reopen(): Promise<void>;
}

/** Opens the one port of the emulator on its loopback address. */
export async function listen(
  settings: Settings,
  respond: Respond,
  refuseMalformed: RefuseMalformed,
): Promise<Listener> {
  const connections = new Map<Socket, number>();
  let counted = 0;
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    void respond(request, response, connections.get(request.socket) ?? 0);
  };
  const authority = settings.tls ? new LocalAuthority() : undefined;
  const server = authority === undefined ? createServer(httpSettings, onRequest) : secureServer(authority, onRequest);
  server.keepAliveTimeout = settings.keepAliveTimeoutMs;
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    // A reset by the peer is its good right.
    socket.on("error", () => undefined);
  });
  server.on(authority === undefined ? "connection" : "secureConnection", (socket: Socket) => {
    connections.set(socket, (counted += 1));
    socket.once("close", () => connections.delete(socket));
    socket.on("error", () => undefined);
  });
  server.on("clientError", (error: Error & { rawPacket?: Buffer }, socket) => {
    const [line = ""] = (error.rawPacket ?? Buffer.alloc(0)).toString("latin1").split(/[\r\n]/);
    if (line !== "") refuseMalformed(line, error.message);
    if (socket.writable) socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
    else socket.destroy();
  });
  // A handshake that fails is the client's affair.
  server.on("tlsClientError", (_error, socket: Socket) => socket.destroy());
  const open = (port: number): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen({ port, host: settings.host, exclusive: true }, () => {
        server.off("error", reject);
        resolve();
      });
    });
  await open(settings.port);
  const port = portOf(server);
  return {
    port,
    authority: authority?.certificate,
    close: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      });
    },
    reopen: () => open(port),
  };
}

/** Nothing of the server's own may cut a slow upload short; tests do that with faults. */
const httpSettings = { requestTimeout: 0, headersTimeout: 0, maxHeaderSize: 2 ** 16, noDelay: true };

function secureServer(authority: LocalAuthority, onRequest: (i: IncomingMessage, o: ServerResponse) => void): Server {
  return createTlsServer(
    {
      ...httpSettings,
      ...authority.serverIdentity("localhost"),
      SNICallback: (host, answer) => answer(null, authority.contextFor(host)),
    },
    onRequest,
  );
}

function portOf(server: Server): number {
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("the server is not listening on a port");
  return address.port;
}
