import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

export interface RecordingProxy {
  readonly origin: string;
  /** Everything that clients sent, as latin1. */
  sent(): string;
  close(): Promise<void>;
}

/** Hands connections on as they are, and remembers what went towards the server: the only place that sees signatures. */
export async function recordingProxy(target: string): Promise<RecordingProxy> {
  const { hostname, port } = new URL(target);
  const heard: Buffer[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", (broken) => (broken ? other.resetAndDestroy() : other.end()));
    }
    client.on("data", (chunk) => {
      // Heads are what matters; bodies of megabytes are not kept.
      heard.push(chunk.subarray(0, 4_096));
    });
    client.pipe(upstream);
    upstream.pipe(client);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sent: () => Buffer.concat(heard).toString("latin1"),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
