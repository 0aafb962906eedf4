import { inspect } from "node:util";
import { expect } from "vitest";
import { describeError } from "../../src/cli/report-error.ts";
import { visibleLine } from "../../src/cli/terminal.ts";
import { VodClient, VodupError, type UploadOptions, type UploadSource } from "../../src/index.ts";
import type { VodClientOptions } from "../../src/client.ts";
import { accountToken, sessionKey, uploadToken } from "./reflecting-service.ts";

export const accountKey = "Acc0untSecretKey0123456789abcdef";
const uploadKey = "uploadSecretKey";

/** One upload to a hostile service, or of a hostile source. @returns `done`, or the error's code, after it was looked at */
export async function outcomeOf(
  origin: string,
  source: UploadSource,
  options: UploadOptions = {},
  client: Partial<VodClientOptions> = {},
): Promise<string> {
  const vod = new VodClient({
    credentials: { secretId: "AKIDa", secretKey: accountKey, token: accountToken },
    vodEndpoint: origin,
    cosEndpoint: origin,
    retry: { attempts: 2, baseDelayMs: 0, throttleDelayMs: 0, maxDelayMs: 0, maxRetryAfterMs: 0 },
    limits: { connectMs: 2_000, headersMs: 2_000, bodyMs: 2_000, completeMs: 2_000 },
    ...client,
  });
  const told: unknown[] = [];
  const hear = (one: unknown): void => void told.push(one);
  const begun = performance.now();
  const before = process.memoryUsage().rss;
  const code = await vod.upload(source, { mediaType: "mp4", onWarning: hear, onRetry: hear, ...options }).then(
    (result) => (hear(result), "done"),
    (error: unknown) => (expectPlain(error), hear(error), (error as VodupError).code),
  );
  await vod.close();
  expect(performance.now() - begun).toBeLessThan(20_000);
  expect(process.memoryUsage().rss - before).toBeLessThan(512 * 2 ** 20);
  const text = told.map((one) => inspect(one, { depth: 9 }) + JSON.stringify(one)).join("\n");
  for (const secret of [accountKey, accountToken, uploadToken, uploadKey, sessionKey]) {
    expect(text.includes(secret), text.slice(0, 4_000)).toBe(false);
  }
  return code;
}

/** An error of a class of ours, with a message that a terminal may be given and a person read. */
export function expectPlain(error: unknown): void {
  expect(error).toBeInstanceOf(VodupError);
  const { message } = describeError(error);
  expect(message.length).toBeLessThan(10_000);
  expect(visibleLine(message)).not.toMatch(/(?!\n)[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
}
