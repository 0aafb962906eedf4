import { createServer } from "node:http";
import { once } from "node:events";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { loadAgent, onlyExport, type UndiciAgent } from "../../src/http/load-agent.ts";

async function exchange({ open, buildConnector }: UndiciAgent): Promise<string> {
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
  await expect(exchange(await loadAgent())).resolves.toBe("echo");
});

const require = createRequire(import.meta.url);

test.each([
  ["has other files", "undici/lib/not-there.js"],
  ["closes its folders", "p-limit/lib/inside.js"],
])("a release of undici that %s is loaded whole", async (_, file) => {
  const inside = async (): Promise<never> => require(file) as never;
  await expect(exchange(await loadAgent(inside))).resolves.toBe("echo");
});

test("whatever else is wrong with its files is told, and not covered up", async () => {
  const broken = new SyntaxError("Unexpected token");
  await expect(loadAgent(() => Promise.reject(broken))).rejects.toBe(broken);
});

test("the export of a file is found in every form that bundlers give it; anything else is refused", () => {
  const agent = (): void => undefined;
  expect(onlyExport({ default: agent })).toBe(agent);
  expect(onlyExport({ default: { default: agent } })).toBe(agent);
  expect(onlyExport(agent as never)).toBe(agent);
  for (const wrong of [{ default: undefined }, { default: {} }, { default: "agent.js" }]) {
    expect(() => onlyExport(wrong)).toThrow("undici was changed by a bundler");
  }
});
