import { createServer } from "node:net";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { isUnreachable } from "./opt-in.ts";

test("a host is reachable while somebody listens, and afterwards there is a reason", async () => {
  const server = createServer((socket) => socket.end());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  expect(await isUnreachable("127.0.0.1", port)).toBeUndefined();
  server.close();
  await once(server, "close");
  expect(await isUnreachable("127.0.0.1", port)).toContain("ECONNREFUSED");
});
