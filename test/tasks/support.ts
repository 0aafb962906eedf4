import type { Emulator, EmulatorOptions } from "../../src/emulator/index.ts";
import type { VodClientOptions } from "../../src/index.ts";
import { startEmulator } from "../../src/emulator/index.ts";
import { VodClient } from "../../src/index.ts";
import { atEnd } from "../support/at-end.ts";

export interface Scene {
  readonly emulator: Emulator;
  readonly vod: VodClient;
  /** Uploads a tiny media. */
  readonly upload: (options?: Parameters<VodClient["upload"]>[1]) => Promise<string>;
  readonly requests: (operation: string) => ReturnType<Emulator["requests"]>;
}

/** An emulator and a client of it that are closed at the end of the test. */
export async function scene(options: EmulatorOptions = {}, client: Partial<VodClientOptions> = {}): Promise<Scene> {
  const emulator = await startEmulator({ pullWaitMs: 40, tasks: { processingMs: 30 }, ...options });
  atEnd(() => emulator.close());
  const vod = new VodClient({
    credentials: { secretId: emulator.secretId, secretKey: emulator.secretKey },
    vodEndpoint: emulator.vodEndpoint,
    cosEndpoint: emulator.cosEndpoint,
    retry: { attempts: 2, baseDelayMs: 1, throttleDelayMs: 1 },
    ...client,
  });
  atEnd(() => vod.close());
  return {
    emulator,
    vod,
    upload: async (uploadOptions = {}) => {
      const { fileId } = await vod.upload(Buffer.from("media"), { mediaType: "mp4", ...uploadOptions });
      return fileId;
    },
    requests: (operation) => emulator.requests().filter((request) => request.operation === operation),
  };
}

/** An answer of the VOD API with this error. */
export function refusal(code: string): { kind: "answer"; status: number; body: string } {
  const body = JSON.stringify({ Response: { Error: { Code: code, Message: "no" }, RequestId: "r" } });
  return { kind: "answer", status: 200, body };
}

export function answer(response: object): { kind: "answer"; status: number; body: string } {
  return { kind: "answer", status: 200, body: JSON.stringify({ Response: { RequestId: "r", ...response } }) };
}
