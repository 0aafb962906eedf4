import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Emulator, FaultRule } from "vodup/emulator";
import { startEmulator } from "vodup/emulator";
import type { UploadJob, UploadQueue } from "../src/index.ts";
import { addUploads, uploadQueue } from "../src/index.ts";
import { eventually } from "./support/eventually.ts";
import { WorkerProcess } from "./support/processes.ts";
import { RedisServer } from "./support/redis-server.ts";
import { content } from "./support/seeded.ts";

const mib = 2 ** 20;
const lockDuration = 1_500;
const bytes = content(4 * mib, 1);

let folder: string;
let redis: RedisServer;
let emulator: Emulator;
let connection: Redis;
let queue: UploadQueue;
let workers: WorkerProcess[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "vodup-once-"));
  await writeFile(join(folder, "film.mp4"), bytes);
  redis = await RedisServer.start();
  emulator = await startEmulator({ secondCommit: "unknown-session" });
  connection = redis.connect();
  queue = uploadQueue({ connection });
  workers = [];
});

afterEach(async () => {
  for (const worker of workers) worker.kill("SIGKILL");
  await Promise.all(workers.map((worker) => worker.ended()));
  await queue.close();
  connection.disconnect();
  await emulator.close();
  await redis.remove();
  await rm(folder, { recursive: true, force: true });
});

function hire(lock = lockDuration): WorkerProcess {
  const { origin, secretId, secretKey } = emulator;
  const client = { partSize: mib, concurrency: 2 };
  const redisPort = redis.port;
  // One that waits for a second job would, standing still, be told of the first one's return in the other's place.
  const options = { concurrency: 1, lockDuration: lock, stalledInterval: lock / 2 };
  const worker = new WorkerProcess({ origin, secretId, secretKey, redisPort, client, ...options });
  workers.push(worker);
  return worker;
}

async function add(): Promise<UploadJob> {
  const [job] = await addUploads(queue, [{ source: join(folder, "film.mp4") }]);
  if (job === undefined) throw new Error("no job");
  return job;
}

const asked = (operation: string): number =>
  emulator.requests().filter((request) => request.operation === operation).length;
const isDone = async (job: UploadJob): Promise<boolean> => (await job.getState()) === "completed";

/** The one media there may be, with the file's bytes; and the job says which it is. */
async function expectOneMedia(job: UploadJob): Promise<void> {
  const media = emulator.media();
  expect(media).toHaveLength(1);
  expect(emulator.sessions().filter(({ state }) => state === "committed")).toHaveLength(1);
  expect(bytes.equals(await emulator.readObject(media[0]?.key ?? ""))).toBe(true);
  expect((await queue.getJob(job.id ?? ""))?.returnvalue.fileId).toBe(media[0]?.fileId);
}

/** Where the first worker is when its process stands still for longer than its lock, and what it is kept waiting for. */
const places: readonly { readonly where: string; readonly operation: string; readonly nth: number }[] = [
  { where: "waiting for its session", operation: "ApplyUpload", nth: 1 },
  { where: "opening its multipart upload", operation: "InitiateMultipartUpload", nth: 1 },
  { where: "in the midst of its parts", operation: "UploadPart", nth: 2 },
  { where: "completing the object", operation: "CompleteMultipartUpload", nth: 1 },
];

describe("a worker that stood still, and comes back to a job that is another's", () => {
  test.each(places)("while $where, commits nothing", async ({ operation, nth }) => {
    const slow: FaultRule = { operation, nth, fault: { kind: "slow-response", ms: 500 } };
    emulator.setFaults([slow]);
    const job = await add();
    const first = hire();
    await eventually(`${operation} has arrived`, () => asked(operation) >= nth);
    first.kill("SIGSTOP");
    hire();
    await eventually("the second has done it", () => isDone(job));
    const before = emulator.requests().length;
    first.kill("SIGCONT");
    await eventually("the first has learnt it", () =>
      first.events.some(({ event, message = "" }) => event === "error" && /lock/i.test(message)),
    );
    await sleep(500);
    const commits = emulator
      .requests()
      .slice(before)
      .filter((request) => request.operation === "CommitUpload");
    expect(commits).toEqual([]);
    await expectOneMedia(job);
  });

  test("while it commits, is told of the media that there is: both commits are of one session", async () => {
    // The first's commit waits at the service, and is only looked at when the second's was answered.
    emulator.setFaults([{ operation: "CommitUpload", nth: 1, fault: { kind: "delay", ms: 5_000 } }]);
    const job = await add();
    const first = hire();
    await eventually("the commit has arrived", () => asked("CommitUpload") === 1);
    first.kill("SIGSTOP");
    hire();
    await eventually("the second has done it", () => isDone(job));
    await eventually("the first commit was looked at", () =>
      emulator.requests().some(({ operation, code }) => operation === "CommitUpload" && code !== undefined),
    );
    first.kill("SIGCONT");
    await eventually("the first has learnt it", () =>
      first.events.some(({ event, message = "" }) => event === "error" && /lock/i.test(message)),
    );
    const keys = emulator.requests().filter(({ operation }) => operation === "CommitUpload");
    expect(new Set(keys.map(({ json }) => json?.["VodSessionKey"])).size).toBe(1);
    await expectOneMedia(job);
  });
});

describe("a commit is sent", () => {
  test("only when Redis knows that it will be", async () => {
    emulator.setFaults([{ operation: "CompleteMultipartUpload", fault: { kind: "slow-response", ms: 1_000 } }]);
    const job = await add();
    hire(60_000);
    await eventually("the object is being completed", () => asked("CompleteMultipartUpload") === 1);
    process.kill(redis.pid, "SIGSTOP");
    await sleep(3_000);
    expect(asked("CommitUpload")).toBe(0);
    expect((await emulator.objects()).size).toBe(1);
    process.kill(redis.pid, "SIGCONT");
    await eventually("it is done", () => isDone(job));
    await expectOneMedia(job);
  });

  test("again, by another worker, when the first died before it had the answer", async () => {
    emulator.setFaults([{ operation: "CommitUpload", nth: 1, fault: { kind: "slow-response", ms: 4_000 } }]);
    const job = await add();
    const first = hire();
    await eventually("the commit has taken effect", () => emulator.media().length === 1);
    first.kill("SIGKILL");
    hire();
    await eventually("the second has done it", () => isDone(job));
    expect(asked("ApplyUpload")).toBe(1);
    expect(asked("CommitUpload")).toBe(2);
    await expectOneMedia(job);
  });
});

test("a job survives more deaths of its worker than BullMQ would by itself allow", async () => {
  const job = await add();
  emulator.setFaults([{ operation: "UploadPart", partNumber: 4, times: 4, fault: { kind: "hang" } }]);
  for (let death = 1; death <= 3; death += 1) {
    const worker = hire();
    await eventually(`part 4 was asked for ${death} times`, () => partsAsked(4) >= death);
    worker.kill("SIGKILL");
  }
  emulator.setFaults([]);
  hire();
  await eventually("it is done", () => isDone(job));
  await expectOneMedia(job);
  // Parts 1 to 3 were stored before the first death, or found after it.
  expect([1, 2, 3].map(partsStored)).toEqual([1, 1, 1]);
});

const partsAsked = (number: number): number =>
  emulator.requests().filter(({ operation, partNumber }) => operation === "UploadPart" && partNumber === number).length;
const partsStored = (number: number): number =>
  emulator
    .requests()
    .filter(
      ({ operation, partNumber, status }) => operation === "UploadPart" && partNumber === number && status === 200,
    ).length;
