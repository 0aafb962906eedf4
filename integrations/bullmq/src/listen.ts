import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";

/** A server that takes connections. */
export interface Listening {
  readonly url: string;
  /** Ends it at once, with its connections. */
  close(): Promise<void>;
}

/** @throws Error when the port is taken */
export async function listen(server: Server, host: string, port: number): Promise<Listening> {
  server.listen(port, host);
  await once(server, "listening");
  const { address, port: taken } = server.address() as AddressInfo;
  return {
    url: `http://${address.includes(":") ? `[${address}]` : address}:${taken}`,
    close: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
