import { randomInt } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { UploadSource } from "../../src/index.ts";
import type { Outcome, Trial } from "./support/trial.ts";
import { VodupError } from "../../src/index.ts";
import { seeded, weatherRules as rules } from "./support/weather.ts";
import { bytes, mib, onTrial, sha256 } from "./support/trial.ts";

const soakMs = 20_000;
const lanes = 4;

interface Job {
  readonly name: string;
  readonly content: Buffer;
  readonly outcome: Outcome;
}

/** The invariants over all the uploads of one emulator: each media is one job's, whole, and no job has two. */
async function judge(trial: Trial, jobs: readonly Job[]): Promise<string[]> {
  const { emulator, warnings } = trial;
  const problems: string[] = [];
  const byContext = new Map<string, string[]>();
  for (const { fileId, key, fields } of emulator.media()) {
    const context = fields["SourceContext"];
    const name = typeof context === "string" ? context : "";
    byContext.set(name, [...(byContext.get(name) ?? []), fileId]);
    const job = jobs.find((one) => one.name === name);
    if (sha256(await emulator.readObject(key)) !== sha256(job?.content ?? Buffer.alloc(0))) {
      problems.push(`${name}: a wrong object was committed`);
    }
  }
  for (const { name, outcome } of jobs) {
    const committed = byContext.get(name) ?? [];
    if (outcome.late === true) problems.push(`${name}: did not end`);
    else if (outcome.result !== undefined) {
      if (committed.length !== 1 || committed[0] !== outcome.result.fileId)
        problems.push(`${name}: reported ${outcome.result.fileId}, committed ${committed.join(", ")}`);
    } else if (!(outcome.error instanceof VodupError)) problems.push(`${name}: ${String(outcome.error)}`);
    else if (outcome.error.code !== "COMMIT_UNCERTAIN" && committed.length > 0)
      problems.push(`${name}: ${outcome.error.code}, and it is committed`);
  }
  const cleanUps = warnings.filter((code) => code === "CLEAN_UP_FAILED").length;
  const left = emulator.uploads().filter(({ parts }) => parts.length > 0).length;
  if (left > cleanUps) problems.push(`${left} multipart uploads are open, ${cleanUps} were warned of`);
  return problems;
}

test("many files at once through random faults: each committed once and whole, or failed precisely", async () => {
  const seed = process.env["VODUP_SEED"] === undefined ? randomInt(2 ** 31) : Number(process.env["VODUP_SEED"]);
  console.log(`soak: VODUP_SEED=${seed}`);
  const random = seeded(seed);
  const folder = await mkdtemp(join(tmpdir(), "vodup-soak-"));
  const stray: unknown[] = [];
  const note = (reason: unknown): unknown => stray.push(reason);
  process.on("unhandledRejection", note);
  const client = {
    memoryBudget: 8 * mib,
    limits: { headersMs: 800, bodyMs: 800, completeMs: 800 },
  };
  const jobs: Job[] = [];
  try {
    const problems = await onTrial({ emulator: { faults: rules(seed) }, client }, async (trial) => {
      const end = Date.now() + soakMs;
      const lane = async (number: number): Promise<void> => {
        for (let turn = 1; Date.now() < end; turn += 1) {
          const name = `${number}-${turn}`;
          const size = random() < 0.6 ? Math.floor(random() * 200_000) : Math.floor(mib + random() * 3 * mib);
          const content = bytes(size, Math.floor(random() * 2 ** 31));
          const source = await open(content, join(folder, name), random());
          const outcome = await trial.upload(source, { sourceContext: name });
          jobs.push({ name, content, outcome });
          await rm(join(folder, name), { force: true });
        }
      };
      await Promise.all(Array.from({ length: lanes }, (_, index) => lane(index + 1)));
      return judge(trial, jobs);
    });
    const done = jobs.filter(({ outcome }) => outcome.result !== undefined).length;
    console.log(`soak: ${jobs.length} uploads, ${done} committed, seed ${seed}`);
    expect({ seed, problems, stray }).toEqual({ seed, problems: [], stray: [] });
    // Independent faults, kept apart by retries, are all survived but for the unluckiest.
    expect(done / jobs.length).toBeGreaterThan(0.8);
  } finally {
    process.off("unhandledRejection", note);
    await rm(folder, { recursive: true, force: true });
  }
}, 90_000);

async function open(content: Buffer, path: string, choice: number): Promise<UploadSource> {
  if (choice < 0.3) return content;
  if (choice < 0.6) {
    return (async function* () {
      for (let from = 0; from < content.length; from += 50_021) yield content.subarray(from, from + 50_021);
    })();
  }
  await writeFile(path, content);
  return path;
}
