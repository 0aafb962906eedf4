// npm run test:nodes [-- MAJOR ...]: the built package on every supported major of Node, and on the one that runs this.
// The npm package `node` brings the binaries; they are kept in a cache folder below the system's temporary folder.
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { freshBuild } from "../../scripts/fresh-build.mjs";

const supported = ["22", "24", "26"];
const limitMs = 180_000;
const wanted = process.argv.length > 2 ? process.argv.slice(2) : supported;

function versionOf(binary) {
  const { status, stdout } = spawnSync(binary, ["--version"], { encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

/** @throws {Error} when the registry does not give a Node of that major */
function binaryOf(major) {
  const folder = join(tmpdir(), `vodup-nodes-${userInfo().uid}`, major);
  const binary = join(folder, "node_modules/node/bin/node");
  if (versionOf(binary)?.startsWith(`v${major}.`)) return binary;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: `node-${major}`, private: true }));
  console.log(`installing Node ${major} …`);
  const args = ["install", "--no-audit", "--no-fund", `node@${major}`];
  const { status, stderr } = spawnSync("npm", args, { cwd: folder, encoding: "utf8", timeout: limitMs });
  if (status !== 0 || !versionOf(binary)?.startsWith(`v${major}.`)) throw new Error(`no Node ${major}: ${stderr}`);
  return binary;
}

/** Runs all files on one binary; its own reporter says how many passed. */
async function runOn(binary, files) {
  const started = performance.now();
  const child = spawn(binary, ["--test", "--test-reporter=tap", ...files], {
    stdio: ["ignore", "pipe", "inherit"],
    timeout: limitMs,
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text) => (output += text));
  const exitCode = await new Promise((resolve) => child.once("close", resolve));
  const count = (name) => Number(new RegExp(`^# ${name} (\\d+)$`, "m").exec(output)?.[1] ?? 0);
  const passed = count("pass");
  // What ended badly without a failed test, or without a test at all, failed too.
  const failed = count("fail") + count("cancelled") || (exitCode === 0 && passed > 0 ? 0 : 1);
  if (failed > 0) console.log(output);
  return { passed, failed, seconds: (performance.now() - started) / 1000 };
}

await freshBuild();
const folder = import.meta.dirname;
const files = (await readdir(folder)).filter((name) => name.endsWith(".test.mjs")).map((name) => join(folder, name));
const total = { passed: 0, failed: 0 };
for (const binary of [process.execPath, ...wanted.map(binaryOf)]) {
  const { passed, failed, seconds } = await runOn(binary, files);
  console.log(`Node ${versionOf(binary)}: ${passed} passed, ${failed} failed in ${seconds.toFixed(1)} s`);
  total.passed += passed;
  total.failed += failed;
}
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 ? 0 : 1;
