import { readFile } from "node:fs/promises";
import tls from "node:tls";
import { inspect } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type { Dispatcher } from "../../src/http/dispatcher.ts";
import { proxyFromEnvironment } from "../../src/http/proxy.ts";
import type { VodClientOptions } from "../../src/index.ts";
import { VodClient } from "../../src/index.ts";
import { startEmulator } from "../../src/emulator/index.ts";
import type { ConnectProxyOptions } from "../support/connect-proxy.ts";
import { connectProxy } from "../support/connect-proxy.ts";
import { closedPort } from "../support/raw-servers.ts";
import { timing } from "../support/timing.ts";

type Emulator = Awaited<ReturnType<typeof startEmulator>>;

const token = "exampleSecurityToken";
const apiHost = "vod.intl.tencentcloudapi.com:443";

let emulator: Emulator;
let plain: Emulator;
const opened: Dispatcher[] = [];

beforeAll(async () => {
  emulator = await startEmulator({ tls: true, token });
  plain = await startEmulator({ token });
  const ca = await readFile(emulator.caFile ?? "");
  const connect = tls.connect;
  // What NODE_EXTRA_CA_CERTS does for a process: the emulator shows certificates of the services' real names.
  vi.spyOn(tls, "connect").mockImplementation(((options: tls.ConnectionOptions, ...rest: never[]) =>
    connect({ ...options, ca }, ...rest)) as typeof tls.connect);
});

afterAll(async () => {
  vi.restoreAllMocks();
  await emulator.close();
  await plain.close();
});

afterEach(async () => {
  for (const dispatcher of opened.splice(0)) await dispatcher.destroy();
});

const portOf = (origin: string): number => Number(new URL(origin).port);
const toEmulator: ConnectProxyOptions = { route: () => portOf(emulator.origin) };

/** A client of the services' real host names, which only the proxy can reach. */
async function clientVia(env: NodeJS.ProcessEnv, options: Partial<VodClientOptions> = {}, connectMs?: number) {
  const dispatcher = await proxyFromEnvironment(env, connectMs);
  if (dispatcher !== undefined) opened.push(dispatcher);
  return new VodClient({
    credentials: { secretId: emulator.secretId, secretKey: emulator.secretKey, token },
    dispatcher,
    retry: { attempts: 2, baseDelayMs: 1 },
    ...options,
  });
}

