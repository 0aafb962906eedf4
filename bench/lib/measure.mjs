// How every claim is measured: whole processes, timed by GNU time, the compared ones in turn (A B C A B C …) so that a
// machine that changes its speed changes it for all, and medians with the range beside them.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { cpus, tmpdir, totalmem } from "node:os";
import { join } from "node:path";

export const bench = join(import.meta.dirname, "..");
export const scratch = join(tmpdir(), `vodup-bench-${process.pid}`);
mkdirSync(scratch, { recursive: true });
process.on("exit", () => rmSync(scratch, { recursive: true, force: true }));

export const mib = 2 ** 20;

export const client = (name) => join(bench, "clients", name);
export const redirect = join(bench, "../test/interop/vendor/redirect.cjs");

let certificate;
/** A self-signed certificate that is good for every host the clients name. */
export function tlsFiles() {
  if (certificate !== undefined) return certificate;
  const [cert, key] = [join(scratch, "cert.pem"), join(scratch, "key.pem")];
  const names = "IP:127.0.0.1,DNS:localhost,DNS:*.cos.ap-singapore.myqcloud.com,DNS:vod.tencentcloudapi.com";
  const options = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=bench"];
  execFileSync("openssl", ["req", ...options, "-addext", `subjectAltName=${names}`, "-keyout", key, "-out", cert], {
    stdio: "ignore",
  });
  certificate = { cert, key };
  return certificate;
}

/** Starts a sink; `env` is what its clients need. */
export async function startSink({ tls = false, latencyMs = 0, perConnection = 0 } = {}) {
  const files = tls ? tlsFiles() : undefined;
  const args = [join(bench, "sink.mjs"), "--latency", String(latencyMs), "--per-connection", String(perConnection)];
  if (files !== undefined) args.push("--tls", files.cert, "--tls", files.key);
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  const [line] = await once(child.stdout.setEncoding("utf8"), "data");
  const { origin, port } = JSON.parse(line);
  const trust = files === undefined ? {} : { SINK_CA: files.cert, NODE_EXTRA_CA_CERTS: files.cert };
  return {
    origin,
    env: { SINK_ORIGIN: origin, EMULATOR_PORT: String(port), ...trust },
    caFile: files?.cert,
    cpuSeconds: async () => {
      const flags = files === undefined ? [] : ["--cacert", files.cert];
      return JSON.parse(execFileSync("curl", ["-s", ...flags, `${origin}/sink/stats`], { encoding: "utf8" }))
        .cpuSeconds;
    },
    stop: async () => {
      const closed = once(child, "close");
      child.kill();
      await closed;
    },
  };
}

/** Runs a command to its end. @returns seconds of wall and processor time, peak resident MiB, and what it printed */
export async function run(command, args, env = {}, expectedCode = 0) {
  const report = join(scratch, "time.txt");
  const child = spawn("/usr/bin/time", ["-f", "%e %U %S %M", "-o", report, command, ...args], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text) => (stderr += text));
  const [code] = await once(child, "close");
  if (code !== expectedCode)
    throw new Error(`${command} ${args.join(" ")} ended with ${code}:\n${stderr.slice(-2000)}`);
  const [wall, user, system, kib] = readFileSync(report, "utf8").trim().split("\n").at(-1).split(" ").map(Number);
  return { wall, cpu: user + system, rss: kib / 1024, stdout };
}

/**
 * Runs every case `rounds` times, in turn, after one warm-up each unless told otherwise; `cases` maps a name to
 * () => Promise<figures>.
 */
export async function inTurn(cases, rounds, { warmUp = true } = {}) {
  const figures = Object.fromEntries(Object.keys(cases).map((name) => [name, []]));
  for (let round = warmUp ? 0 : 1; round <= rounds; round += 1) {
    for (const [name, measure] of Object.entries(cases)) {
      const figure = await measure();
      if (round > 0) figures[name].push(figure);
      process.stderr.write(`  ${round === 0 ? "warm-up" : `round ${round}`}  ${name}  ${describe(figure)}\n`);
    }
  }
  return Object.fromEntries(Object.entries(figures).map(([name, all]) => [name, summarise(all)]));
}

const describe = (figure) =>
  Object.entries(figure)
    .filter(([, value]) => typeof value === "number")
    .map(([name, value]) => `${name} ${value.toFixed(2)}`)
    .join("  ");

/** Median, least and most of each figure. */
export function summarise(all) {
  const names = Object.keys(all[0] ?? {}).filter((name) => typeof all[0][name] === "number");
  return Object.fromEntries(
    names.map((name) => {
      const sorted = all.map((figure) => figure[name]).sort((a, b) => a - b);
      return [name, { median: median(sorted), min: sorted[0], max: sorted.at(-1) }];
    }),
  );
}

export const median = (sorted) => {
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

/** A file of `size` bytes; sparse ones cost no disk, random ones cannot be compressed by anything in between. */
export function makeFile(name, size, { random = false } = {}) {
  const path = join(scratch, name);
  if (random) execFileSync("sh", ["-c", `head -c ${size} /dev/urandom > ${path}`]);
  else {
    writeFileSync(path, "");
    truncateSync(path, size);
  }
  return path;
}

export function machine() {
  return {
    processor: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    date: new Date().toISOString().slice(0, 10),
  };
}

/** Keeps a claim's figures; `npm run bench` makes the page from them. */
export function save(claim, data) {
  mkdirSync(join(bench, "results"), { recursive: true });
  writeFileSync(
    join(bench, "results", `${claim}.json`),
    `${JSON.stringify({ claim, machine: machine(), ...data }, null, 2)}\n`,
  );
}
