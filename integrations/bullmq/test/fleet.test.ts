import { createHash, randomInt } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import type { Checkpoint } from "vodup";
import type { CommittedMedia, Fault, FaultRule, LoggedRequest } from "vodup/emulator";
import type { UploadQueue } from "../src/index.ts";
import { addUploads, uploadQueue } from "../src/index.ts";
import { eventually } from "./support/eventually.ts";
import { EmulatorProcess, WorkerProcess } from "./support/processes.ts";
import { RedisServer } from "./support/redis-server.ts";
import { content, seeded } from "./support/seeded.ts";

const mib = 2 ** 20;
const fleetSize = 4;
const files = 200;
/** Every fifth file is sent in parts of 1 MiB. */
const partedEvery = 5;
const kills = 10;
/** Of each worker; parts in flight of each upload. */
const [uploads, concurrency] = [3, 2];
const lockDuration = 3_000;

const busy: Fault = {
  kind: "answer",
  status: 503,
  headers: { "Content-Type": "text/html" },
  body: "<html>busy</html>",
};

type Weather = readonly (readonly [operation: string, percent: number, fault: Fault])[];

/** How often each fault strikes, in a hundred requests of an operation, or of all of a service. */
const weatherOf = (service: "vod" | "cos"): Weather => [
  [service, 2, { kind: "reset-before" }],
  [service, 2, { kind: "reset-after-effect" }],
  [service, 2, { kind: "slow-response", ms: 60 }],
  [service, 2, busy],
  [service, 1, { kind: "truncate-answer", bytes: 15 }],
];
const weather: Weather = [
  ["UploadPart", 3, { kind: "reset-after-bytes", bytes: 300_000 }],
  ["UploadPart", 3, { kind: "corrupt-body" }],
  ["UploadPart", 1, { kind: "expire-certificate" }],
  ["PutObject", 3, { kind: "corrupt-body" }],
  ["CompleteMultipartUpload", 6, { kind: "white-space" }],
  ["CommitUpload", 6, { kind: "reset-after-effect" }],
  ["CommitUpload", 4, { kind: "white-space" }],
];

const faultRules = (seed: number): FaultRule[] =>
  [...weatherOf("vod"), ...weatherOf("cos"), ...weather].map(([operation, percent, fault], index) => ({
    operation,
    probability: percent / 100,
    seed: seed + index,
    fault,
  }));

interface Source {
  readonly name: string;
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
}

async function makeSources(folder: string, random: () => number): Promise<Source[]> {
  const sources: Source[] = [];
  for (let number = 1; number <= files; number += 1) {
    const isParted = number % partedEvery === 0;
    const size = Math.floor(isParted ? 5 * mib + random() * 5 * mib : 1 + random() * 300_000);
    const bytes = content(size, number);
    const path = join(folder, `${number}.mp4`);
    await writeFile(path, bytes);
    sources.push({ name: `file ${number}`, path, size, sha256: createHash("sha256").update(bytes).digest("hex") });
  }
  return sources;
}

/** Parts that a checkpoint knows of. */
const partsIn = ({ objects }: Checkpoint): number =>
  Object.values(objects).reduce((sum, { parts, done }) => sum + (done === undefined ? parts.length : 0), 0);
const partsOf = ({ size }: Source): number => (size <= mib ? 0 : Math.ceil(size / mib));

/** A fleet that always has its workers: one that is killed is replaced. */
class Fleet {
  readonly everyone: WorkerProcess[] = [];
  readonly #hire: () => WorkerProcess;

  constructor(hire: () => WorkerProcess) {
    this.#hire = hire;
    for (let number = 0; number < fleetSize; number += 1) this.everyone.push(hire());
  }

  get lost(): number {
    return this.everyone.flatMap(({ events }) => events).filter(({ event }) => event === "lost").length;
  }

