// npm run test:nodes [-- MAJOR ...]: the built package on every supported major of Node, and on the one that runs this.
import { spawn } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { freshBuild } from "../../scripts/fresh-build.mjs";
import { binaryOf, supported, versionOf } from "./binaries.mjs";

const limitMs = 180_000;
const wanted = process.argv.length > 2 ? process.argv.slice(2) : supported;

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
