import { Agent, buildConnector } from "undici";
import { afterEach, describe, expect, test } from "vitest";
import type { EmulatorOptions } from "../../src/emulator/index.ts";
import type { VodClientOptions } from "../../src/client.ts";
import { backupOrigin } from "../../src/cos/backup-origin.ts";
import { startEmulator } from "../../src/emulator/index.ts";
import { VodClient } from "../../src/index.ts";
import { httpServer } from "../support/raw-servers.ts";

const mib = 2 ** 20;
const stops: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

test.each([
  ["https://b-1250000000.cos.ap-singapore.myqcloud.com", "https://b-1250000000.cos.ap-singapore.tencentcos.cn"],
  ["https://b-1250000000.cos.ap-singapore.tencentcos.cn", undefined],
  ["https://b-1250000000.cos.accelerate.myqcloud.com", undefined],
  ["https://b-1250000000.cos-internal.ap-singapore.tencentcos.cn", undefined],
  ["https://b-1250000000.cos.ap-singapore.myqcloud.com:8443", undefined],
  ["https://b-1250000000.cos.ap-singapore.myqcloud.com.example.com", undefined],
  ["https://upload.example.com", undefined],
  ["http://127.0.0.1:9000", undefined],
])("%s has the backup %s", (origin, backup) => {
  expect(backupOrigin(origin)).toBe(backup);
});

/** What the default domain leads to. */
type Default = "the service" | "nobody" | { readonly status: number; readonly headers?: Record<string, string> };

/** An emulator that is reached under every name, but for the default domain of COS, and a client without a cosEndpoint. */
async function internet(
  there: Default,
  options: EmulatorOptions = {},
  client: Partial<VodClientOptions> = {},
): Promise<{ emulator: Awaited<ReturnType<typeof startEmulator>>; vod: VodClient; asked: string[] }> {
  const emulator = await startEmulator({ tls: true, strictSignature: true, ...options });
  stops.push(() => emulator.close());
  const asked: string[] = [];
  const stranger = await httpServer((request, response) => {
    request.resume();
    const { status, headers } = typeof there === "object" ? there : { status: 500, headers: {} };
    request.on("end", () => response.writeHead(status, headers).end("<html>not here</html>"));
  });
  const overTls = buildConnector({ rejectUnauthorized: false });
  const plain = buildConnector({});
  const dispatcher = new Agent({
    connect: (target, callback) => {
      asked.push(target.hostname);
      const isDefault = target.hostname.endsWith(".myqcloud.com");
      if (isDefault && there === "nobody") {
        const refused = Object.assign(new Error("refused"), { code: "ECONNREFUSED", syscall: "connect" });
        queueMicrotask(() => callback(refused, null));
        return;
      }
      const local = { ...target, hostname: "127.0.0.1", servername: "localhost" };
      if (isDefault && there !== "the service")
        plain({ ...local, protocol: "http:", port: new URL(stranger.origin).port }, callback);
      else overTls({ ...local, port: new URL(emulator.origin).port }, callback);
    },
  });
  stops.push(() => dispatcher.destroy());
  const vod = new VodClient({
    credentials: { secretId: emulator.secretId, secretKey: emulator.secretKey },
    vodEndpoint: emulator.vodEndpoint,
    dispatcher,
    retry: { baseDelayMs: 2, throttleDelayMs: 2, maxDelayMs: 10 },
    ...client,
  });
  stops.push(() => vod.close());
  return { emulator, vod, asked };
}

const send = (vod: VodClient) => vod.upload(Buffer.alloc(3 * mib + 1, 7), { mediaType: "mp4", partSize: mib });

describe("the default domain of a bucket", () => {
  test("is used alone as long as it answers, whatever it says", async () => {
    const slow = {
      kind: "answer",
      status: 503,
      headers: { "x-cos-request-id": "a" },
      body: "<Error><Code>SlowDown</Code></Error>",
    } as const;
    const { emulator, vod, asked } = await internet("the service", {
      faults: [{ operation: "UploadPart", times: 4, fault: slow }],
    });
    const { fileId } = await send(vod);
    expect(emulator.media().map((media) => media.fileId)).toEqual([fileId]);
    expect(asked.filter((host) => host.includes("tencentcos"))).toEqual([]);
  });

  test.each<[string, Default]>([
    ["cannot be reached", "nobody"],
    ["is redirected", { status: 302, headers: { location: "https://login.example.com" } }],
    ["is answered for by a gateway", { status: 502 }],
    ["is answered for by a portal", { status: 200 }],
  ])("is left for tencentcos.cn when it %s", async (_, there) => {
    const { emulator, vod, asked } = await internet(there);
    const { fileId } = await send(vod);
    expect(emulator.media().map((media) => media.fileId)).toEqual([fileId]);
    expect(emulator.uploads()).toEqual([]);
    const hosts = new Set(emulator.requests().flatMap(({ api, headers }) => (api === "cos" ? [headers["host"]] : [])));
    expect([...hosts]).toEqual([expect.stringMatching(/^[a-z0-9-]+\.cos\.[a-z0-9-]+\.tencentcos\.cn$/)]);
    const before = asked.length;
    await send(vod);
    expect(asked.slice(before).filter((host) => host.endsWith("myqcloud.com"))).toEqual([]);
  });

  test("is not left for a refusal, though it is not COS that refuses", async () => {
    const { emulator, vod, asked } = await internet({ status: 403 });
    await expect(send(vod)).rejects.toMatchObject({ code: "BAD_ANSWER", status: 403, retryable: false, attempts: 1 });
    expect(asked.filter((host) => host.includes("tencentcos"))).toEqual([]);
    expect(emulator.media()).toEqual([]);
  });

  test("that somebody else gave is never left", async () => {
    const { vod, asked } = await internet(
      "nobody",
      {},
      { cosEndpoint: "https://{bucket}.cos.accelerate.myqcloud.com" },
    );
    await expect(send(vod)).rejects.toMatchObject({ code: "NETWORK", attempts: 6 });
    expect(asked.filter((host) => host.includes("tencentcos"))).toEqual([]);
  });

  test("that redirects, as its backup does, is a final error", async () => {
    const { vod } = await internet(
      { status: 307 },
      {
        faults: [
          { operation: "cos", fault: { kind: "answer", status: 302, headers: { location: "https://x.example" } } },
        ],
      },
    );
    await expect(send(vod)).rejects.toMatchObject({ code: "BAD_ANSWER", status: 302, retryable: false, attempts: 2 });
  });
});
