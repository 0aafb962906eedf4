import { createHash } from "node:crypto";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { buildConnector as BuildConnector } from "undici";
import { buildConnector } from "undici";
import type { VodClientOptions } from "../../../src/client.ts";
import type { Emulator, EmulatorOptions, FaultRule } from "../../../src/emulator/index.ts";
import type { UploadOptions, UploadResult, UploadSource } from "../../../src/index.ts";
import { startEmulator } from "../../../src/emulator/index.ts";
import { VodClient, VodupError } from "../../../src/index.ts";

export const mib: number = 2 ** 20;

/** However badly things go, an upload must have ended after so long; each limit and delay below is far shorter. */
const boundMs = 30_000;

/** Bytes that differ in every word, so that no part can stand for another. */
export function bytes(size: number, salt = 0): Buffer {
  const words = new BigUint64Array(Math.ceil(size / 8)).map((_, index) => BigInt(index) * 0x9e3779b1n + BigInt(salt));
  return Buffer.from(words.buffer, 0, size);
}

export const sha256 = (content: Uint8Array): string => createHash("sha256").update(content).digest("hex");

/** An emulator of its own, a client whose sockets are watched, and what became of the uploads. */
export interface Trial {
  readonly emulator: Emulator;
  readonly vod: VodClient;
  readonly warnings: string[];
  upload(source: UploadSource, options?: UploadOptions): Promise<Outcome>;
  count(operation: string): number;
}

/** Whatever an upload ended with; `late` when it did not end in time. */
export interface Outcome {
  readonly result?: UploadResult | undefined;
  readonly error?: unknown;
  readonly late?: true;
}

export interface TrialOptions {
  readonly emulator?: EmulatorOptions | undefined;
  readonly client?: Partial<VodClientOptions> | undefined;
}

/** Runs one case and closes everything; answers what was wrong with it, an open socket included. */
export async function onTrial(
  { emulator: world = {}, client = {} }: TrialOptions,
  run: (trial: Trial) => Promise<string[]>,
): Promise<string[]> {
  const emulator = await startEmulator({ strictSignature: true, ...world });
  const sockets: Socket[] = [];
  const connect = buildConnector({ timeout: 3_000 });
  const vod = new VodClient({
    credentials: { secretId: emulator.secretId, secretKey: emulator.secretKey },
    vodEndpoint: emulator.vodEndpoint,
    cosEndpoint: emulator.cosEndpoint,
    partSize: mib,
    retry: { baseDelayMs: 2, throttleDelayMs: 4, maxDelayMs: 20 },
    // Long enough that no machine under load meets them by itself.
    limits: { connectMs: 3_000, headersMs: 3_000, bodyMs: 3_000, completeMs: 3_000 },
    dispatcher: {
      connect: (options: BuildConnector.Options, callback: BuildConnector.Callback) =>
        connect(options, (...outcome) => {
          if (outcome[1]) sockets.push(outcome[1]);
          callback(...outcome);
        }),
    },
    ...client,
  });
  const warnings: string[] = [];
  const trial: Trial = {
    emulator,
    vod,
    warnings,
    upload: (source, options = {}) =>
      bounded(
        vod.upload(source, { mediaType: "mp4", onWarning: ({ code }) => warnings.push(code), ...options }).then(
          (result): Outcome => ({ result }),
          (error: unknown): Outcome => ({ error }),
        ),
      ),
    count: (operation) => emulator.requests().filter((request) => request.operation === operation).length,
  };
  try {
    const problems = await run(trial);
    await vod.close();
    return [...problems, ...(await openSockets(sockets))];
  } finally {
    await vod.close();
    await emulator.close();
  }
}

async function bounded(uploading: Promise<Outcome>): Promise<Outcome> {
  const timer = new AbortController();
  const late = sleep(boundMs, { late: true } as const, { signal: timer.signal });
  late.catch(() => undefined);
  try {
    return await Promise.race([uploading, late]);
  } finally {
    timer.abort();
  }
}

/** A socket that is being closed when `close()` returns may take a turn or two to be gone. */
async function openSockets(sockets: readonly Socket[]): Promise<string[]> {
  for (let waited = 0; waited < 500; waited += 10) {
    if (sockets.every((socket) => socket.destroyed)) return [];
    await sleep(10);
  }
  return [`${sockets.filter((socket) => !socket.destroyed).length} sockets are open after close()`];
}

