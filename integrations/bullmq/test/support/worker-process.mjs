// A worker as a process of its own, for tests to kill: node worker-process.mjs '{…}'. A line of JSON for each event.
import { tmpdir } from "node:os";
import { Redis } from "ioredis";
import { VodClient } from "vodup";
import { startUploadWorker } from "../../dist/index.js";

const { redisPort, origin, secretId, secretKey, client, ...options } = JSON.parse(process.argv[2]);
const tell = (event) => console.log(JSON.stringify(event));
const connection = new Redis({ port: redisPort, host: "127.0.0.1", maxRetriesPerRequest: null });
connection.on("error", () => undefined);
const vod = new VodClient({
  credentials: { secretId, secretKey },
  vodEndpoint: origin,
  cosEndpoint: origin,
  ...client,
});
const worker = startUploadWorker({ connection, vod, roots: [tmpdir()], ...options });
worker.on("error", ({ message }) => tell({ event: "error", message }));
worker.on("active", (job) => tell({ event: "active", id: job.id }));
worker.on("completed", (job, { fileId }) => tell({ event: "completed", id: job.id, fileId }));
worker.on("failed", (job, { message }) => tell({ event: "failed", id: job?.id, message }));
worker.on("lockRenewalFailed", (ids) => tell({ event: "lost", ids }));
async function end() {
  await worker.close();
  await vod.close();
  await connection.quit();
  tell({ event: "closed" });
}
process.once("SIGTERM", () => void end());
// The parent's end is this one's.
process.stdin.resume().on("end", () => process.exit(0));
process.stdin.unref();
await worker.waitUntilReady();
tell({ event: "ready" });
