// Compares this build with that of another checkout (`git worktree add ../before COMMIT`, built): start-up, small files
// and one large file, by the command and by the library, whole processes of the two in turn.
// usage: node bench/against.mjs CHECKOUT [CHECKOUT] [--pairs N] [--only NAME] [--node PATH]
import { rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { bench, machine, makeFile, median, mib, run, save, scratch, startSink } from "./lib/measure.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    pairs: { type: "string", default: "9" },
    only: { type: "string", default: "" },
    node: { type: "string", default: process.execPath },
  },
});
const trees = { before: resolve(positionals[0] ?? "."), now: resolve(positionals[1] ?? join(bench, "..")) };
const pairs = Number(values.pairs);
const sink = await startSink({ tls: true });
const environment = {
  ...sink.env,
  TENCENTCLOUD_SECRET_ID: "AKIDEXAMPLE",
  TENCENTCLOUD_SECRET_KEY: "exampleSecretKey",
  VODUP_VOD_ENDPOINT: sink.origin,
  VODUP_COS_ENDPOINT: sink.origin,
};

const tiny = makeFile("tiny.mp4", 1024, { random: true });
const large = makeFile("large.mp4", 512 * mib, { random: true });
const journal = join(scratch, "journal");
const manifest = join(scratch, "small.ndjson");
const small = Array.from({ length: 400 }, (_, index) => makeFile(`small-${index}.mp4`, 65_536, { random: true }));
writeFileSync(manifest, small.map((source) => JSON.stringify({ source })).join("\n"));

const list = join(scratch, "tiny.txt");
writeFileSync(list, Array.from({ length: 300 }, () => tiny).join("\n"));

/** Eight times: GNU time counts hundredths of a second. */
const eightTimes = (...args) =>
  run("sh", ["-c", 'for i in 1 2 3 4 5 6 7 8; do "$0" "$@" > /dev/null; done', values.node, ...args]);
const imports = (tree) =>
  eightTimes("--input-type=module", "--eval", `import ${JSON.stringify(join(tree, "dist/index.js"))}`);

const command = (tree, ...args) => run(values.node, [join(tree, "dist/cli/main.js"), ...args, "--quiet"], environment);
const library = (tree, ...args) => run(values.node, [join(tree, "bench/clients/vodup.mjs"), ...args], sink.env);
const cases = {
  "command, --version, 8 times": (tree) => eightTimes(join(tree, "dist/cli/main.js"), "--version"),
  "command, 1 KiB": (tree) => command(tree, "upload", "--no-resume", tiny),
  "command, 512 MiB": (tree) => command(tree, "upload", large),
  "command, batch of 400 files of 64 KiB": (tree) => {
    rmSync(journal, { force: true });
    return command(tree, "batch", manifest, "--journal", journal, "--api-rate", "10000");
  },
  "library, import, 8 times": imports,
  "library, 1 KiB": (tree) => library(tree, tiny),
  "library, 300 files of 1 KiB, 8 at a time": (tree) => library(tree, "", `list=${list}`, "files=8"),
  "library, 512 MiB": (tree) => library(tree, large),
};

const results = {};
for (const [name, measure] of Object.entries(cases)) {
  if (!name.includes(values.only)) continue;
  const taken = { before: [], now: [] };
  for (let round = 0; round <= pairs; round += 1) {
    for (const [which, tree] of round % 2 === 0 ? Object.entries(trees) : Object.entries(trees).toReversed()) {
      const { wall, cpu, rss } = await measure(tree);
      // The first pair is the warm-up.
      if (round > 0) taken[which].push({ wall, cpu, rss });
    }
  }
  results[name] = Object.fromEntries(["cpu", "wall", "rss"].map((figure) => [figure, compare(taken, figure)]));
  process.stderr.write(`${name}\n`);
  for (const [figure, { before, now, ratio, leastRatio }] of Object.entries(results[name]))
    process.stderr.write(
      `  ${figure}  before ${before.toFixed(2)}  now ${now.toFixed(2)}  ratio ${ratio.toFixed(3)}  of the least ${leastRatio.toFixed(3)}\n`,
    );
}
await sink.stop();
save("against", { pairs, node: values.node, machine: machine(), results });

/** Medians, the median of the ratios pair by pair, and the ratio of the least of each: what noise adds, it adds only. */
function compare({ before, now }, figure) {
  const of = (all) => all.map((taken) => taken[figure]);
  const sorted = (all) => all.toSorted((a, b) => a - b);
  const ratios = of(now).map((value, index) => value / before[index][figure]);
  return {
    before: median(sorted(of(before))),
    now: median(sorted(of(now))),
    ratio: median(sorted(ratios)),
    leastRatio: Math.min(...of(now)) / Math.min(...of(before)),
  };
}