describe("HTTPS_PROXY", () => {
  test("carries a whole upload, to both services, and nothing of it in clear", async () => {
    const proxy = await connectProxy(toEmulator);
    const vod = await clientVia({ HTTPS_PROXY: proxy.origin });
    const bytes = Buffer.alloc(3 * 2 ** 20, "plain text of the media ");
    const { transfer } = await vod.upload(bytes, { mediaType: "mp4", partSize: 2 ** 20 });
    expect(transfer).toMatchObject({ parts: 3, verified: "crc64" });
    expect([...new Set(proxy.tunnels)]).toEqual([
      apiHost,
      expect.stringMatching(/^[a-z0-9-]+-\d+\.cos\.ap-singapore\.myqcloud\.com:443$/),
    ]);
    const seen = proxy.received();
    expect(seen.byteLength).toBeGreaterThan(bytes.byteLength);
    const secrets = [
      emulator.secretId,
      emulator.secretKey,
      token,
      "q-signature",
      "TC3-HMAC",
      "plain text of the media",
    ];
    for (const secret of secrets) expect(seen.includes(secret), secret).toBe(false);
    await vod.close();
  });

  test.each(["HTTPS_PROXY", "https_proxy"])("is read from %s, also without a scheme", async (name) => {
    const proxy = await connectProxy(toEmulator);
    const vod = await clientVia({ [name]: proxy.host });
    await vod.call("DescribeSubAppIds", {});
    expect(proxy.tunnels).toEqual([apiHost]);
    await vod.close();
  });

  test("in lower case comes before that in capitals", async () => {
    const proxy = await connectProxy(toEmulator);
    const vod = await clientVia({ HTTPS_PROXY: `http://127.0.0.1:${await closedPort()}`, https_proxy: proxy.origin });
    await vod.call("DescribeSubAppIds", {});
    expect(proxy.tunnels).toHaveLength(1);
    await vod.close();
  });

  test("gives its user name and password to the proxy, and to the proxy only", async () => {
    const proxy = await connectProxy(toEmulator);
    const vod = await clientVia({ HTTPS_PROXY: `http://us%40er:pass%3Aword@${proxy.host}` });
    await vod.call("DescribeSubAppIds", {});
    const expected = Buffer.from("us@er:pass:word").toString("base64");
    expect(proxy.heads[0]).toMatch(new RegExp(`^proxy-authorization: Basic ${expected}$`, "m"));
    expect(emulator.requests().at(-1)?.headers).not.toHaveProperty("proxy-authorization");
    await vod.close();
  });

  test("may have a user name alone", async () => {
    const proxy = await connectProxy(toEmulator);
    const vod = await clientVia({ HTTPS_PROXY: `http://user@${proxy.host}` });
    await vod.call("DescribeSubAppIds", {});
    expect(proxy.heads[0]).toMatch(new RegExp(`Basic ${Buffer.from("user:").toString("base64")}$`, "m"));
    await vod.close();
  });

  test.each([{}, { HTTPS_PROXY: "" }, { HTTPS_PROXY: "  " }, { HTTP_PROXY: "http://127.0.0.1:1" }])(
    "is not made up from %o",
    async (env) => {
      expect(await proxyFromEnvironment(env)).toBeUndefined();
    },
  );

  test.each(["socks5://user:hunter2@127.0.0.1:1", "http://user:hunter2@", "ht!tp://hunter2", "http://%E0hunter2@host"])(
    "is refused when it is no HTTP proxy's URL, without showing it: %s",
    async (text) => {
      const refusal = await proxyFromEnvironment({ HTTPS_PROXY: text }).catch((error: unknown) => error);
      expect(refusal).toMatchObject({
        name: "TypeError",
        code: "ERR_INVALID_ARG_VALUE",
        message: "HTTPS_PROXY: must be the URL of an HTTP proxy, such as http://proxy.example.com:3128",
      });
      expect(inspect(refusal)).not.toContain("hunter2");
    },
  );
});

describe("what goes past the proxy", () => {
  test.each([
    ["the exact name", "127.0.0.1"],
    ["the name with its port", "127.0.0.1:PORT"],
    ["one of several", "example.com, 127.0.0.1"],
    ["everything", "*"],
  ])("a host of NO_PROXY: %s", async (_, list) => {
    const proxy = await connectProxy(toEmulator);
    const noProxy = list.replace("PORT", String(portOf(emulator.origin)));
    const vod = await clientVia(
      { HTTPS_PROXY: proxy.origin, NO_PROXY: noProxy },
      { vodEndpoint: emulator.vodEndpoint, cosEndpoint: emulator.cosEndpoint },
    );
    await vod.upload(Buffer.from("x"), { mediaType: "mp4" });
    expect(proxy.sockets).toHaveLength(0);
    await vod.close();
  });

  test("not a host of another port, and not a host that only ends alike", async () => {
    const proxy = await connectProxy(toEmulator);
    const vod = await clientVia({ HTTPS_PROXY: proxy.origin, NO_PROXY: `intl.tencentcloudapi.com:8443,dapi.com` });
    await vod.call("DescribeSubAppIds", {});
    expect(proxy.tunnels).toEqual([apiHost]);
    await vod.close();
  });

  test("http: to a loopback endpoint, whatever HTTP_PROXY says: it would be read there", async () => {
    const proxy = await connectProxy(toEmulator);
    const env = { HTTPS_PROXY: proxy.origin, HTTP_PROXY: proxy.origin, http_proxy: proxy.origin };
    const vod = await clientVia(env, {
      credentials: { secretId: plain.secretId, secretKey: plain.secretKey, token },
      vodEndpoint: plain.vodEndpoint,
      cosEndpoint: plain.cosEndpoint,
    });
    await vod.upload(Buffer.from("x"), { mediaType: "mp4" });
    expect(proxy.sockets).toHaveLength(0);
    await vod.close();
  });
});

