// A thousand files of 64 KiB, one process each side, eight at a time, 20 ms for every request.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { contenders } from "../lib/contenders.mjs";
import { inTurn, makeFile, save, scratch, startSink } from "../lib/measure.mjs";

const count = 1000;
const files = Array.from({ length: count }, (_, index) => makeFile(`small-${index}.mp4`, 65_536));
const list = join(scratch, "list.txt");
writeFileSync(list, files.join("\n"));
const sink = await startSink({ tls: true, latencyMs: 20 });
const rounds = Number(process.env.BENCH_ROUNDS ?? 3);
const perSecond = (measure) => async () => {
  const { wall, cpu, rss } = await measure();
  return { wall, cpu, rss, filesPerSecond: count / wall };
};
const results = await inTurn(
  {
    vodup: perSecond(() => contenders.vodup(sink, "-", `list=${list}`, "files=8")),
    "vod-node-sdk": perSecond(() => contenders["vod-node-sdk"](sink, "-", `list=${list}`, "files=8")),
  },
  rounds,
);
await sink.stop();
save("small-files", { count, bytes: 65_536, atOnce: 8, latencyMs: 20, rounds, results });
