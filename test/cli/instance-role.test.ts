import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RawServer } from "../support/raw-servers.ts";
import type { Bench } from "./support/bench.ts";
import { httpServer } from "../support/raw-servers.ts";
import { openBench } from "./support/bench.ts";
import { timing } from "../support/timing.ts";

let bench: Bench;
let lesson: string;

beforeAll(async () => {
  bench = await openBench({ token: "exampleToken" });
  lesson = await bench.file("lesson.mp4", "x");
}, 60_000);

afterAll(() => bench.close());

/** Lets the metadata service's name lead to `server`, in a process that has no other credentials. */
async function onInstance(server: RawServer): Promise<Record<string, string | undefined>> {
  const preload = join(bench.folder, `instance-${server.port}.cjs`);
  await writeFile(
    preload,
    `const { Socket } = require("node:net");
    const { connect } = Socket.prototype;
    Socket.prototype.connect = function (...args) {
      const options = Array.isArray(args[0]) ? args[0][0] : args[0];
      if (options.host === "metadata.tencentyun.com") Object.assign(options, { host: "127.0.0.1", port: ${server.port} });
      return connect.apply(this, args);
    };`,
  );
  const none = { TENCENTCLOUD_SECRET_ID: undefined, TENCENTCLOUD_SECRET_KEY: undefined };
  return { ...none, NODE_OPTIONS: `--require=${JSON.stringify(preload)}` };
}

const role = () => {
  const { secretId, secretKey } = bench.emulator;
  const credentials = { Code: "Success", TmpSecretId: secretId, TmpSecretKey: secretKey, Token: "exampleToken" };
  const answer = JSON.stringify({ ...credentials, ExpiredTime: Math.floor(Date.now() / 1000) + 3600 });
  return httpServer((request, response) => response.end(request.url?.endsWith("/") ? "upload-role" : answer));
};

describe("--credentials metadata", () => {
  test("uploads with the role of the instance", async () => {
    const metadata = await role();
    const { code, stdout, stderr } = await bench.run(["upload", lesson, "--credentials", "metadata"], {
      env: await onInstance(metadata),
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^\d+\n$/);
  });

  test("means the role, whatever key lies about in the environment", async () => {
    const metadata = await role();
    const stray = { TENCENTCLOUD_SECRET_ID: "AKIDstray", TENCENTCLOUD_SECRET_KEY: "stray" };
    const env = { ...(await onInstance(metadata)), ...stray };
    const { code } = await bench.run(["upload", lesson, "--credentials", "metadata"], { env });
    expect(code).toBe(0);
  });

  test("where no role is bound: exit 4, and what to do", async () => {
    const metadata = await httpServer((_, response) => response.writeHead(404).end());
    const { code, stderr } = await bench.run(["upload", lesson, "--credentials", "metadata"], {
      env: await onInstance(metadata),
    });
    expect(code).toBe(4);
    expect(stderr).toContain("no role is bound to this instance; bind one in the console");
  });

  test("where nobody answers: exit 4 after 2 s", timing, async () => {
    const metadata = await httpServer(() => undefined);
    const env = await onInstance(metadata);
    const started = performance.now();
    const { code, stderr } = await bench.run(["upload", lesson, "--credentials", "metadata"], { env });
    expect(code).toBe(4);
    expect(stderr).toContain("no answer within 2 s; it is only there on a Tencent Cloud instance");
    expect(performance.now() - started).toBeLessThan(8_000);
  });

  test("takes no other value", async () => {
    const { code, stderr } = await bench.run(["upload", lesson, "--credentials", "env"]);
    expect(code).toBe(2);
    expect(stderr).toContain("--credentials");
  });
});

test("without it nobody asks the instance, not even when there is nothing else", async () => {
  const metadata = await role();
  const { code, stderr } = await bench.run(["upload", lesson], { env: await onInstance(metadata) });
  expect(code).toBe(4);
  expect(stderr).toContain("TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY are not set");
  expect(metadata.sockets).toHaveLength(0);
});
