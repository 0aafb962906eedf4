// Writes docs/performance.md and its pictures from bench/results/*.json. Every figure there comes from here.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fillIn } from "./lib/fill-in.mjs";
import { bars } from "./lib/plot.mjs";

const docs = join(import.meta.dirname, "../docs");
const pictures = join(docs, "performance");
mkdirSync(pictures, { recursive: true });

const load = (claim) => {
  const path = join(import.meta.dirname, "results", `${claim}.json`);
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : undefined;
};

const range = ({ median, min, max }, digits = 2) =>
  `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`;
const ratio = (a, b) => `${(a.median / b.median).toFixed(2)}×`;
const rows = (results, figure) => Object.entries(results).map(([name, figures]) => ({ name, ...figures[figure] }));

function picture(file, title, results, figure, unit, digits) {
  writeFileSync(join(pictures, `${file}.svg`), bars(title, rows(results, figure), unit, digits));
  return `![${title}](performance/${file}.svg)`;
}

function table(head, body) {
  return [
    `| ${head.join(" | ")} |`,
    `|${head.map(() => "---").join("|")}|`,
    ...body.map((cells) => `| ${cells.join(" | ")} |`),
  ].join("\n");
}

const sections = [];
const add = (...lines) => sections.push(lines.filter((line) => line !== "").join("\n\n"));
let machine;
const claim = (name, make) => {
  const data = load(name);
  if (data === undefined) return;
  machine = data.machine;
  add(...make(data));
};

claim("throughput", ({ rounds, results }) => [
  "## One file of 1 GiB",
  `Each program with its own defaults (lib-storage and rclone: parts of 8 MiB, 8 at a time), medians of ${rounds} rounds in turn, ranges in brackets. vodup verifies the CRC64 of every part and of the whole; curl sends one request and verifies nothing; bare undici (bench/clients/undici-loop.mjs) is a loop that neither signs nor checks anything, the least that an upload with this HTTP client can cost. \`node bench/claims/throughput.mjs\``,
  ...Object.entries(results).flatMap(([mode, all]) => [
    `### ${mode === "tls" ? "TLS" : "In clear"}`,
    table(
      ["program", "CPU seconds", "wall seconds", "peak RSS, MiB", "CPU of the sink"],
      Object.entries(all).map(([name, { cpu, wall, rss, sinkCpu }]) => [
        name,
        range(cpu),
        range(wall),
        range(rss, 0),
        range(sinkCpu),
      ]),
    ),
    [
      all["vod-node-sdk"] &&
        `vodup takes ${ratio(all.vodup.cpu, all["vod-node-sdk"].cpu)} of vod-node-sdk's CPU and ${ratio(all.vodup.wall, all["vod-node-sdk"].wall)} of its time`,
      `${ratio(all.vodup.cpu, all["curl -T"].cpu)} of curl's CPU and ${ratio(all.vodup.wall, all["curl -T"].wall)} of its time`,
      `${ratio(all.vodup.cpu, all["bare undici"].cpu)} of bare undici's CPU, which takes ${ratio(all["bare undici"].cpu, all["curl -T"].cpu)} of curl's.`,
    ]
      .filter(Boolean)
      .join("; "),
    picture(`throughput-${mode}`, `CPU seconds for 1 GiB, ${mode === "tls" ? "TLS" : "in clear"}`, all, "cpu", "s"),
  ]),
]);

claim("memory", ({ results, streamConcurrency, streamPartSize }) => [
  "## Memory",
  `Peak resident memory of the whole process, over TLS. The streams have no known length, concurrency ${streamConcurrency} and parts of ${streamPartSize / 2 ** 20} MiB. \`node bench/claims/memory.mjs\``,
  table(
    ["case", "peak RSS, MiB"],
    Object.entries(results).map(([name, { rss }]) => [name, range(rss, 0)]),
  ),
  picture("memory", "Peak resident memory, MiB", results, "rss", "MiB", 0),
]);

claim("slow-link", ({ link, results, concurrency }) => {
  const fixed = Object.entries(concurrency).filter(([name]) => name !== "auto");
  const [bestName, best] = fixed.reduce((a, b) => (b[1].mibPerSecond.median > a[1].mibPerSecond.median ? b : a));
  return [
    "## A long link",
    `${link.latencyMs} ms for every request and ${link.perConnection / 2 ** 20} MiB/s for each connection, simulated in the sink. vodup sends 512 MiB, the others 128 MiB, all with their defaults. \`node bench/claims/slow-link.mjs\``,
    table(
      ["program", "MiB/s"],
      Object.entries(results).map(([name, { mibPerSecond }]) => [name, range(mibPerSecond, 1)]),
    ),
    `vodup moves ${ratio(results.vodup.mibPerSecond, results["vod-node-sdk"].mibPerSecond)} what vod-node-sdk moves.`,
    picture("slow-link", "Throughput of a long link", results, "mibPerSecond", "MiB/s", 1),
    `2 GiB with automatic and with fixed concurrency: automatic reaches ${ratio(concurrency.auto.mibPerSecond, best.mibPerSecond)} of the best fixed one (${bestName}).`,
    picture("concurrency", "2 GiB by parts in flight", concurrency, "mibPerSecond", "MiB/s", 1),
  ];
});

