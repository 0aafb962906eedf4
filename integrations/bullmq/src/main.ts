// The two commands of this package, configured by the environment (README.md):
//   node dist/main.js worker             works until SIGTERM or SIGINT
//   node dist/main.js add SOURCE ...     adds uploads, prints a job id a line
import { Redis } from "ioredis";
import { VodClient, defaultCredentials } from "vodup";
import { addUploads, startUploadWorker, uploadQueue } from "./index.ts";

const { REDIS_URL = "redis://127.0.0.1:6379", UPLOADS = "4", RATE = "80", QUEUE, QUEUE_PREFIX, ...env } = process.env;
const place = { name: QUEUE, prefix: QUEUE_PREFIX };

async function work(): Promise<void> {
  const connection = new Redis(REDIS_URL, { maxRetriesPerRequest: null });
  const vod = new VodClient({
    credentials: defaultCredentials(),
    subAppId: env["SUB_APP_ID"],
    region: env["TENCENTCLOUD_REGION"],
    vodEndpoint: env["VODUP_VOD_ENDPOINT"],
    cosEndpoint: env["VODUP_COS_ENDPOINT"],
  });
  const onError = (error: Error): void => console.error(error.message);
  const limiter = { max: Number(RATE) / 10, duration: 100 };
  const { worker, close } = startUploadWorker({
    ...place,
    connection,
    vod,
    uploads: Number(UPLOADS),
    limiter,
    onError,
  });
  worker.on("completed", (job, { fileId }) => console.log(`${job.id} ${fileId}`));
  worker.on("failed", (job, error) => console.error(`${job?.id} ${error.message}`));
  await new Promise((resolve) => process.once("SIGTERM", resolve).once("SIGINT", resolve));
  await close();
  await vod.close();
  await connection.quit();
}

async function add(sources: readonly string[]): Promise<void> {
  const connection = new Redis(REDIS_URL);
  const queue = uploadQueue({ ...place, connection });
  const jobs = await addUploads(
    queue,
    sources.map((source) => ({ source })),
  );
  for (const { id } of jobs) console.log(id);
  await queue.close();
  await connection.quit();
}

const [command, ...sources] = process.argv.slice(2);
if (command === "worker" && sources.length === 0) await work();
else if (command === "add" && sources.length > 0) await add(sources);
else {
  console.error("usage: node dist/main.js worker | add SOURCE ...");
  process.exitCode = 2;
}
