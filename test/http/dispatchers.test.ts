import { createHash, randomBytes } from "node:crypto";
import { Agent, EnvHttpProxyAgent, Pool, ProxyAgent, RetryAgent, interceptors } from "undici";
import type { Dispatcher } from "undici";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { VodClient } from "../../src/index.ts";
import type { VodClientOptions } from "../../src/index.ts";
import { startEmulator } from "../../src/emulator/index.ts";
import type { ConnectProxy } from "../support/connect-proxy.ts";
import { connectProxy } from "../support/connect-proxy.ts";
import { httpServer } from "../support/raw-servers.ts";

type Emulator = Awaited<ReturnType<typeof startEmulator>>;

const bytes = randomBytes(3 * 2 ** 20 + 17);
const sha256 = createHash("sha256").update(bytes).digest("hex");

let emulator: Emulator;
let proxy: ConnectProxy;
const opened: Dispatcher[] = [];

beforeAll(async () => {
  emulator = await startEmulator();
});
afterAll(() => emulator.close());
beforeEach(async () => {
  proxy = await connectProxy({ route: (authority) => Number(authority.split(":")[1]) });
});
afterEach(async () => {
  emulator.setFaults([]);
  emulator.clearRequests();
  for (const dispatcher of opened.splice(0)) await dispatcher.destroy();
});

function clientOf(dispatcher: NonNullable<VodClientOptions["dispatcher"]>): VodClient {
  return new VodClient({
    credentials: { secretId: emulator.secretId, secretKey: emulator.secretKey },
    vodEndpoint: emulator.vodEndpoint,
    cosEndpoint: emulator.cosEndpoint,
    dispatcher,
    retry: { attempts: 3, baseDelayMs: 1, throttleDelayMs: 1 },
  });
}

function keep<D extends Dispatcher>(dispatcher: D): D {
  opened.push(dispatcher);
  return dispatcher;
}

const retryEagerly = { minTimeout: 1, maxTimeout: 1 };

const kinds: [string, () => Dispatcher][] = [
  ["Agent", () => new Agent()],
  ["Agent that pipelines", () => new Agent({ pipelining: 4, connections: 2 })],
  ["Pool of the one origin", () => new Pool(emulator.origin, { connections: 4 })],
  ["ProxyAgent", () => new ProxyAgent(proxy.origin)],
  ["EnvHttpProxyAgent", () => new EnvHttpProxyAgent({ httpProxy: proxy.origin, noProxy: "" })],
  ["Agent with the retry interceptor", () => new Agent().compose(interceptors.retry(retryEagerly))],
  ["Agent with the redirect interceptor", () => new Agent().compose(interceptors.redirect({ maxRedirections: 3 }))],
  ["Agent with the DNS interceptor", () => new Agent().compose(interceptors.dns())],
  ["Agent with the cache interceptor", () => new Agent().compose(interceptors.cache())],
  ["Agent with decompression", () => new Agent().compose(interceptors.decompress())],
  ["RetryAgent", () => new RetryAgent(new Agent(), retryEagerly)],
];

describe.each(kinds)("%s", (_, make) => {
  const faults = {
    "no fault": [],
    "a part refused": [{ operation: "UploadPart", nth: 2, fault: { kind: "answer", status: 503 } }],
    "a part cut off": [{ operation: "UploadPart", nth: 2, fault: { kind: "reset-after-bytes", bytes: 300_000 } }],
    "a part stored, its answer lost": [{ operation: "UploadPart", nth: 1, fault: { kind: "reset-after-effect" } }],
  } as const;

  test.each(Object.entries(faults))("uploads what was given: %s", async (_name, rules) => {
    emulator.setFaults(rules);
    const dispatcher = keep(make());
    const vod = clientOf(dispatcher);
    const { fileId, transfer } = await vod.upload(bytes, { mediaType: "mp4", partSize: 2 ** 20, concurrency: 2 });
    const media = emulator.media().find((one) => one.fileId === fileId);
    const stored = await emulator.readObject(media?.key ?? "");
    expect(createHash("sha256").update(stored).digest("hex")).toBe(sha256);
    expect(transfer).toMatchObject({ parts: 4, verified: "crc64" });
    expect(emulator.requests().filter(({ code }) => code === "SignatureDoesNotMatch")).toEqual([]);
    await vod.close();
    // It is the caller's: closing the client leaves it open.
    const answer = await dispatcher.request({ origin: emulator.origin, path: "/", method: "GET" });
    await answer.body.dump();
    expect(answer.statusCode).toBeGreaterThan(0);
  });
});