claim("small-files", ({ count, bytes, latencyMs, results }) => {
  const vendor = results["vod-node-sdk, 8 at a time"].filesPerSecond;
  const most = 8000 / (3 * latencyMs);
  return [
    "## Many small files",
    `${count} files of ${bytes / 1024} KiB, one process each side, ${latencyMs} ms for every request, over TLS, and no limit of requests a second. \`vodup batch\` is the command with \`--api-rate 10000\`, else its defaults, journal and checkpoints included; bare undici (bench/clients/undici-small.mjs) sends three requests a file and neither signs nor checks anything. \`node bench/claims/small-files.mjs\``,
    table(
      ["program", "files a second", "of vod-node-sdk, 8", "CPU seconds"],
      Object.entries(results).map(([name, { filesPerSecond, cpu }]) => [
        name,
        range(filesPerSecond, 1),
        ratio(filesPerSecond, vendor),
        range(cpu),
      ]),
    ),
    `A file takes three requests, one after the other: eight at a time, at ${latencyMs} ms each, come to ${most.toFixed(0)} files a second at most, ${(most / vendor.median).toFixed(1)}× the rate of vod-node-sdk, whatever the program. The service allows an account 100 a second.`,
    picture("small-files", "Small files a second", results, "filesPerSecond", "files/s", 0),
  ];
});

claim("start-up", ({ results }) => [
  "## Start-up",
  "Whole processes, from their start to their end. `node bench/claims/start-up.mjs`",
  table(
    ["case", "wall seconds", "CPU seconds", "peak RSS, MiB"],
    Object.entries(results).map(([name, { wall, cpu, rss }]) => [name, range(wall), range(cpu), range(rss, 0)]),
  ),
  `A 1 KiB file takes the library ${ratio(results["vodup, library, 1 KiB"].wall, results["vod-node-sdk, 1 KiB"].wall)} of vod-node-sdk's time.`,
]);

claim("event-loop", ({ milliseconds }) => [
  "## In a host process",
  "Delay of the event loop while 1 GiB is uploaded over TLS at full rate, in milliseconds. `node bench/claims/event-loop.mjs`",
  table(
    ["percentile", "ms"],
    Object.entries(milliseconds).map(([name, figures]) => [name, range(figures)]),
  ),
]);

claim("growth", ({ bySize, byParts }) => [
  "## Growth",
  "CPU seconds a GiB (start-up included) as the file grows, sparse, in clear, and as 10,000 MiB are cut into more parts. `node bench/claims/growth.mjs`",
  table(
    ["bytes", "CPU s a GiB", "peak RSS, MiB"],
    Object.entries(bySize).map(([size, { cpuPerGiB, rss }]) => [
      `${Number(size) / 2 ** 20} MiB`,
      range(cpuPerGiB),
      range(rss, 0),
    ]),
  ),
  table(
    ["parts", "CPU s a GiB", "peak RSS, MiB"],
    Object.entries(byParts).map(([parts, { cpuPerGiB, rss }]) => [parts, range(cpuPerGiB), range(rss, 0)]),
  ),
]);

claim("profile", ({ rounds, results }) => [
  "## Where the time goes",
  `Processor time of the process that uploads 1 GiB over TLS, by what was running: V8's sampling profile, medians of ${rounds} rounds, waiting left out. \`node bench/claims/profile.mjs\``,
  table(
    ["what", "share"],
    Object.entries(results.upload)
      .sort(([, a], [, b]) => b.median - a.median)
      .map(([name, { median, min, max }]) => [
        name,
        `${(100 * median).toFixed(1)} % (${(100 * min).toFixed(1)}–${(100 * max).toFixed(1)})`,
      ]),
  ),
]);

claim("checkpoints", ({ results }) => [
  "## Checkpoints",
  "What is handed over to be written during one upload in parts of 1 MiB, one at a time, as JSON. `node bench/claims/checkpoints.mjs`",
  table(
    ["parts", "writes", "kB in all", "kB of the last", "bytes a part"],
    Object.entries(results).map(([parts, { writes, bytes, last }]) => [
      parts,
      writes,
      (bytes / 1000).toFixed(0),
      (last / 1000).toFixed(0),
      (bytes / Number(parts)).toFixed(0),
    ]),
  ),
]);

claim("bundle-size", ({ results }) => [
  "## Bundle size",
  "What esbuild makes of an import, minified, dependencies included. `node bench/claims/bundle-size.mjs`; budgets are kept by test/packaging/bundle-size.test.ts.",
  table(
    ["what", "kB", "kB, gzip"],
    Object.entries(results).map(([name, { minified, gzip }]) => [
      name,
      (minified / 1000).toFixed(1),
      (gzip / 1000).toFixed(1),
    ]),
  ),
]);

const where = `Measured on ${machine?.cores} cores of ${machine?.processor}, ${machine?.memoryGiB} GiB, Node ${machine?.node}, ${machine?.date}. Client and sink share the machine, so wall times are those of both; absolute figures are this machine's, ratios travel.`;
const page = [
  "# Performance",
  "Written by `npm run bench` (bench/report.mjs); nothing here is typed by hand. The sink (bench/sink.mjs) runs in a process of its own, verifies nothing, keeps nothing and computes the CRC64 it must answer with.",
  where,
  ...sections,
].join("\n\n");
writeFileSync(join(docs, "performance.md"), `${page}\n`);
process.stderr.write("docs/performance.md written\n");

const throughput = load("throughput")?.results.tls;
if (throughput !== undefined) {
  const { vodup, "vod-node-sdk": vendor, "curl -T": curl } = throughput;
  fillIn(
    join(docs, "../README.md"),
    "cost",
    "bench/report.mjs",
    `- **Cost.** 1 GiB over TLS, every part verified, takes ${ratio(vodup.cpu, vendor.cpu)} the CPU of vod-node-sdk and ${ratio(vodup.wall, vendor.wall)} its
  time; ${ratio(vodup.cpu, curl.cpu)} the CPU of \`curl -T\`, which verifies nothing, and ${ratio(vodup.wall, curl.wall)} its time:
  [docs/performance.md](docs/performance.md), by \`npm run bench\`.`,
  );
}
