// A thousand files of 64 KiB, one process each side, 20 ms for every request. The limit of 100 a second that `vodup batch` keeps
// is lifted: the sink has none, and the others keep none.
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { contenders } from "../lib/contenders.mjs";
import { inTurn, makeFile, save, scratch, startSink } from "../lib/measure.mjs";

const [count, bytes, latencyMs] = [1000, 65_536, 20];
const files = Array.from({ length: count }, (_, index) => makeFile(`small-${index}.mp4`, bytes));
const [list, manifest, journal] = ["list.txt", "list.ndjson", "list.journal"].map((name) => join(scratch, name));
writeFileSync(list, files.join("\n"));
writeFileSync(manifest, files.map((source) => JSON.stringify({ source })).join("\n"));
const sink = await startSink({ tls: true, latencyMs });
const rounds = Number(process.env.BENCH_ROUNDS ?? 3);

const timed = (measure) => async () => {
  const { wall, cpu, rss } = await measure();
  return { wall, cpu, rss, filesPerSecond: count / wall };
};
const atOnce = (name, most, ...settings) => [
  `${name}, ${most} at a time`,
  timed(() => contenders[name](sink, "-", `list=${list}`, `files=${most}`, ...settings)),
];
const batch = timed(() => {
  rmSync(journal, { force: true });
  return contenders["vodup batch"](sink, manifest, "--journal", journal, "--api-rate", "10000");
});

const results = await inTurn(
  Object.fromEntries([
    atOnce("vodup", 8),
    atOnce("vodup", 32),
    ["vodup batch", batch],
    atOnce("vod-node-sdk", 8),
    atOnce("vod-node-sdk", 32),
    atOnce("bare undici", 8),
    atOnce("bare undici", 32),
  ]),
  rounds,
);
await sink.stop();
save("small-files", { count, bytes, latencyMs, rounds, results });
