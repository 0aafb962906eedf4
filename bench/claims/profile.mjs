// Where the processor time of an upload goes: 1 GiB over TLS, profiled by V8 in the process that uploads.
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { client, inTurn, makeFile, mib, run, save, scratch, startSink } from "../lib/measure.mjs";
import { shares } from "../lib/profile.mjs";

const sink = await startSink({ tls: true });
const rounds = Number(process.env.BENCH_ROUNDS ?? 3);
const file = makeFile("1GiB.mp4", 1024 * mib);
const profiled = async () => {
  const folder = join(scratch, "profile");
  mkdirSync(folder);
  const flags = ["--cpu-prof", "--cpu-prof-interval", "500", "--cpu-prof-dir", folder];
  await run(process.execPath, [...flags, client("vodup.mjs"), file], sink.env);
  const found = shares(folder);
  rmSync(folder, { recursive: true });
  return found;
};
const results = await inTurn({ upload: profiled }, rounds, { warmUp: false });
await sink.stop();
save("profile", { rounds, results });
