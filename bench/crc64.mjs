// Speed of the CRC64 against hash-wasm's, in one run: `npm run build && node bench/crc64.mjs [--json]`.
// The candidates take turns over the same bytes, so that what else the machine does hits all of them; the ratio of a
// round is hash-wasm's time over the candidate's, and the median of the rounds is printed.
import { randomFillSync } from "node:crypto";
import { createCRC64 } from "hash-wasm";
import { Crc64, Crc64Arena } from "../dist/joined/cos-crc64-wasm.js";

const rounds = 15;
const bytesPerRound = 64 * 2 ** 20;

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

const oracle = await createCRC64();
const results = [];

for (const chunk of [4, 16, 64, 256, 1024].map((kib) => kib * 1024)) {
  const arena = new Crc64Arena(1, chunk);
  const own = randomFillSync(arena.buffers[0]);
  const bytes = Buffer.from(own);
  const times = bytesPerRound / chunk;
  const candidates = {
    "hash-wasm": () => {
      oracle.init();
      for (let n = 0; n < times; n += 1) oracle.update(bytes);
      return BigInt(`0x${oracle.digest()}`);
    },
    "Crc64 (copies)": () => {
      const crc = new Crc64();
      for (let n = 0; n < times; n += 1) crc.update(bytes);
      return crc.digest();
    },
    "Crc64Arena (in place)": () => {
      let crc = 0n;
      for (let n = 0; n < times; n += 1) crc = arena.crc(0, 0, chunk, crc);
      return crc;
    },
  };
  const elapsed = new Map(Object.keys(candidates).map((name) => [name, []]));
  for (let round = -2; round < rounds; round += 1) {
    const answers = new Set();
    for (const [name, run] of Object.entries(candidates)) {
      const start = performance.now();
      answers.add(run());
      // The first two rounds let the optimising compiler catch up.
      if (round >= 0) elapsed.get(name).push(performance.now() - start);
    }
    if (answers.size !== 1) throw new Error("the candidates disagree");
  }
  const base = elapsed.get("hash-wasm");
  for (const [name, all] of elapsed) {
    results.push({
      chunkKiB: chunk / 1024,
      name,
      gibPerSecond: Number((bytesPerRound / 2 ** 30 / (median(all) / 1000)).toFixed(2)),
      ratio: Number(median(all.map((time, round) => base[round] / time)).toFixed(2)),
    });
  }
}

if (process.argv.includes("--json")) console.log(JSON.stringify(results, null, 2));
else console.table(results);
