import { PassThrough, Readable } from "node:stream";
import { expect, test } from "vitest";
import type { UploadOptions, UploadSource } from "../../src/index.ts";
import type { Outcome, Trial } from "./support/trial.ts";
import { VodupError } from "../../src/index.ts";
import { bytes, mib, onTrial, sha256 } from "./support/trial.ts";
import { seedOf, seeded, soakSeconds, weatherRules } from "./support/weather.ts";

/** What the caller's own code throws; told from everything of the package's. */
class Own extends Error {}

interface Job {
  readonly name: string;
  readonly content: Buffer;
  readonly outcome: Outcome;
  /** What it may have failed with beside what the network did. */
  readonly own: unknown;
  readonly signal: AbortSignal;
  readonly mayFailOf: "stream" | undefined;
}

/** A function that throws, or rejects, at its n-th call. */
function failing(own: Own, nth: number, rejects: boolean): () => void {
  let calls = 0;
  return () => {
    calls += 1;
    if (calls !== nth) return undefined;
    if (rejects) return Promise.reject(own) as unknown as undefined;
    throw own;
  };
}

function handlers(random: () => number, own: Own): UploadOptions {
  const names = ["onProgress", "onRetry", "onWarning", "onCheckpoint", "onFailure"] as const;
  const chosen = names.filter(() => random() < 0.3);
  const made = chosen.map((name) => [name, failing(own, 1 + Math.floor(random() * 8), random() < 0.5)] as const);
  // A checkpoint would keep parts: what is left behind is not the question here.
  return {
    ...(Object.fromEntries(made) as UploadOptions),
    ...(chosen.includes("onFailure") ? {} : { onFailure: "abort" }),
  };
}

/** The bytes as they are, as a stream, or as a stream that fails: before anybody listens, at once, or on its way. */
function sourceOf(content: Buffer, random: () => number): { source: UploadSource; mayFailOf: Job["mayFailOf"] } {
  const choice = random();
  if (choice < 0.4) return { source: content, mayFailOf: undefined };
  const pieces = function* (): Generator<Buffer> {
    for (let from = 0; from < content.length; from += 70_001) yield content.subarray(from, from + 70_001);
  };
  if (choice < 0.6) return { source: Readable.from(pieces()), mayFailOf: undefined };
  const stream = new PassThrough();
  const ms = choice < 0.7 ? 0 : Math.floor(random() * 60);
  if (choice < 0.65) stream.destroy(new Error("camera unplugged"));
  else setTimeout(() => stream.destroy(new Error("camera unplugged")), ms);
  Readable.from(pieces()).pipe(stream);
  return { source: stream, mayFailOf: "stream" };
}

async function judge({ emulator }: Trial, jobs: readonly Job[]): Promise<string[]> {
  const problems: string[] = [];
  const committed = new Map<string, string[]>();
  for (const { fileId, key, fields } of emulator.media()) {
    const context = fields["SourceContext"];
    const name = typeof context === "string" ? context : "";
    committed.set(name, [...(committed.get(name) ?? []), fileId]);
    const job = jobs.find((one) => one.name === name);
    if (sha256(await emulator.readObject(key)) !== sha256(job?.content ?? Buffer.alloc(0)))
      problems.push(`${name}: a wrong object was committed`);
  }
  for (const { name, outcome, own, signal, mayFailOf } of jobs) {
    const medias = committed.get(name) ?? [];
    const { result, error, late } = outcome;
    if (late === true) problems.push(`${name}: did not end`);
    if (medias.length > 1) problems.push(`${name}: ${medias.length} medias`);
    if (result !== undefined && medias[0] !== result.fileId) problems.push(`${name}: reported ${result.fileId}`);
    if (result !== undefined || late === true) continue;
    const isAbort = signal.aborted && error === signal.reason;
    if (error !== own && !isAbort && !(error instanceof VodupError)) problems.push(`${name}: ${String(error)}`);
    if (error instanceof VodupError && error.code.startsWith("SOURCE_") && mayFailOf === undefined)
      problems.push(`${name}: ${error.code} of a source that is well`);
    // An abort may come when CommitUpload is under way. Nothing of the caller's code may hide a media.
    const mayExist = isAbort || (error instanceof VodupError && error.code === "COMMIT_UNCERTAIN");
    if (medias.length > 0 && !mayExist) problems.push(`${name}: ${String(error)}, and it is committed`);
  }
  return problems;
}

test(
  "callers that throw, abort by one signal and hand over streams that fail: no media is hidden, doubled or mixed",
  async () => {
    const seed = seedOf("host soak");
    const random = seeded(seed);
    const stray: unknown[] = [];
    const note = (reason: unknown): unknown => stray.push(reason);
    process.on("unhandledRejection", note).on("uncaughtException", note).on("warning", note);
    const client = { memoryBudget: 6 * mib, limits: { headersMs: 800, bodyMs: 800, completeMs: 800 } };
    const jobs: Job[] = [];
    const slow: string[] = [];
    try {
      const problems = await onTrial({ emulator: { faults: weatherRules(seed) }, client }, async (trial) => {
        const end = Date.now() + soakSeconds * 1000;
        for (let group = 1; Date.now() < end; group += 1) {
          // More than ten uploads share a signal: Node would warn of as many listeners.
          const shared = new AbortController();
          let abortedAt = Infinity;
          const timer = setTimeout(
            () => {
              abortedAt = performance.now();
              shared.abort(new Own("enough"));
            },
            random() < 0.4 ? random() * 400 : 60_000,
          );
          const { signal } = shared;
          const uploads = Array.from({ length: 12 }, async (_, index) => {
            const name = `${group}-${index}`;
            const content = bytes(
              Math.floor(random() * (random() < 0.6 ? 200_000 : 3 * mib)),
              Math.floor(random() * 2 ** 31),
            );
            const own = new Own(name);
            const { source, mayFailOf } = sourceOf(content, random);
            const outcome = await trial.upload(source, { sourceContext: name, signal, ...handlers(random, own) });
            if (performance.now() - abortedAt > 3_000)
              slow.push(`${name}: ${performance.now() - abortedAt} ms after the abort`);
            jobs.push({ name, content, outcome, own, signal, mayFailOf });
          });
          await Promise.all(uploads);
          clearTimeout(timer);
        }
        return judge(trial, jobs);
      });
      const done = jobs.filter(({ outcome }) => outcome.result !== undefined).length;
      console.log(`host soak: ${jobs.length} uploads, ${done} committed, seed ${seed}`);
      expect({ seed, problems, stray, slow }).toEqual({ seed, problems: [], stray: [], slow: [] });
      expect(done).toBeGreaterThan(0);
    } finally {
      process.off("unhandledRejection", note).off("uncaughtException", note).off("warning", note);
    }
  },
  soakSeconds * 1000 + 90_000,
);
