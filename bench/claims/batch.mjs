// `vodup batch`: memory and time by the number of entries, and small files a second by how many are in hand.
// For the first the entries' files are not there: each goes all the way (check, journal, report) but over the network.
import { createWriteStream, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { contenders } from "../lib/contenders.mjs";
import { bench, inTurn, makeFile, run, save, scratch, startSink } from "../lib/measure.mjs";

const rounds = Number(process.env.BENCH_ROUNDS ?? 3);
const command = join(bench, "../dist/cli/main.js");
const keys = { TENCENTCLOUD_SECRET_ID: "AKIDEXAMPLE", TENCENTCLOUD_SECRET_KEY: "exampleSecretKey" };
const journal = join(scratch, "journal");

async function manifestOf(count) {
  const path = join(scratch, `${count}.csv`);
  const file = createWriteStream(path);
  file.write("source,mediaName,sourceContext\n");
  for (let n = 0; n < count; n += 1) file.write(`films/film ${n}.mp4,"Film ""${n}""",${"context ".repeat(8)}\n`);
  file.end();
  await finished(file);
  return path;
}

const entries = {};
for (const count of [1_000, 10_000, 100_000]) {
  const manifest = await manifestOf(count);
  entries[count] = async () => {
    rmSync(journal, { force: true });
    const args = [command, "batch", manifest, "--journal", journal, "--report", join(scratch, "report"), "--quiet"];
    // 3: no file is there.
    const { wall, cpu, rss } = await run(process.execPath, args, keys, 3);
    return { wall, cpu, rss };
  };
}

const [files, bytes, latencyMs] = [1_000, 65_536, 20];
const small = join(scratch, "small.ndjson");
const sources = Array.from({ length: files }, (_, index) => makeFile(`small-${index}.mp4`, bytes));
writeFileSync(small, sources.map((source) => JSON.stringify({ source })).join("\n"));
const sink = await startSink({ tls: true, latencyMs });
const inHand = Object.fromEntries(
  [["--files", "1"], ["--files", "8"], [], ["--files", "32"], ["--files", "100"]].map((flags) => [
    flags.join(" ") || "the default",
    async () => {
      rmSync(journal, { force: true });
      const flagsOfAll = ["--journal", journal, "--api-rate", "10000"];
      const { wall, cpu, rss } = await contenders["vodup batch"](sink, small, ...flagsOfAll, ...flags);
      return { wall, cpu, rss, filesPerSecond: files / wall };
    },
  ]),
);

const results = { entries: await inTurn(entries, 1, { warmUp: false }), inHand: await inTurn(inHand, rounds) };
await sink.stop();
save("batch", { rounds, small: { count: files, bytes, latencyMs }, results });
