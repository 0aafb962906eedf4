// A host process that serves HTTP while it uploads at full rate: how long its event loop is held up.
import { monitorEventLoopDelay } from "node:perf_hooks";
import { VodClient } from "../../dist/index.js";
import { readFileSync } from "node:fs";
import { makeFile, mib, save, startSink, summarise } from "../lib/measure.mjs";

const sink = await startSink({ tls: true });
const file = makeFile("1GiB-sparse.mp4", 1024 * mib);
const vod = new VodClient({
  credentials: { secretId: "AKIDEXAMPLE", secretKey: "exampleSecretKey" },
  vodEndpoint: sink.origin,
  cosEndpoint: sink.origin,
  dispatcher: { connect: { ca: readFileSync(sink.caFile) } },
});
const rounds = Number(process.env.BENCH_ROUNDS ?? 5);
const figures = [];
for (let round = 0; round <= rounds; round += 1) {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await vod.upload(file, { mediaType: "mp4" });
  delay.disable();
  const milliseconds = (nanoseconds) => nanoseconds / 1e6;
  const figure = {
    p50: milliseconds(delay.percentile(50)),
    p99: milliseconds(delay.percentile(99)),
    max: milliseconds(delay.max),
  };
  if (round > 0) figures.push(figure);
  process.stderr.write(`  round ${round}  ${JSON.stringify(figure)}\n`);
}
await vod.close();
await sink.stop();
save("event-loop", { rounds, milliseconds: summarise(figures) });