describe("interceptors that would do harm", () => {
  test("a retry interceptor does not hide the service's answers from our own retries", async () => {
    const vod = clientOf(keep(new Agent().compose(interceptors.retry(retryEagerly))));
    emulator.setFaults([{ operation: "PutObject", fault: { kind: "answer", status: 503 } }]);
    await expect(vod.upload(Buffer.from("x"), { mediaType: "mp4" })).rejects.toMatchObject({
      code: "BAD_ANSWER",
      status: 503,
      attempts: 3,
    });
    expect(emulator.requests().filter(({ operation }) => operation === "PutObject")).toHaveLength(3);
    await vod.close();
  });

  test("a redirect is not followed: the token would go to another host", async () => {
    let visits = 0;
    const elsewhere = await httpServer((_request, response) => {
      visits += 1;
      response.end();
    });
    const headers = { location: `${elsewhere.origin}/login` };
    emulator.setFaults([{ operation: "*", fault: { kind: "answer", status: 307, headers } }]);
    const vod = clientOf(keep(new Agent().compose(interceptors.redirect({ maxRedirections: 3 }))));
    await expect(vod.call("DescribeSubAppIds", {})).rejects.toMatchObject({ code: "BAD_ANSWER", status: 307 });
    expect(visits).toBe(0);
    await vod.close();
  });

  test("one that makes errors of answers is named", async () => {
    emulator.setFaults([{ operation: "PutObject", fault: { kind: "answer", status: 403, body: "<Error/>" } }]);
    const vod = clientOf(keep(new Agent().compose(interceptors.responseError())));
    await expect(vod.upload(Buffer.from("x"), { mediaType: "mp4" })).rejects.toMatchObject({
      code: "BAD_ANSWER",
      status: 403,
      retryable: false,
      message: expect.stringContaining("without the responseError interceptor"),
    });
    await vod.close();
  });

  test.each([false, true])(
    "trace context that is added after signing breaks no signature, strict mode: %s",
    async (strict) => {
      const traced = await startEmulator({ strictSignature: strict });
      const added = {
        traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        tracestate: "vendor=1",
        baggage: "user=2",
        "sentry-trace": "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1",
        "x-datadog-trace-id": "1",
      };
      const tracing: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (options, handler) =>
        dispatch({ ...options, headers: { ...(options.headers as Record<string, string>), ...added } }, handler);
      const { secretId, secretKey, vodEndpoint, cosEndpoint } = traced;
      const dispatcher = keep(new Agent().compose(tracing));
      const vod = new VodClient({ credentials: { secretId, secretKey }, vodEndpoint, cosEndpoint, dispatcher });
      await vod.upload(bytes, { mediaType: "mp4", partSize: 2 ** 20 });
      expect(traced.requests().map(({ operation }) => operation)).toContain("CompleteMultipartUpload");
      for (const { headers, verified, status } of traced.requests()) {
        expect(headers).toMatchObject(added);
        expect({ verified, status }).toEqual({ verified: true, status: 200 });
      }
      await vod.close();
      await traced.close();
    },
  );
});

describe("what is no dispatcher is refused, naming the option:", () => {
  const refused: [string, unknown][] = [
    ["a function", () => undefined],
    ["a string", "http://127.0.0.1:3128"],
    ["null", null],
    ["half a dispatcher", { dispatch: () => true }],
    ["an object of a class that does not dispatch", new URLSearchParams()],
    ["a list", []],
    ["a class instead of its object", Agent],
  ];
  test.each(refused)("%s", (_, dispatcher) => {
    expect(() => clientOf(dispatcher as Dispatcher)).toThrow(
      expect.objectContaining({
        code: "ERR_INVALID_ARG_VALUE",
        message: expect.stringMatching(/^dispatcher: must be an undici Dispatcher/),
      }),
    );
  });
});
