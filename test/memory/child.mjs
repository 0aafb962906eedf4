// Uploads streams of unknown length with the built package and reports how far memory rose above where it stood before:
// node --expose-gc child.mjs '{"origin":…}'. A process of its own, so that nothing else is in the figure.
// `"measure": "resident"` is what the system sees, garbage and all; `"held"` what is left after collecting it.
import { VodClient } from "../../dist/index.js";

const job = JSON.parse(process.argv[2]);
const vod = new VodClient({
  credentials: { secretId: job.secretId, secretKey: job.secretKey },
  vodEndpoint: job.origin,
  cosEndpoint: job.origin,
  memoryBudget: job.memoryBudget,
});

/**
 * Small chunks as sockets give them, slices of pooled buffers with others allocated in between; large ones again and
 * again the same, so that what rises is the uploader's and not what this generator leaves to be collected.
 */
async function* chunks(total, size) {
  const neighbours = [];
  const large = Buffer.alloc(size, 1);
  for (let sent = 0, count = 0; sent < total; sent += size, count += 1) {
    const length = Math.min(size, total - sent);
    yield size < 4096 ? Buffer.from(large.subarray(0, length)) : large.subarray(0, length);
    if (count % 100 === 0 && neighbours.push(Buffer.allocUnsafe(30_000)) > 16) neighbours.length = 0;
  }
}

/** Streams of one feeder: each gets its next chunk only once all others have taken theirs. */
let [waiting, live] = [[], job.inStep ? job.streams : 0];
const stepped = () => {
  if (waiting.length >= live) for (const resolve of waiting.splice(0)) resolve();
};
async function* inStep(source) {
  try {
    for await (const chunk of source) {
      yield chunk;
      const turn = new Promise((resolve) => waiting.push(resolve));
      stepped();
      await turn;
    }
  } finally {
    live -= 1;
    stepped();
  }
}

// Whatever is loaded and made once is not what is measured.
await vod.upload(chunks(3 * 2 ** 20, 65_536), { mediaType: "ts", partSize: 2 ** 20, concurrency: 2 });
function held() {
  // Buffers of what was collected are freed on another thread, which the second call waits for.
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
const measure = job.measure === "held" ? held : () => process.memoryUsage().rss;
globalThis.gc();
const before = measure();
let peak = before;
const watch = setInterval(() => (peak = Math.max(peak, measure())), job.measure === "held" ? 50 : 10);

const source = (total) => (job.inStep ? inStep(chunks(total, job.chunk)) : chunks(total, job.chunk));
const upload = (total) =>
  vod.upload(source(total), { mediaType: "ts", partSize: job.partSize, concurrency: job.concurrency });
await Promise.all(Array.from({ length: job.streams }, () => upload(job.bytes)));

clearInterval(watch);
await vod.close();
console.log(JSON.stringify({ before, peak, rise: Math.max(peak, measure()) - before }));
