import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FaultRule } from "../../../src/emulator/index.ts";
import type { Checkpoint, UploadOptions, UploadSource } from "../../../src/index.ts";
import type { Operation } from "./faults.ts";
import type { Meant, Outcome, Trial } from "./trial.ts";
import { CosError, VodupError } from "../../../src/index.ts";
import { bytes, ending, mib, rule, violations } from "./trial.ts";

/** What is uploaded: large enough for parts, or for one PUT; with a cover. */
export interface Sample {
  readonly media: Buffer;
  readonly cover: Buffer;
  readonly path: string;
  readonly coverPath: string;
}

export interface Samples {
  /** Four parts, the last one short. */
  readonly large: Sample;
  /** One PUT. */
  readonly small: Sample;
  readonly remove: () => Promise<void>;
}

export async function makeSamples(): Promise<Samples> {
  const folder = await mkdtemp(join(tmpdir(), "vodup-faults-"));
  const sample = async (name: string, size: number, coverSize: number): Promise<Sample> => {
    const [media, cover] = [bytes(size), bytes(coverSize, 7)];
    const [path, coverPath] = [join(folder, `${name}.mp4`), join(folder, `${name}.jpg`)];
    await Promise.all([writeFile(path, media), writeFile(coverPath, cover)]);
    return { media, cover, path, coverPath };
  };
  return {
    large: await sample("large", 3 * mib + 123_457, 150_000),
    small: await sample("small", 777_777, 90_001),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** The kinds of source, taken in turns: a file is read again, a stream cannot be. */
export const sourceKinds = ["file", "bytes", "stream"] as const;
export type SourceKind = (typeof sourceKinds)[number];

function open(sample: Sample, kind: SourceKind): UploadSource {
  if (kind === "file") return sample.path;
  return kind === "bytes" ? sample.media : oddly(sample.media);
}

async function* oddly(content: Buffer): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < content.length; from += 65_521) yield content.subarray(from, from + 65_521);
}

/** How one upload goes that asks for a certain operation. */
export interface Scenario {
  /** How often the operation is asked for when all goes well. */
  readonly requests: number;
  /** @param strike the rules under test; @returns what was wrong, and whether the operation did its work in the end */
  readonly run: (
    trial: Trial,
    strike: readonly FaultRule[],
    kind: SourceKind,
  ) => Promise<{ readonly problems: string[]; readonly outcome: Outcome; readonly done: boolean }>;
}

function plain(
  requests: number,
  sampleOf: () => Sample,
  besides: readonly FaultRule[] = [],
  meant: Partial<Meant> = {},
): Scenario {
  return {
    requests,
    run: async (trial, strike, kind) => {
      const sample = sampleOf();
      trial.emulator.setFaults([...strike, ...besides]);
      const outcome = await trial.upload(open(sample, kind), { cover: sample.coverPath });
      const problems = await violations(trial, outcome, { media: sample.media, cover: sample.cover, ...meant });
      return { problems, outcome, done: outcome.result !== undefined };
    },
  };
}

const refused: FaultRule = {
  operation: "UploadPart",
  partNumber: 3,
  fault: {
    kind: "answer",
    status: 403,
    body: "<Error><Code>AccessDenied</Code><Message>injected</Message></Error>",
  },
};

/** A commit that is struck every time may be uncertain; repeated with the error's checkpoint it makes the one media. */
const committing = (sampleOf: () => Sample): Scenario => ({
  requests: 1,
  run: async (trial, strike, kind) => {
    const sample = sampleOf();
    const mayBeUncertain = strike.every(({ nth }) => nth === undefined);
    const { problems, outcome, done } = await plain(1, sampleOf, [], { mayBeUncertain }).run(trial, strike, kind);
    const { error } = outcome;
    if (!(error instanceof VodupError && error.code === "COMMIT_UNCERTAIN")) return { problems, outcome, done };
    trial.emulator.setFaults([]);
    const checkpoint = error.checkpoint as Checkpoint;
    const again = await trial.upload(open(sample, kind), { cover: sample.coverPath, checkpoint });
    if (again.result === undefined) problems.push(`repeated, it ended by ${ending(again)}`);
    problems.push(...(await violations(trial, again, { media: sample.media, cover: sample.cover })));
    return { problems, outcome, done };
  },
});

/** An upload that is refused for good, and must take away what it has sent. */
const cleaningUp = (sampleOf: () => Sample): Scenario => ({
  requests: 1,
  run: async (trial, strike, kind) => {
    const sample = sampleOf();
    trial.emulator.setFaults([...strike, refused]);
    const outcome = await trial.upload(open(sample, kind));
    const problems = await violations(trial, outcome, { media: sample.media });
    const { error } = outcome;
    // Whatever becomes of the cleaning up, the caller is told what ended the upload.
    if (!(error instanceof CosError && error.cosCode === "AccessDenied")) problems.push(`ended by ${ending(outcome)}`);
    return { problems, outcome, done: trial.emulator.uploads().length === 0 };
  },
});

/** An upload that failed after two of four parts and goes on from its checkpoint. */
const resuming = (sampleOf: () => Sample): Scenario => ({
  requests: 1,
  run: async (trial, strike) => {
    const { path, media } = sampleOf();
    const { emulator } = trial;
    emulator.setFaults([refused]);
    let checkpoint: Checkpoint | undefined;
    const options: UploadOptions = {
      concurrency: 1,
      onCheckpoint: (latest) => {
        checkpoint = JSON.parse(JSON.stringify(latest)) as Checkpoint;
      },
    };
    await trial.upload(path, options);
    const stored = emulator.uploads()[0]?.parts.length ?? 0;
    emulator.clearRequests();
    emulator.setFaults(strike);
    const outcome = await trial.upload(path, { ...options, checkpoint });
    const problems = await violations(trial, outcome, { media, keepsParts: true });
    const done = outcome.result !== undefined;
    if (stored !== 2) problems.push(`the first run left ${stored} parts`);
    const sent = new Set(emulator.requests().map(({ partNumber }) => partNumber ?? 0));
    if (sent.has(1) || sent.has(2)) problems.push("a part was sent that was there already");
    const applied = emulator
      .requests()
      .filter(({ operation, json }) => operation === "ApplyUpload" && json?.["VodSessionKey"] === undefined);
    if (applied.length > 0) problems.push("a resumed upload applied again");
    return { problems, outcome, done };
  },
});

/** For each operation, the upload that asks for it. */
export function scenariosOf(samples: () => Samples): Readonly<Record<Operation, Scenario>> {
  const large = (): Sample => samples().large;
  const unnamed = ["CompleteMultipartUpload", "PutObject"].map((operation) => rule(operation, { kind: "drop-crc64" }));
  return {
    ApplyUpload: plain(1, large),
    PutObject: plain(2, () => samples().small),
    InitiateMultipartUpload: plain(1, large, [], { mayOrphan: true }),
    UploadPart: plain(4, large),
    CompleteMultipartUpload: plain(1, large),
    HeadObject: plain(2, large, unnamed),
    CommitUpload: committing(large),
    ListParts: resuming(large),
    AbortMultipartUpload: cleaningUp(large),
  };
}
