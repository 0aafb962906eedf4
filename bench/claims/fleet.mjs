// The fleet of integrations/bullmq: throughput of 1, 2 and 4 workers, and what a job takes of Redis.
import { loadavg } from "node:os";
import { VodClient } from "../../dist/index.js";
import { addUploads, runFleet, startRedis, uploadQueue } from "../lib/fleet.mjs";
import { inTurn, makeFile, mib, save, startSink } from "../lib/measure.mjs";

const rounds = Number(process.env.BENCH_ROUNDS ?? 3);
const [count, smallBytes, smallUploads, latencyMs] = [1_000, 65_536, 8, 20];
const [bigCount, bigBytes, bigUploads] = [16, 128 * mib, 2];
/** Jobs a second that the queue does not hold back: here the sink has no limit. */
const unlimited = 100_000;

const small = Array.from({ length: count }, (_, n) => ({ source: makeFile(`small-${n}.mp4`, smallBytes) }));
const big = Array.from({ length: bigCount }, (_, n) => ({ source: makeFile(`big-${n}.mp4`, bigBytes) }));
/** Of the minute before: what else the machine was doing. */
const load = loadavg()[0];
const redis = await startRedis();

async function measure(settings, requests, sinkOptions) {
  const sink = await startSink({ tls: true, ...sinkOptions });
  try {
    const figures = await runFleet({ redis, sink, requests, ...settings });
    return { ...figures, filesPerSecond: requests.length / figures.wall, sinkCpu: Number(await sink.cpuSeconds()) };
  } finally {
    await sink.stop();
  }
}

const smallCase = (workers, rate) => () => measure({ workers, rate, uploads: smallUploads }, small, { latencyMs });
const bigCase = (workers) => async () => {
  const figures = await measure({ workers, rate: unlimited, uploads: bigUploads }, big, {});
  return { ...figures, mibPerSecond: (bigCount * bigBytes) / mib / figures.wall };
};

const smallFiles = await inTurn(
  {
    "1 worker": smallCase(1, unlimited),
    "2 workers": smallCase(2, unlimited),
    "4 workers": smallCase(4, unlimited),
    "4 workers, 80 jobs a second": smallCase(4, 80),
  },
  rounds,
);
const bigFiles = await inTurn({ "1 worker": bigCase(1), "2 workers": bigCase(2), "4 workers": bigCase(4) }, rounds);

/** A checkpoint as it is half way: the last that an upload of so many parts has given, and not the one when it was whole. */
async function checkpointOf(parts) {
  const sink = await startSink();
  const client = { secretId: "AKIDEXAMPLE", secretKey: "exampleSecretKey" };
  const vod = new VodClient({ credentials: client, vodEndpoint: sink.origin, cosEndpoint: sink.origin, partSize: mib });
  let most;
  const partsIn = ({ objects }) => Object.values(objects)[0]?.parts.length ?? 0;
  await vod.upload(makeFile(`parts-${parts}.mp4`, parts * mib), {
    onCheckpoint: (latest) => {
      if (latest.state === "uploading" && (most === undefined || partsIn(latest) > partsIn(most))) most = latest;
    },
  });
  await vod.close();
  await sink.stop();
  return { checkpoint: most, parts: partsIn(most) };
}

/** Bytes of Redis for each of so many jobs. */
async function memoryOf(jobs, more) {
  await redis.client.flushall();
  const queue = uploadQueue({ connection: redis.client });
  await queue.waitUntilReady();
  const before = await redis.usedMemory();
  const requests = Array.from({ length: jobs }, (_, n) => ({ source: `/mnt/library/2026/film-${n}.mp4`, ...more }));
  await addUploads(queue, requests);
  const bytes = ((await redis.usedMemory()) - before) / jobs;
  await queue.close();
  return bytes;
}

const memory = { waiting: await memoryOf(20_000, {}), checkpoints: [] };
for (const parts of [2, 100, 1_000]) {
  const { checkpoint, parts: known } = await checkpointOf(parts);
  const [bytes, json] = [await memoryOf(200, { checkpoint }), JSON.stringify(checkpoint).length];
  memory.checkpoints.push({ parts: known, bytes, json });
}
await redis.stop();

save("fleet", {
  rounds,
  load,
  small: { count, bytes: smallBytes, uploads: smallUploads, latencyMs, results: smallFiles },
  big: { count: bigCount, bytes: bigBytes, uploads: bigUploads, results: bigFiles },
  memory,
});
