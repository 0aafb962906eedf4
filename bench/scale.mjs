// Fills the measured parts of docs/scale.md from bench/results/batch.json and fleet.json. Every figure there comes from here.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fillIn } from "./lib/fill-in.mjs";

const page = join(import.meta.dirname, "../docs/scale.md");

const range = ({ median, min, max }, digits = 1) =>
  `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`;
const whole = (number) => Math.round(number).toLocaleString("en");
const table = (head, rows) =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

const measuredOn = ({ machine }) =>
  `Measured on ${machine.cores} cores of ${machine.processor}, Node ${machine.node}, ${machine.date}`;

function batchPart(data) {
  const { rounds, small, results } = data;
  return [
    `**Memory:** entries whose file is not there, so that each goes all the way but over the network: check, journal, report. ${measuredOn(data)}. \`npm run bench -- batch\``,
    table(
      ["entries", "peak resident memory, MiB", "seconds"],
      Object.entries(results.entries).map(([count, { rss, wall }]) => [
        whole(count),
        whole(rss.median),
        wall.median.toFixed(1),
      ]),
    ),
    `**Small files:** ${small.count} of ${small.bytes / 1024} KiB, ${small.latencyMs} ms for every request, over TLS, with \`--api-rate 10000\`: the sink has no limit. Medians of ${rounds} rounds in turn, ranges in brackets. Client and sink share the cores; a file takes three requests, one after the other.`,
    table(
      ["in hand", "files a second", "CPU seconds", "peak resident memory, MiB"],
      Object.entries(results.inHand).map(([name, { filesPerSecond, cpu, rss }]) => [
        name.startsWith("--") ? `\`${name}\`` : name,
        range(filesPerSecond),
        range(cpu),
        whole(rss.median),
      ]),
    ),
  ];
}

