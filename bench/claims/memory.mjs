// Peak resident memory: 1 GiB and 8 GiB from files, and 1 GiB from a stream of unknown length in small and large chunks.
import { contenders } from "../lib/contenders.mjs";
import { inTurn, makeFile, mib, save, startSink } from "../lib/measure.mjs";

const sink = await startSink({ tls: true });
const rounds = Number(process.env.BENCH_ROUNDS ?? 3);
const small = makeFile("1GiB-sparse.mp4", 1024 * mib);
const large = makeFile("8GiB-sparse.mp4", 8192 * mib);
const stream = (chunk) => () =>
  contenders.vodup(sink, "-", `stream=${1024 * mib}`, `chunk=${chunk}`, "concurrency=4", `partSize=${8 * mib}`);
const results = await inTurn(
  {
    "vodup, 1 GiB file": () => contenders.vodup(sink, small),
    "vodup, 8 GiB file": () => contenders.vodup(sink, large),
    "vodup upload, 1 GiB file": () => contenders["vodup upload"](sink, small),
    "vodup upload, 8 GiB file": () => contenders["vodup upload"](sink, large),
    "vodup, 1 GiB stream in chunks of 1 MB": stream(1_000_000),
    "vodup, 1 GiB stream in chunks of 4 KiB": stream(4096),
    "vod-node-sdk, 1 GiB file": () => contenders["vod-node-sdk"](sink, small),
    "@aws-sdk/lib-storage, 1 GiB file": () => contenders["@aws-sdk/lib-storage"](sink, small),
    "rclone, 1 GiB file": () => contenders.rclone(sink, small),
  },
  rounds,
);
await sink.stop();
save("memory", { rounds, streamConcurrency: 4, streamPartSize: 8 * mib, results });