describe("a proxy that does not let through", () => {
  const refusing = (refuse: ConnectProxyOptions["refuse"]) => connectProxy({ ...toEmulator, refuse });

  test("407: PROXY with the remedy, not tried again, the password not shown", async () => {
    const proxy = await refusing(
      () => 'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="x"\r\n\r\n',
    );
    const vod = await clientVia({ HTTPS_PROXY: `http://user:hunter2@${proxy.host}` });
    const refusal = await vod.call("DescribeSubAppIds", {}).catch((error: unknown) => error);
    expect(refusal).toMatchObject({
      name: "NetworkError",
      code: "PROXY",
      status: 407,
      phase: "connect",
      retryable: false,
      attempts: 1,
      message: expect.stringMatching(/the proxy refused the tunnel to vod\.intl.* with 407; .*HTTPS_PROXY/),
    });
    expect(inspect(refusal, { depth: 10 })).not.toMatch(/hunter2|dXNlcjpodW50ZXIy/);
    await vod.close();
  });

  test("403: PROXY, not tried again", async () => {
    const proxy = await refusing(() => "HTTP/1.1 403 Forbidden\r\n\r\n");
    const vod = await clientVia({ HTTPS_PROXY: proxy.origin });
    await expect(vod.call("DescribeSubAppIds", {})).rejects.toMatchObject({ code: "PROXY", status: 403, attempts: 1 });
    await vod.close();
  });

  test.each([502, 503, 504])(
    "%s: PROXY, tried again, even for calls with an effect: nothing was sent",
    async (status) => {
      const proxy = await refusing(() => `HTTP/1.1 ${status} No\r\n\r\n`);
      const vod = await clientVia({ HTTPS_PROXY: proxy.origin });
      await expect(vod.call("ModifyMediaInfo", { FileId: "1" })).rejects.toMatchObject({
        code: "PROXY",
        status,
        retryable: true,
        attempts: 2,
      });
      await vod.close();
    },
  );

  test("once, and then does: the call goes through", async () => {
    let count = 0;
    const proxy = await refusing(() => ((count += 1) === 1 ? "HTTP/1.1 502 Bad Gateway\r\n\r\n" : undefined));
    const vod = await clientVia({ HTTPS_PROXY: proxy.origin });
    await vod.call("DescribeSubAppIds", {});
    expect(proxy.tunnels).toEqual([apiHost, apiHost]);
    await vod.close();
  });

  test("by closing the connection: PROXY naming it, after the attempts that were asked for", async () => {
    const proxy = await refusing(() => "close");
    const vod = await clientVia({ HTTPS_PROXY: proxy.origin });
    await expect(vod.call("DescribeSubAppIds", {})).rejects.toMatchObject({
      code: "PROXY",
      retryable: true,
      attempts: 2,
      message: expect.stringContaining(`the proxy ${proxy.host} cannot be used`),
    });
    expect(proxy.sockets.length).toBe(2);
    await vod.close();
  });

  test("since nobody is there: PROXY naming it", async () => {
    const port = await closedPort();
    const vod = await clientVia({ HTTPS_PROXY: `http://user:hunter2@127.0.0.1:${port}` });
    const refusal = await vod.call("DescribeSubAppIds", {}).catch((error: unknown) => error);
    expect(refusal).toMatchObject({
      code: "PROXY",
      phase: "connect",
      retryable: true,
      message: expect.stringMatching(new RegExp(`the proxy 127.0.0.1:${port} cannot be used: .*ECONNREFUSED`)),
    });
    expect(inspect(refusal, { depth: 10 })).not.toMatch(/hunter2|dXNlcjpodW50ZXIy/);
    await vod.close();
  });

  test("and says nothing: an abort ends the wait", async () => {
    const proxy = await refusing(() => "silence");
    const vod = await clientVia({ HTTPS_PROXY: proxy.origin });
    const reason = new Error("enough");
    const abort = new AbortController();
    setTimeout(() => abort.abort(reason), 50);
    await expect(vod.call("DescribeSubAppIds", {}, { signal: abort.signal })).rejects.toBe(reason);
    await vod.close();
  });

  test("and says nothing: PROXY after the connect limit", timing, async () => {
    const proxy = await refusing(() => "silence");
    const vod = await clientVia({ HTTPS_PROXY: proxy.origin }, { retry: { attempts: 1 } }, 1_000);
    const started = performance.now();
    await expect(vod.call("DescribeSubAppIds", {})).rejects.toMatchObject({
      code: "PROXY",
      message: expect.stringContaining("no answer within 1 s"),
    });
    expect(performance.now() - started).toBeLessThan(4_000);
    await vod.close();
  });
});
