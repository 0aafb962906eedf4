import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { startEmulator, type Emulator, type EmulatorOptions, type FaultRule } from "../../src/emulator/index.ts";
import {
  VodClient,
  type Checkpoint,
  type UploadOptions,
  type UploadResult,
  type UploadSource,
} from "../../src/index.ts";
import type { VodClientOptions } from "../../src/client.ts";
import { atEnd } from "../support/at-end.ts";

export const mib: number = 2 ** 20;

export { atEnd };

export interface Bench {
  readonly emulator: Emulator;
  readonly vod: VodClient;
  /** Another client of the same emulator; closed by the end of the test. */
  client(options?: Partial<VodClientOptions>): VodClient;
}

/** An emulator and a client that is quick to retry and to lose patience. */
export async function bench(options: EmulatorOptions = {}, client: Partial<VodClientOptions> = {}): Promise<Bench> {
  const emulator = await startEmulator({ strictSignature: true, ...options });
  atEnd(() => emulator.close());
  const open = (more: Partial<VodClientOptions> = {}): VodClient => {
    const vod = new VodClient({
      credentials: { secretId: emulator.secretId, secretKey: emulator.secretKey },
      vodEndpoint: emulator.vodEndpoint,
      cosEndpoint: emulator.cosEndpoint,
      retry: { baseDelayMs: 2, throttleDelayMs: 2, maxDelayMs: 10 },
      limits: { connectMs: 1_000, headersMs: 400, bodyMs: 400, completeMs: 600 },
      ...client,
      ...more,
    });
    atEnd(() => vod.close());
    return vod;
  };
  return { emulator, vod: open(), client: open };
}

/** A file of random bytes that the end of the test removes. */
export async function tempFile(bytes: Uint8Array, name = "lesson.mp4"): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "vodup-test-"));
  atEnd(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

export const random = (size: number): Buffer => randomBytes(size);
export const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** Whatever an upload ends with. */
export interface Outcome {
  readonly result?: UploadResult;
  readonly error?: unknown;
}

export async function attempt(vod: VodClient, source: UploadSource, options: UploadOptions = {}): Promise<Outcome> {
  return vod.upload(source, { mediaType: "mp4", ...options }).then(
    (result) => ({ result }),
    (error: unknown) => ({ error }),
  );
}

/** The one media there is, its bytes equal to these; no upload left open. */
export async function expectCommittedOnce(emulator: Emulator, bytes: Uint8Array, result?: UploadResult): Promise<void> {
  const media = emulator.media();
  expect(media).toHaveLength(1);
  const [only] = media;
  if (only === undefined) return;
  expect(sha256(await emulator.readObject(only.key))).toBe(sha256(bytes));
  if (result !== undefined)
    expect({ fileId: result.fileId, mediaUrl: result.mediaUrl }).toEqual({
      fileId: only.fileId,
      mediaUrl: only.mediaUrl,
    });
  expect(emulator.uploads()).toEqual([]);
}

/** No media, and nothing that would be billed for ever. */
export function expectNothingCommitted(emulator: Emulator): void {
  expect(emulator.media()).toEqual([]);
  expect(emulator.uploads()).toEqual([]);
}

/** How often each operation was asked for. */
export function counts(emulator: Emulator): Record<string, number> {
  const seen: Record<string, number> = {};
  for (const { operation } of emulator.requests()) seen[operation] = (seen[operation] ?? 0) + 1;
  return seen;
}

/** A fault for the first `times` requests of an operation. */
export const once = (operation: string, fault: FaultRule["fault"], more: Partial<FaultRule> = {}): FaultRule => ({
  operation,
  times: 1,
  ...more,
  fault,
});

/** Collects checkpoints as JSON would keep them. */
export function collect(): {
  readonly all: Checkpoint[];
  readonly last: () => Checkpoint;
  readonly write: (checkpoint: Checkpoint) => void;
} {
  const all: Checkpoint[] = [];
  return {
    all,
    last: () => {
      const checkpoint = all.at(-1);
      if (checkpoint === undefined) throw new Error("there was no checkpoint");
      return checkpoint;
    },
    write: (checkpoint) => all.push(JSON.parse(JSON.stringify(checkpoint)) as Checkpoint),
  };
}
