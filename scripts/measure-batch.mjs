// What `vodup batch` needs of memory and time, by the number of entries: `node scripts/measure-batch.mjs [COUNT...]`.
// Files that are not there, so that every entry goes all the way but over the network: state, journal, report, output.
import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";

const main = join(import.meta.dirname, "../dist/cli/main.js");
const folder = await mkdtemp(join(tmpdir(), "vodup-measure-"));

async function measure(count) {
  const manifest = join(folder, `${count}.csv`);
  const file = createWriteStream(manifest);
  file.write("source,mediaName,sourceContext\n");
  for (let n = 0; n < count; n += 1) file.write(`films/film ${n}.mp4,"Film ""${n}""",${"context ".repeat(8)}\n`);
  file.end();
  await finished(file);
  const env = { ...process.env, TENCENTCLOUD_SECRET_ID: "AKIDEXAMPLE", TENCENTCLOUD_SECRET_KEY: "none" };
  const started = performance.now();
  const args = [main, "batch", manifest, "--report", join(folder, "report"), "--no-progress"];
  const child = spawn(process.execPath, args, { env, stdio: "ignore" });
  let peak = 0;
  const ended = new Promise((resolve) => child.on("close", resolve));
  for (let running = true; running;) {
    const status = await readFile(`/proc/${child.pid}/status`, "utf8").catch(() => "");
    peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0));
    running = await Promise.race([ended.then(() => false), sleep(20, true)]);
  }
  const code = await ended;
  const lines = (await readFile(join(folder, "report"), "utf8")).split("\n").length - 1;
  const seconds = (performance.now() - started) / 1000;
  console.log(
    JSON.stringify({ count, code, lines, peakMiB: Math.round(peak / 1024), seconds: Number(seconds.toFixed(1)) }),
  );
}

try {
  const counts = process.argv.slice(2).map(Number);
  for (const count of counts.length === 0 ? [1_000, 100_000] : counts) await measure(count);
} finally {
  await rm(folder, { recursive: true, force: true });
}
