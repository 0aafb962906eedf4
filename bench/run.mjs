// Runs every claim, or those named, one after the other, and writes docs/performance.md and the measured part of
// docs/scale.md from what was measured.
// usage: npm run bench [-- CLAIM ...]; BENCH_ROUNDS=N for more or fewer rounds
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";

const folder = join(import.meta.dirname, "claims");
const all = readdirSync(folder).map((name) => name.replace(/\.mjs$/, ""));
const chosen = process.argv.slice(2);
for (const claim of chosen.length === 0 ? all : chosen) {
  process.stderr.write(`${claim}\n`);
  const { status } = spawnSync(process.execPath, [join(folder, `${claim}.mjs`)], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (status !== 0) process.exit(status ?? 1);
}
await import("./report.mjs");
await import("./scale.mjs");
