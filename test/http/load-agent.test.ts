import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test, vi } from "vitest";

const inside = "undici/lib/dispatcher/agent.js";

afterEach(() => {
  vi.doUnmock(inside);
  vi.resetModules();
});

async function exchange(): Promise<string> {
  const { loadAgent } = await import("../../src/http/load-agent.ts");
  const { open, buildConnector } = await loadAgent();
  const server = createServer((request, response) => request.pipe(response)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const agent = open({ connect: buildConnector({ timeout: 1_000 }) });
  try {
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { body } = await agent.request({ origin, method: "PUT", path: "/a/./b", body: "echo" });
    return await body.text();
  } finally {
    await agent.destroy();
    server.close();
  }
}

test("the Agent sends without the rest of undici", async () => {
  await expect(exchange()).resolves.toBe("echo");
});

test("a release of undici that keeps its files elsewhere is loaded whole", async () => {
  const moved = vi.fn(() => {
    throw new Error("Cannot find module");
  });
  vi.doMock(inside, moved);
  await expect(exchange()).resolves.toBe("echo");
  expect(moved).toHaveBeenCalled();
});