function fleetPart(data) {
  const { machine, rounds, load, small, big, memory } = data;
  const { results: smallFiles } = small;
  const one = { small: smallFiles["1 worker"], big: big.results["1 worker"] };
  const gib = (big.count * big.bytes) / 2 ** 30;
  const [fewest, most] = [memory.checkpoints[0], memory.checkpoints.at(-1)];
  const perPart = (most.bytes - fewest.bytes) / (most.parts - fewest.parts);
  const jsonPerPart = (most.json - fewest.json) / (most.parts - fewest.parts);

  // The library, and what carries it: inputs of the calculation.
  const library = { files: 1e6, bytes: 1e15, linkBitsPerSecond: 10e9, workers: 8, uploads: 4, jobsPerSecond: 80 };
  const fileBytes = library.bytes / library.files;
  const parts = Math.ceil(fileBytes / (8 * 2 ** 20));
  const linkDays = (library.bytes * 8) / library.linkBitsPerSecond / 86_400;
  const filesPerSecond = library.linkBitsPerSecond / 8 / fileBytes;
  const uploadRate = library.linkBitsPerSecond / 8 / (library.workers * library.uploads);
  const cpuPerGib = one.big.cpu.median / gib;
  const cpuPerFile = one.small.cpu.median / small.count;
  const cpuSeconds = cpuPerGib * (library.bytes / 2 ** 30) + cpuPerFile * library.files;
  const redisPerJob = smallFiles["4 workers"].redisCpu.median / small.count;
  const running = library.workers * library.uploads;
  const checkpoint = fewest.bytes - memory.waiting + perPart * parts;
  const writes = fileBytes / uploadRate / 2;
  const aofPerFile = writes * (fewest.json + (jsonPerPart * parts) / 2);

  return [
    load > machine.cores / 2
      ? `**Provisional:** measured while other work loaded the machine (${load.toFixed(1)}).`
      : "",
    `${measuredOn(data)}; medians of ${rounds} rounds in turn, ranges in brackets. Workers, Redis and the sink they send to, over TLS, **share these cores**: more workers than one show how the queue spreads work, not what more machines would bring. \`npm run bench -- fleet\``,
    `**Small files:** ${small.count} of ${small.bytes / 1024} KiB, ${small.uploads} uploads at a time in each worker, ${small.latencyMs} ms for every request.`,
    table(
      ["fleet", "files a second", "CPU seconds of the workers", "of Redis"],
      Object.entries(smallFiles).map(([name, { filesPerSecond: rate, cpu, redisCpu }]) => [
        name,
        range(rate),
        range(cpu),
        range(redisCpu, 2),
      ]),
    ),
    `**Big files:** ${big.count} of ${big.bytes / 2 ** 20} MiB, ${big.uploads} uploads at a time in each worker.`,
    table(
      ["fleet", "MiB/s", "CPU seconds of the workers"],
      Object.entries(big.results).map(([name, { mibPerSecond, cpu }]) => [name, range(mibPerSecond), range(cpu)]),
    ),
    `One worker takes ${cpuPerGib.toFixed(2)} CPU seconds for a GiB, and ${(cpuPerFile * 1000).toFixed(1)} CPU milliseconds for a small file.`,
    `**Redis**, by \`used_memory\`: a waiting job takes ${whole(memory.waiting)} bytes; one that runs, with its checkpoint of P parts:`,
    table(
      ["parts", "bytes in Redis", "bytes of each write"],
      memory.checkpoints.map(({ parts: known, bytes, json }) => [known, whole(bytes), whole(json)]),
    ),
    `That is ${whole(perPart)} bytes a part. A job takes ${(redisPerJob * 1000).toFixed(2)} ms of Redis's one core.`,
    `### A million files, a petabyte`,
    `Inputs: ${whole(library.files)} files of ${fileBytes / 1e9} GB; ${parts} parts of 8 MiB each; a line of ${library.linkBitsPerSecond / 1e9} Gbit/s, full; ${library.workers} workers with ${library.uploads} uploads each; the CPU and memory above.`,
    table(
      ["what", "how much", "how"],
      [
        ["the line", `${linkDays.toFixed(1)} days`, "10¹⁵ × 8 ÷ 10¹⁰ s; nothing else is near it"],
        [
          "API",
          `${(filesPerSecond * 2).toFixed(1)} calls a second`,
          `one ApplyUpload and one CommitUpload a file; at the limiter's ${library.jobsPerSecond} a second the million takes ${(library.files / library.jobsPerSecond / 3600).toFixed(1)} hours`,
        ],
        [
          "certificates",
          `one a file`,
          `an upload moves ${whole(uploadRate / 1e6)} MB/s, ${whole((uploadRate * 6480) / 1e9)} GB before the renewal at 90 % of 2 hours, an assumption: the life is not published; only larger files need a second call`,
        ],
        [
          "CPU of the workers",
          `${(cpuSeconds / 86_400).toFixed(0)} core-days, ${(cpuSeconds / 86_400 / linkDays).toFixed(1)} cores for the time of the line`,
          `${cpuPerGib.toFixed(2)} s a GiB and ${(cpuPerFile * 1000).toFixed(1)} ms a file`,
        ],
        [
          "memory of Redis",
          `${whole((memory.waiting * library.files) / 2 ** 20)} MiB with all jobs waiting at once`,
          `and ${whole((running * checkpoint) / 1024)} KiB for the checkpoints of ${running} running ones; done jobs are forgotten after 10,000`,
        ],
        [
          "writes of Redis",
          `${(aofPerFile / 1e6).toFixed(2)} MB a file, ${((aofPerFile * filesPerSecond) / 1e6).toFixed(1)} MB/s`,
          `a checkpoint every 2 s of an upload of ${whole(fileBytes / uploadRate)} s, half of its parts in it on average; the log is rewritten by Redis as it grows`,
        ],
        [
          "CPU of Redis",
          `${(redisPerJob * filesPerSecond * 100).toFixed(2)} % of a core`,
          "as measured for small files",
        ],
        [
          "requests to COS",
          `${whole((library.files * (parts + 2)) / 1e6)} million`,
          "a part each, Initiate and Complete; with the storage of the bytes and the traffic out of your own site they are what the price list must be asked about",
        ],
      ],
    ),
    `**The next bottleneck** is the line, then whatever reads the source (125 MB/s for every Gbit/s). Where files are smaller than ${(library.linkBitsPerSecond / 8 / library.jobsPerSecond / 1e6).toFixed(0)} MB on average it is the API instead: ${library.jobsPerSecond} files a second are less than such a line carries. Redis comes last: by its CPU one would carry ${whole(1 / redisPerJob)} jobs a second.`,
  ].filter((text) => text !== "");
}

for (const [name, part] of Object.entries({ batch: batchPart, fleet: fleetPart })) {
  const results = join(import.meta.dirname, "results", `${name}.json`);
  if (!existsSync(results)) continue;
  fillIn(page, name, "bench/scale.mjs", part(JSON.parse(readFileSync(results, "utf8"))).join("\n\n"));
}
