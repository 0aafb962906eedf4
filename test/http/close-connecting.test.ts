import { createServer } from "node:net";
import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { expect, test } from "vitest";
import { Transport } from "../../src/http/transport.ts";

test("closing ends a connection that is still being made, though nobody waits for it any more", async () => {
  // TLS is spoken to a server that never answers the handshake: connected for the kernel, connecting for undici.
  const sockets: Socket[] = [];
  const enough = new AbortController();
  const server = createServer((socket) => {
    sockets.push(socket.on("error", () => undefined));
    enough.abort("enough");
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const transport = new Transport();
  const sending = transport.send({
    operation: "Test",
    origin: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    method: "GET",
    path: "/",
    headers: {},
    maxAnswerBytes: 100,
    signal: enough.signal,
  });
  await expect(sending).rejects.toBe("enough");
  const [socket] = sockets;
  if (socket === undefined) throw new Error("nothing was connected");
  const ended = once(socket.resume(), "close");
  await transport.close();
  await ended;
  server.close();
});
