// Cost per byte as an upload grows: sizes from 1 MiB to 64 GiB (sparse), and parts from 10 to 10,000.
import { contenders } from "../lib/contenders.mjs";
import { inTurn, makeFile, mib, save, startSink } from "../lib/measure.mjs";

const sink = await startSink({ tls: false });
const rounds = Number(process.env.BENCH_ROUNDS ?? 1);
const perGiB = (bytes, measure) => async () => {
  const { wall, cpu, rss } = await measure();
  return { wall, cpu, rss, cpuPerGiB: cpu / (bytes / 2 ** 30) };
};
const sizes = {};
for (const size of [1, 64, 1024, 8192, 65_536].map((n) => n * mib)) {
  const file = makeFile(`${size}.mp4`, size);
  sizes[String(size)] = perGiB(size, () => contenders.vodup(sink, file));
}
const parts = {};
const file = makeFile("10000MiB.mp4", 10_000 * mib);
for (const count of [10, 100, 1000, 10_000]) {
  const partSize = (10_000 / count) * mib;
  parts[String(count)] = perGiB(10_000 * mib, () => contenders.vodup(sink, file, `partSize=${partSize}`));
}
const bySize = await inTurn(sizes, rounds, { warmUp: false });
const byParts = await inTurn(parts, rounds, { warmUp: false });
await sink.stop();
save("growth", { rounds, bySize, byParts });
