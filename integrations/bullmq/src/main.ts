// The two commands of this package, configured by the environment (README.md):
//   node dist/main.js worker             works until SIGTERM or SIGINT
//   node dist/main.js add SOURCE ...     adds uploads, prints a job id a line
import { Redis } from "ioredis";
import { VodClient, defaultCredentials } from "vodup";
import { addUploads, startUploadWorker, uploadQueue } from "./index.ts";

const { REDIS_URL = "redis://127.0.0.1:6379", QUEUE = "vodup", QUEUE_PREFIX: prefix = "bull", ...env } = process.env;

async function work(): Promise<void> {
  const [concurrency, rate] = [wholeNumber("UPLOADS", 4), wholeNumber("RATE", 80)];
  const credentials = defaultCredentials();
  // A worker without any would fail every job of the queue, one after the other.
  await credentials();
  const connection = new Redis(REDIS_URL, { maxRetriesPerRequest: null });
  const vod = new VodClient({
    credentials,
    subAppId: env.SUB_APP_ID,
    region: env.TENCENTCLOUD_REGION,
    vodEndpoint: env.VODUP_VOD_ENDPOINT,
    cosEndpoint: env.VODUP_COS_ENDPOINT,
  });
  // In tenths of a second, or longer where that would be less than a job.
  const max = Math.ceil(rate / 10);
  const limiter = { max, duration: Math.ceil((max / rate) * 1_000) };
  const worker = startUploadWorker({ connection, prefix, vod, concurrency, limiter }, QUEUE);
  worker.on("completed", (job, { fileId }) => console.log(`${job.id} ${fileId}`));
  worker.on("failed", (job, error) => console.error(`${job?.id} ${error.message}`));
  worker.on("error", (error) => console.error(error.message));
  await new Promise((resolve) => process.once("SIGTERM", resolve).once("SIGINT", resolve));
  await worker.close();
  await vod.close();
  await connection.quit();
}

async function add(sources: readonly string[]): Promise<void> {
  // Who adds sees at once that Redis is away; workers wait for it.
  const connection = new Redis(REDIS_URL, { retryStrategy: () => null });
  const queue = uploadQueue({ connection, prefix }, QUEUE);
  const requests = sources.map((source) => ({ source }));
  for (const { id } of await addUploads(queue, requests)) console.log(id);
  await queue.close();
  await connection.quit();
}

function wholeNumber(name: string, byDefault: number): number {
  const value = Number(env[name] ?? byDefault);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`${name} must be a whole number from 1 up, this is ${JSON.stringify(env[name])}`);
}

const [command, ...sources] = process.argv.slice(2);
if (command === "worker" && sources.length === 0) await work();
else if (command === "add" && sources.length > 0) await add(sources);
else {
  console.error("usage: node dist/main.js worker | add SOURCE ...");
  process.exitCode = 2;
}
