import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Inspector } from "./inspected.ts";
import { resolveOptions, type EmulatorOptions } from "./options.ts";
import { listen } from "./server.ts";
import { World } from "./world.ts";

/** A running emulator. */
export interface Emulator extends Inspector {
  /** `http://127.0.0.1:port` (or `[::1]`), `https:` with TLS. */
  readonly origin: string;
  /** The same origin, as the two endpoints of a client. */
  readonly vodEndpoint: string;
  readonly cosEndpoint: string;
  readonly secretId: string;
  readonly secretKey: string;
  /** PEM file with the authority to trust, with TLS; removed by `close()`. */
  readonly caFile: string | undefined;
  /** Cuts all connections and refuses new ones, all state kept, until `online()`. */
  offline(): Promise<void>;
  online(): Promise<void>;
  /** Cuts all connections and leaves nothing behind but the objects of `dir`. */
  close(): Promise<void>;
  /** As `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts a strict stand-in of the VOD API and COS on one loopback port. It verifies signatures as the services
 * document them and refuses what they refuse; faults, the clock and the log are the tester's.
 *
 * @throws {TypeError} `ERR_INVALID_ARG_VALUE` for options that cannot be meant
 */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const settings = resolveOptions(options);
  const world = await World.open(settings);
  const listener = await listen(
    settings,
    (...exchange) => world.respond(...exchange),
    (...malformed) => world.refuseMalformed(...malformed),
  ).catch(async (error: unknown) => {
    await world.close();
    throw error;
  });
  const caFolder = listener.authority === undefined ? undefined : await mkdtemp(join(tmpdir(), "vodup-emulator-"));
  const caFile = caFolder === undefined ? undefined : join(caFolder, "ca.pem");
  if (caFile !== undefined) await writeFile(caFile, listener.authority ?? "");
  const host = settings.host === "::1" ? "[::1]" : settings.host;
  const origin = `${settings.tls ? "https" : "http"}://${host}:${listener.port}`;
  const close = async (): Promise<void> => {
    world.hangUp();
    await listener.close();
    await world.close();
    if (caFolder !== undefined) await rm(caFolder, { recursive: true, force: true });
  };
  return Object.assign(world.inspection, {
    origin,
    vodEndpoint: origin,
    cosEndpoint: origin,
    ...world.account,
    caFile,
    offline: () => listener.close(),
    online: () => listener.reopen(),
    close,
    [Symbol.asyncDispose]: close,
  });
}
