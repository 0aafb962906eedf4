import { request } from "node:http";
import { join } from "node:path";
import { VodClient } from "vodup";
import { startEmulator, type Emulator } from "vodup/emulator";
import { signTc3 } from "vodup/signing";
import { onTestFinished } from "vitest";

export const media: string = join(import.meta.dirname, "../../../fixtures/media");

/** An emulator with its page and a client of it, closed when the test ends. */
export async function emulated(): Promise<{ emulator: Emulator; vod: VodClient }> {
  const emulator = await startEmulator();
  const vod = new VodClient({
    credentials: { secretId: emulator.secretId, secretKey: emulator.secretKey },
    vodEndpoint: emulator.vodEndpoint,
    cosEndpoint: emulator.cosEndpoint,
  });
  onTestFinished(async () => {
    // First the emulator: what is still being sent then ends at once.
    await emulator.close();
    await vod.close();
  });
  return { emulator, vod };
}

/** ApplyUpload, its host signed without the port: what clients do that do not know of ports. */
export async function sendWronglySigned({ origin, secretId, secretKey }: Emulator): Promise<void> {
  const { hostname } = new URL(origin);
  const timestamp = Math.floor(Date.now() / 1000);
  const body = '{"MediaType":"mp4"}';
  const headers = { "content-type": "application/json", "x-tc-action": "ApplyUpload" };
  const parts = { method: "POST", host: hostname, headers, body, service: "vod", timestamp };
  const { authorization } = signTc3(parts, { secretId, secretKey });
  const more = { "x-tc-version": "2018-07-17", "x-tc-timestamp": timestamp, "x-tc-region": "ap-singapore" };
  await new Promise<void>((resolve, reject) => {
    const sent = request(origin, { method: "POST", headers: { ...headers, ...more, authorization } }, (answer) => {
      answer.resume();
      answer.on("end", resolve);
    });
    sent.on("error", reject);
    sent.end(body);
  });
}