  /** Ends a worker, one whose upload is half way if there is one in time, and hires another. */
  async replaceOne(random: () => number, signal: "SIGKILL" | "SIGTERM", queue: UploadQueue): Promise<void> {
    let victims: WorkerProcess[] = [];
    const met = async (): Promise<boolean> => {
      const active = await queue.getActive(0, files);
      const halfWay = active.filter(({ data }) => (data.checkpoint === undefined ? 0 : partsIn(data.checkpoint)) > 1);
      const ids = new Set(halfWay.map(({ id }) => id));
      victims = this.everyone.filter((worker) => worker.isRunning && [...worker.working].some((id) => ids.has(id)));
      return victims.length > 0;
    };
    await eventually("an upload is half way", met, 5_000).catch(() => undefined);
    if (victims.length === 0) victims = this.everyone.filter((worker) => worker.isRunning);
    victims[Math.floor(random() * victims.length)]?.kill(signal);
    this.everyone.push(this.#hire());
  }

  async end(): Promise<void> {
    for (const worker of this.everyone) worker.kill("SIGKILL");
    await Promise.all(this.everyone.map((worker) => worker.ended()));
  }
}

/** Every file is one media of one commit, with the file's bytes. */
function misdone(sources: readonly Source[], media: readonly CommittedMedia[], sums: Record<string, string>): string[] {
  const problems = media.length === files ? [] : [`${media.length} media of ${files} files`];
  for (const { name, sha256 } of sources) {
    const own = media.filter(({ fields }) => fields["SourceContext"] === name);
    if (own.length !== 1) problems.push(`${name}: ${own.length} media`);
    for (const { key } of own) if (sums[key] !== sha256) problems.push(`${name}: other bytes than the file's`);
  }
  return problems;
}

/** Sessions that CommitUpload made a media of, by what the service did: the log of all that was asked of it. */
const committed = (requests: readonly LoggedRequest[]): Set<unknown> => {
  const took = requests.filter(({ operation, status, code, fault }) => {
    const hadEffect = status === 200 || fault === "reset-after-effect";
    return operation === "CommitUpload" && code === undefined && hadEffect;
  });
  return new Set(took.map(({ json }) => json?.["VodSessionKey"]));
};

/**
 * What a worker that ends has in flight is sent again, and no more: what the service had stored of it is found. A worker that
 * loses a lock to a slow machine may send all that its successor sends; and a file whose certificate expired, and could
 * not be renewed, is begun from the beginning.
 */
function judgeParts(sources: readonly Source[], requests: readonly LoggedRequest[], { everyone, lost }: Fleet): void {
  const sent = requests.filter(({ operation }) => operation === "UploadPart");
  const needed = sources.reduce((sum, source) => sum + partsOf(source), 0);
  const startedOver = requests.filter(
    ({ operation, status }) => operation === "AbortMultipartUpload" && status === 204,
  );
  const slack = (lost + startedOver.length) * Math.max(...sources.map(partsOf));
  const struck = sent.filter(({ fault }) => fault !== undefined).length;
  const inFlight = (everyone.length - fleetSize) * uploads * concurrency;
  const stored = sent.filter(({ status }) => status === 200);
  const inVain = stored.filter(({ fault }) => fault === "corrupt-body" || fault === "truncate-answer").length;
  console.log(
    `fleet: ${needed} parts; ${sent.length} sent, at most ${needed + struck + inFlight + slack}; ` +
      `${stored.length} stored, at most ${needed + inVain + slack}`,
  );
  expect(sent.length).toBeLessThanOrEqual(needed + struck + inFlight + slack);
  expect(stored.length).toBeLessThanOrEqual(needed + inVain + slack);
}

test("workers are killed and Redis restarts: every file is committed once, whole, and few parts are sent twice", async () => {
  const given = process.env["VODUP_FLEET_SEED"];
  const seed = given === undefined ? randomInt(2 ** 31) : Number(given);
  console.log(`fleet: VODUP_FLEET_SEED=${seed}`);
  const random = seeded(seed);
  const folder = await mkdtemp(join(tmpdir(), "vodup-fleet-"));
  const redis = await RedisServer.start();
  const emulator = await EmulatorProcess.start({
    seed,
    faults: faultRules(seed),
    secondCommit: "unknown-session",
    rateLimits: { ApplyUpload: 100, CommitUpload: 100 },
  });
  const connection = redis.connect();
  const defaultJobOptions = { attempts: 30, backoff: { type: "fixed", delay: 300, jitter: 0.5 } };
  const queue = uploadQueue({ connection, defaultJobOptions });
  queue.on("error", () => undefined);
  let fleet: Fleet | undefined;
  try {
    const sources = await makeSources(folder, random);
    const jobs = await addUploads(
      queue,
      sources.map(({ name, path }) => ({ source: path, options: { sourceContext: name } })),
    );
    const config = {
      ...emulator.account,
      redisPort: redis.port,
      concurrency: uploads,
      lockDuration,
      stalledInterval: lockDuration / 2,
      partsEveryMs: 200,
      // Slow enough that kills meet uploads half way; patient enough that a busy machine is no fault.
      client: { partSize: mib, concurrency, limitRate: 3 * mib, retry: { baseDelayMs: 20, maxDelayMs: 200 } },
    };
    fleet = new Fleet(() => new WorkerProcess(config));
    for (let kill = 1; kill <= kills; kill += 1) {
      await sleep(800 + random() * 2_000);
      await fleet.replaceOne(random, "SIGKILL", queue);
      if (kill === 3) {
        await redis.end("SIGKILL");
        await sleep(random() * 1_000);
        await redis.start();
      }
      if (kill === 5) await fleet.replaceOne(random, "SIGTERM", queue);
      if (kill === 7) {
        await redis.end("SIGTERM");
        await redis.start();
      }
    }
    await eventually(
      "all jobs have ended",
      async () => {
        const { completed = 0, failed = 0 } = await queue.getJobCounts("completed", "failed");
        return completed + failed === files;
      },
      200_000,
    );

    const failures = (await queue.getFailed(0, files)).map(({ failedReason }) => failedReason);
    const [media, objects, requests] = await Promise.all([emulator.media(), emulator.objects(), emulator.requests()]);
    const sums = Object.fromEntries(Object.entries(objects).map(([key, { sha256 = "" }]) => [key, sha256]));
    expect({ seed, failures, problems: misdone(sources, media, sums) }).toEqual({ seed, failures: [], problems: [] });
    expect(committed(requests).size).toBe(files);

    const done = await queue.getCompleted(0, files);
    const fileIds = Object.fromEntries(media.map(({ fileId, fields }) => [fields["SourceContext"], fileId]));
    const reported = done.map(({ data, returnvalue }) => [data.options?.sourceContext, returnvalue.fileId]);
    expect(Object.fromEntries(reported)).toEqual(fileIds);
    expect(new Set(done.map(({ id }) => id))).toEqual(new Set(jobs.map(({ id }) => id)));
    // No certificate outlives its upload.
    expect(done.filter(({ data }) => data.checkpoint !== undefined)).toEqual([]);
    judgeParts(sources, requests, fleet);
    expect((await emulator.uploads()).filter(({ parts }) => parts.length > 0)).toEqual([]);
    // The kills met uploads half way, or the bounds say nothing.
    const resumed = done.filter(({ returnvalue }) => returnvalue.transfer.resumedParts > 0).length;
    console.log(`fleet: ${resumed} uploads resumed, ${fleet.lost} locks lost`);
    expect(resumed).toBeGreaterThan(0);
  } finally {
    await fleet?.end();
    await queue.close();
    connection.disconnect();
    await emulator.stop();
    await redis.remove();
    await rm(folder, { recursive: true, force: true });
  }
});
