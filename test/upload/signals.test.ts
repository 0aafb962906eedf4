import { getEventListeners } from "node:events";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startEmulator, type Emulator } from "../../src/emulator/index.ts";
import { VodClient } from "../../src/index.ts";

let emulator: Emulator;
let vod: VodClient;

beforeEach(async () => {
  emulator = await startEmulator();
  const { secretId, secretKey, vodEndpoint, cosEndpoint } = emulator;
  vod = new VodClient({ credentials: { secretId, secretKey }, vodEndpoint, cosEndpoint });
});

afterEach(async () => {
  await vod.close();
  await emulator.close();
});

test("a signal shared by many uploads of many parts gets one listener from each, and keeps none", async () => {
  const warnings: Error[] = [];
  const onWarning = (warning: Error): unknown => warnings.push(warning);
  process.on("warning", onWarning);
  const { signal } = new AbortController();
  let most = 0;
  const uploads = Array.from({ length: 4 }, () =>
    vod.upload(new Uint8Array(24 * 2 ** 20), {
      mediaType: "mp4",
      partSize: 2 ** 20,
      concurrency: 12,
      signal,
      onCheckpoint: () => {
        most = Math.max(most, getEventListeners(signal, "abort").length);
      },
    }),
  );
  await Promise.all(uploads);
  // Warnings are told a tick later.
  await new Promise((resolve) => setImmediate(resolve));
  process.off("warning", onWarning);
  expect(most).toBeLessThanOrEqual(4);
  expect(getEventListeners(signal, "abort")).toEqual([]);
  expect(warnings).toEqual([]);
});
