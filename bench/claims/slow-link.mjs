// A long link: 80 ms for every request, 8 MiB/s for each connection. 512 MiB with each program's defaults, and 2 GiB by
// vodup with its own and with fixed concurrency.
import { contenders } from "../lib/contenders.mjs";
import { inTurn, makeFile, mib, save, startSink } from "../lib/measure.mjs";

const link = { latencyMs: 80, perConnection: 8 * mib };
const sink = await startSink({ tls: true, ...link });
const rounds = Number(process.env.BENCH_ROUNDS ?? 3);
const file = makeFile("512MiB-sparse.mp4", 512 * mib);
const part = makeFile("128MiB-sparse.mp4", 128 * mib);
const rate = (bytes, measure) => async () => {
  const { wall, cpu } = await measure();
  return { wall, cpu, mibPerSecond: bytes / mib / wall };
};
const results = await inTurn(
  {
    vodup: rate(512 * mib, () => contenders.vodup(sink, file)),
    // A quarter of the file tells its rate just as well.
    "vod-node-sdk": rate(128 * mib, () => contenders["vod-node-sdk"](sink, part)),
    "@aws-sdk/lib-storage": rate(128 * mib, () => contenders["@aws-sdk/lib-storage"](sink, part)),
    rclone: rate(128 * mib, () => contenders.rclone(sink, part)),
  },
  rounds,
);
const large = makeFile("2GiB-sparse.mp4", 2048 * mib);
// A few connections take minutes each, and cannot be the best.
const fixed = process.env.BENCH_ALL === undefined ? [16, 24, 32] : [1, 4, 8, 16, 24, 32];
const concurrency = await inTurn(
  Object.fromEntries([
    ["auto", rate(2048 * mib, () => contenders.vodup(sink, large))],
    ...fixed.map((n) => [String(n), rate(2048 * mib, () => contenders.vodup(sink, large, `concurrency=${n}`))]),
  ]),
  Number(process.env.BENCH_ROUNDS ?? 1),
  { warmUp: false },
);
await sink.stop();
save("slow-link", { link, rounds, results, concurrency });