/** What an upload was meant to bring about. */
export interface Meant {
  readonly media: Uint8Array;
  readonly cover?: Uint8Array | undefined;
  /** A checkpoint was asked for: then a failure may leave parts. */
  readonly keepsParts?: boolean | undefined;
  /** Multipart uploads may have been opened whose ids never arrived here: they are open, and empty. */
  readonly mayOrphan?: boolean | undefined;
  /** CommitUpload was struck, and nothing could tell what became of it. */
  readonly mayBeUncertain?: boolean | undefined;
}

/** The invariants that hold whatever happened; answers those that do not. */
export async function violations(trial: Trial, outcome: Outcome, meant: Meant): Promise<string[]> {
  const { emulator, warnings } = trial;
  if (outcome.late === true) return ["it did not end"];
  const problems: string[] = [];
  const media = emulator.media();
  const committed = emulator.sessions().filter(({ state }) => state === "committed");
  if (committed.length > 1 || media.length > 1) problems.push(`${committed.length} sessions committed`);
  for (const { key, coverKey } of media) {
    if (!(await holds(emulator, key, meant.media))) problems.push("a wrong object was committed");
    if (meant.cover !== undefined && !(await holds(emulator, coverKey ?? "", meant.cover)))
      problems.push("a wrong cover was committed");
  }
  const open = emulator.uploads().filter(({ parts }) => parts.length > 0 || meant.mayOrphan !== true);
  const left = open.length;
  const kept = meant.keepsParts === true && outcome.error !== undefined;
  if (left > 0 && !kept && !warnings.includes("CLEAN_UP_FAILED")) problems.push(`${left} multipart uploads left open`);
  return [...problems, ...(outcome.result ? resultFlaws(outcome.result, media) : errorFlaws(outcome, media, meant))];
}

async function holds(emulator: Emulator, key: string, expected: Uint8Array): Promise<boolean> {
  return sha256(await emulator.readObject(key).catch(() => Buffer.from("absent"))) === sha256(expected);
}

function resultFlaws(result: UploadResult, media: readonly { fileId: string; mediaUrl: string }[]): string[] {
  const [only] = media;
  if (only === undefined) return ["success was reported, and nothing is committed"];
  const same = only.fileId === result.fileId && only.mediaUrl === result.mediaUrl;
  return same ? [] : [`reported ${result.fileId}, committed ${only.fileId}`];
}

function errorFlaws({ error }: Outcome, media: readonly unknown[], meant: Meant): string[] {
  if (!(error instanceof VodupError)) return [`failed with something else: ${String(error)}`];
  const problems: string[] = [];
  const uncertain = error.code === "COMMIT_UNCERTAIN";
  if (uncertain && meant.mayBeUncertain !== true) problems.push("COMMIT_UNCERTAIN though it could be settled");
  if (media.length > 0 && !uncertain) problems.push(`${error.code} was reported, and the media is committed`);
  if (error.stage === undefined || error.message.length < 10) problems.push(`${error.code} does not say what failed`);
  return problems;
}

/** How an upload ended, for the message of a case that should have ended otherwise. */
export function ending({ result, error, late }: Outcome): string {
  if (result !== undefined) return "success";
  if (late === true) return "nothing";
  return error instanceof VodupError ? `${error.code}: ${error.message}` : String(error);
}

/** The server goes away when a request arrives, and comes back. */
export async function outage(
  emulator: Emulator,
  operation: string,
  nth: number,
  ms: number,
  over: AbortSignal,
): Promise<void> {
  const arrived = (): boolean => emulator.requests().filter((one) => one.operation === operation).length >= nth;
  while (!arrived() && !over.aborted) await sleep(2);
  if (over.aborted) return;
  await emulator.offline();
  await sleep(ms);
  await emulator.online();
}

/** A fault for one request of an operation, or for all of them. */
export function rule(operation: string, fault: FaultRule["fault"], more: Partial<FaultRule> = {}): FaultRule {
  return { operation, ...more, fault };
}
