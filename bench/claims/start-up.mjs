// From the start of a process to the FileId of a 1 KiB file, and what loading alone costs.
import { join } from "node:path";
import { contenders } from "../lib/contenders.mjs";
import { bench, inTurn, makeFile, run, save, startSink } from "../lib/measure.mjs";

const sink = await startSink({ tls: true });
const file = makeFile("1KiB.mp4", 1024);
const cli = join(bench, "../dist/cli/main.js");
const node = process.execPath;
const environment = {
  ...sink.env,
  TENCENTCLOUD_SECRET_ID: "AKIDEXAMPLE",
  TENCENTCLOUD_SECRET_KEY: "exampleSecretKey",
  VODUP_VOD_ENDPOINT: sink.origin,
  VODUP_COS_ENDPOINT: sink.origin,
};
const rounds = Number(process.env.BENCH_ROUNDS ?? 11);
const results = await inTurn(
  {
    "bare node": () => run(node, ["-e", "0"]),
    "vodup --version": () => run(node, [cli, "--version"]),
    "vodup, library, 1 KiB": () => contenders.vodup(sink, file),
    "vodup, command line, 1 KiB": () => run(node, [cli, "upload", "--quiet", "--no-resume", file], environment),
    "vod-node-sdk, 1 KiB": () => contenders["vod-node-sdk"](sink, file),
    "vod-node-sdk, require only": requireVendor,
  },
  rounds,
);
await sink.stop();
save("start-up", { rounds, results });

function requireVendor() {
  return run(node, ["-e", `require(${JSON.stringify(join(bench, "node_modules/vod-node-sdk"))})`]);
}
