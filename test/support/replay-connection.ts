import { connect } from "node:net";
import { Agent } from "undici";

/**
 * A dispatcher that leaves every URL, Host header and signature as they are and sends the connections, also those for
 * https, to a replay on loopback over plain TCP.
 */
export function connectTo(origin: string): Agent {
  const { hostname, port } = new URL(origin);
  return new Agent({
    connect: (_options, callback) => {
      const socket = connect(Number(port), hostname);
      socket.once("connect", () => {
        socket.removeListener("error", refuse);
        callback(null, socket);
      });
      const refuse = (error: Error): void => callback(error, null);
      socket.once("error", refuse);
    },
  });
}
