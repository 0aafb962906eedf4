import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Redis } from "ioredis";
import type { VodClientOptions } from "vodup";
import { VodClient } from "vodup";
import type { Emulator, EmulatorOptions } from "vodup/emulator";
import { startEmulator } from "vodup/emulator";
import type { UploadJob, UploadQueue, UploadRequest, UploadWorker, UploadWorkerOptions } from "../../src/index.ts";
import { addUploads, startUploadWorker, uploadQueue } from "../../src/index.ts";
import { eventually } from "./eventually.ts";
import { RedisServer } from "./redis-server.ts";

export const mib: number = 2 ** 20;

/** A Redis, an emulator, a queue, and workers in this process; all of it ends with `close`. */
export class Site {
  readonly folder: string;
  readonly redis: RedisServer;
  readonly emulator: Emulator;
  readonly connection: Redis;
  readonly queue: UploadQueue;
  readonly #endings: (() => Promise<unknown>)[] = [];

  private constructor(folder: string, redis: RedisServer, emulator: Emulator) {
    this.folder = folder;
    this.redis = redis;
    this.emulator = emulator;
    this.connection = redis.connect();
    const defaultJobOptions = { attempts: 4, backoff: { type: "fixed", delay: 100 } };
    this.queue = uploadQueue({ connection: this.connection, defaultJobOptions });
  }

  static async open(options: EmulatorOptions = {}): Promise<Site> {
    const folder = await mkdtemp(join(tmpdir(), "vodup-queue-"));
    return new Site(folder, await RedisServer.start(), await startEmulator(options));
  }

  async file(name: string, bytes: Uint8Array): Promise<string> {
    const path = join(this.folder, name);
    await writeFile(path, bytes);
    return path;
  }

  work(options: Partial<UploadWorkerOptions> = {}, client: Partial<VodClientOptions> = {}): UploadWorker {
    const { secretId, secretKey, vodEndpoint, cosEndpoint } = this.emulator;
    const vod = new VodClient({
      credentials: { secretId, secretKey },
      vodEndpoint,
      cosEndpoint,
      partSize: mib,
      concurrency: 1,
      retry: { attempts: 2, baseDelayMs: 1, maxDelayMs: 1 },
      ...client,
    });
    const connection = this.redis.connect();
    const worker = startUploadWorker({ connection, vod, roots: [this.folder], partsEveryMs: 0, ...options });
    worker.on("error", () => undefined);
    this.#endings.push(async () => {
      await worker.close();
      await vod.close();
      connection.disconnect();
    });
    return worker;
  }

  async add(request: UploadRequest): Promise<UploadJob> {
    const [job] = await addUploads(this.queue, [request]);
    if (job === undefined) throw new Error("no job");
    return job;
  }

  /** The job as it is when it has ended. */
  async ended(job: UploadJob): Promise<UploadJob> {
    const id = job.id ?? "";
    await eventually("the job has ended", async () => /completed|failed/.test(await this.queue.getJobState(id)));
    return this.job(id);
  }

  async job(id = ""): Promise<UploadJob> {
    const job = await this.queue.getJob(id);
    if (job === undefined) throw new Error(`no job ${id}`);
    return job;
  }

  asked(operation: string): number {
    return this.emulator.requests().filter((request) => request.operation === operation).length;
  }

  async close(): Promise<void> {
    await Promise.all(this.#endings.map((end) => end()));
    await this.queue.close();
    this.connection.disconnect();
    await this.emulator.close();
    await this.redis.remove();
    await rm(this.folder, { recursive: true, force: true });
  }
}
