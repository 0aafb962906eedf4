import { readFile } from "node:fs/promises";
import tls from "node:tls";
import { expect, test, vi } from "vitest";
import { buildConnector } from "undici";
import { startEmulator } from "../../src/emulator/index.ts";
import { proxyFromEnvironment } from "../../src/http/proxy.ts";
import { VodClient, type VodClientOptions } from "../../src/index.ts";
import { atEnd } from "../support/at-end.ts";
import { connectProxy } from "../support/connect-proxy.ts";
import { timing } from "../support/timing.ts";
import { slowLink } from "./support/slow-link.ts";

/** 64 kbit/s. */
const rate = 8_000;
const size = 96_000;
/** A chunk takes longer than this to leave, and all of it fits into the kernel's buffer. */
const limits = { headersMs: 3_000 };

const portOf = (origin: string): number => Number(new URL(origin).port);

async function start(options: Parameters<typeof startEmulator>[0] = {}) {
  const emulator = await startEmulator(options);
  atEnd(() => emulator.close());
  return emulator;
}

/** Uploads over a slow link: it succeeds at the first attempt, and takes as long as the link does. */
async function expectSlowly(
  emulator: Awaited<ReturnType<typeof start>>,
  options: Partial<VodClientOptions>,
  bytes: number = size,
): Promise<void> {
  const vod = new VodClient({ credentials: emulator, limits, ...options });
  atEnd(() => vod.close());
  const started = performance.now();
  const { transfer } = await vod.upload(Buffer.alloc(bytes, "a"), { mediaType: "mp4" });
  expect(transfer).toMatchObject({ retries: 0, verified: "crc64", parts: 1 });
  expect(performance.now() - started).toBeGreaterThan((0.9 * bytes * 1000) / rate);
}

/** The second goes out in one piece. */
const sizes = [size, 48_000];

test.for([false, true].flatMap((secure) => sizes.map((bytes) => [secure, bytes] as const)))(
  "64 kbit/s is no silence, TLS %s, %i bytes",
  timing,
  async ([secure, bytes]) => {
    const emulator = await start({ tls: secure });
    const port = await slowLink(portOf(emulator.origin), rate);
    const connect = buildConnector(
      emulator.caFile === undefined ? {} : { ca: await readFile(emulator.caFile, "utf8") },
    );
    const { vodEndpoint, cosEndpoint } = emulator;
    await expectSlowly(
      emulator,
      {
        vodEndpoint,
        cosEndpoint,
        dispatcher: { connect: (options, callback) => connect({ ...options, port: String(port) }, callback) },
      },
      bytes,
    );
  },
);

test("64 kbit/s is no silence through the tunnel of a proxy", timing, async () => {
  const emulator = await start({ tls: true });
  const proxy = await connectProxy({ route: () => portOf(emulator.origin) });
  const port = await slowLink(portOf(proxy.origin), rate);
  const ca = await readFile(emulator.caFile ?? "");
  const { connect } = tls;
  const spy = vi
    .spyOn(tls, "connect")
    .mockImplementation(((options: tls.ConnectionOptions, ...rest: never[]) =>
      connect({ ...options, ca }, ...rest)) as typeof tls.connect);
  atEnd(async () => spy.mockRestore());
  const dispatcher = await proxyFromEnvironment({ HTTPS_PROXY: `http://127.0.0.1:${port}` });
  await expectSlowly(emulator, { dispatcher });
  await dispatcher?.close();
});

test("64 kbit/s is no silence for the limits that everybody has", timing, async () => {
  const emulator = await start();
  const port = await slowLink(portOf(emulator.origin), rate);
  const connect = buildConnector({});
  const { vodEndpoint, cosEndpoint } = emulator;
  const dispatcher = {
    connect: ((options, callback) => connect({ ...options, port: String(port) }, callback)) as buildConnector.connector,
  };
  await expectSlowly(emulator, { vodEndpoint, cosEndpoint, dispatcher, limits: {} }, 290_000);
});
