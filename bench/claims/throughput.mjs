// CPU and wall time of one 1 GiB file over TLS and in clear, each program with its own defaults.
import { contenders } from "../lib/contenders.mjs";
import { inTurn, makeFile, mib, save, startSink } from "../lib/measure.mjs";

const size = 1024 * mib;
const file = makeFile("1GiB.mp4", size, { random: true });
const rounds = Number(process.env.BENCH_ROUNDS ?? 5);
const results = {};
for (const mode of ["tls", "plain"]) {
  const sink = await startSink({ tls: mode === "tls" });
  // vod-node-sdk speaks https only; `vodup batch` is for many files.
  const left = mode === "tls" ? ["vodup batch"] : ["vodup batch", "vod-node-sdk"];
  const names = Object.keys(contenders).filter((name) => !left.includes(name));
  const cases = names.map((name) => [
    name,
    async () => {
      const before = await sink.cpuSeconds();
      const figures = await contenders[name](sink, file);
      return { ...figures, sinkCpu: (await sink.cpuSeconds()) - before };
    },
  ]);
  results[mode] = await inTurn(Object.fromEntries(cases), rounds);
  await sink.stop();
}
save("throughput", { bytes: size, rounds, results });
