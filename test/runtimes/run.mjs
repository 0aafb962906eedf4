// npm run test:runtimes [-- NAME ...]: the packed package wherever server JavaScript runs. Every place runs the same steps
// in two processes against an emulator of its own, and runtimes the command. With --write the table of docs/runtimes.md is
// made of what was seen. Needs `npm ci --prefix test/runtimes`.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { connect } from "node:net";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { freshBuild } from "../../scripts/fresh-build.mjs";
import { checkCommand } from "./command.mjs";
import { places } from "./places.mjs";
import { writeTable } from "./table.mjs";

const root = join(import.meta.dirname, "../..");
const limitMs = 90_000;
const stepCount = 19;
const checkCount = 12;
const wanted = process.argv.slice(2).filter((argument) => argument !== "--write");

/** A proxy that opens tunnels and says how many. */
async function startProxy() {
  let tunnels = 0;
  const server = createServer((_, response) => response.end(String(tunnels)));
  server.on("connect", ({ url }, client, head) => {
    tunnels += 1;
    const { hostname, port } = new URL(`http://${url}`);
    const onward = connect(Number(port), hostname, () => {
      client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      onward.write(head);
      onward.pipe(client).pipe(onward);
    });
    onward.on("error", () => client.destroy());
    client.on("error", () => onward.destroy());
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const stop = () => {
    server.close();
    server.closeAllConnections();
  };
  return { origin: `http://127.0.0.1:${server.address().port}`, stop };
}

function plain({ origin, vodEndpoint, cosEndpoint, secretId, secretKey }) {
  return { origin, vodEndpoint, cosEndpoint, secretId, secretKey };
}

/** Runs a program to its end; what it printed matters only when steps are missing. */
async function runProgram([program, ...args], { cwd, env }) {
  const child = spawn(program, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"], timeout: limitMs });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));
  const code = await new Promise((resolve) => child.once("close", resolve));
  return { code, output };
}

/** All steps in one place, and the command where it can run. */
async function tryPlace(place, { project, folder, startEmulator, version }) {
  const started = performance.now();
  const own = join(folder, `place-${places.indexOf(place)}`);
  mkdirSync(own);
  const emulator = await startEmulator();
  const secure = await startEmulator({ tls: true, discard: true });
  const proxy = await startProxy();
  const report = join(own, "report.ndjson");
  const results = [];
  let output = "";
  try {
    const start = await place.prepare({ project, folder, root });
    const setting = { emulator: plain(emulator), secure: plain(secure), proxy: proxy.origin, folder: own, report };
    const env = { ...process.env, NODE_EXTRA_CA_CERTS: secure.caFile, DENO_CERT: secure.caFile, NO_COLOR: "1" };
    for (const name of Object.keys(env)) if (/^(npm_|VITEST|NODE_OPTIONS$|CI$)/.test(name)) delete env[name];
    for (const which of ["first", "second"]) {
      const told = { ...env, VODUP_SETTING: JSON.stringify(setting), VODUP_WHICH: which };
      const ended = await runProgram(start, { cwd: project, env: told });
      if (ended.code !== 0)
        results.push({ name: `the ${which} process ends well`, passed: false, error: String(ended.code) });
      output += ended.output;
    }
    if (existsSync(report))
      results.push(
        ...readFileSync(report, "utf8")
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line)),
      );
  } catch (error) {
    results.push({ name: "it can be prepared", passed: false, error: String(error.stack) });
  }
  const checks = [];
  if (place.command !== undefined) {
    const main = join(project, "node_modules/vodup/dist/cli/main.js");
    checks.push(
      ...(await checkCommand([...place.command(), main], { emulator: plain(emulator), folder: own, version })),
    );
  }
  proxy.stop();
  await Promise.all([emulator.close(), secure.close()]);
  const missing = results.filter(({ passed }) => passed).length < stepCount && results.every(({ passed }) => passed);
  if (missing) results.push({ name: `${stepCount} steps were made`, passed: false, error: `${results.length}` });
  const failures = [...results, ...checks].filter(({ passed }) => !passed);
  for (const { name, error } of failures) console.log(`FAIL ${place.name}: ${name}\n${error}`);
  if (failures.some(({ name }) => /ends well|steps were made/.test(name))) console.log(output.slice(-4000));
  const passed = results.filter((result) => result.passed).length;
  const checked = checks.filter((result) => result.passed).length;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const command = checks.length === 0 ? "" : `, ${checked} of ${checkCount} checks of the command`;
  console.log(`${place.name} ${place.version()}: ${passed} of ${stepCount} steps${command} in ${seconds} s`);
  return { place, passed, checked: checks.length === 0 ? undefined : checked, failed: failures.length };
}

async function run() {
  await freshBuild();
  const { startEmulator } = await import("../../dist/emulator/index.js");
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const folder = await mkdtemp(join(tmpdir(), "vodup-runtimes-"));
  try {
    const npm = (args, cwd) => {
      const { status, stdout, stderr } = spawnSync("npm", args, { cwd, encoding: "utf8" });
      if (status !== 0) throw new Error(`npm ${args.join(" ")}: ${stderr}`);
      return stdout;
    };
    const packed = npm(["pack", "--json", "--ignore-scripts", "--pack-destination", folder], root);
    const project = join(folder, "project");
    mkdirSync(project);
    writeFileSync(join(project, "package.json"), JSON.stringify({ name: "project", private: true, type: "module" }));
    npm(["install", "--no-audit", "--no-fund", join(folder, JSON.parse(packed)[0].filename)], project);

    const chosen = places.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
    const results = [];
    const queue = [...chosen];
    const worker = async () => {
      for (let place = queue.shift(); place !== undefined; place = queue.shift()) {
        results.push(await tryPlace(place, { project, folder, startEmulator, version }));
      }
    };
    await Promise.all(Array.from({ length: availableParallelism() }, worker));
    const sum = (field) => results.reduce((total, result) => total + (result[field] ?? 0), 0);
    if (process.argv.includes("--write"))
      await writeTable(results.sort((a, b) => places.indexOf(a.place) - places.indexOf(b.place)));
    console.log(`${sum("passed") + sum("checked")} passed, ${sum("failed")} failed`);
    process.exitCode = sum("failed") === 0 && results.length === chosen.length && chosen.length > 0 ? 0 : 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

await run();
