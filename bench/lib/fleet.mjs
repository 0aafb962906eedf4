// What the fleet's claim runs: a Redis, workers of integrations/bullmq in processes of their own, and their queue.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { join } from "node:path";
import { bench, scratch } from "./measure.mjs";

const folder = join(bench, "../integrations/bullmq");
const npm = (...args) => execFileSync("npm", args, { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
if (!existsSync(join(folder, "node_modules"))) npm("ci", "--no-audit", "--no-fund");
npm("run", "--silent", "build");

export const { addUploads, uploadQueue } = await import(join(folder, "dist/index.js"));
const { Redis } = createRequire(join(folder, "package.json"))("ioredis");

/** A Redis set as the README of integrations/bullmq says. */
export async function startRedis() {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  const dir = join(scratch, "redis");
  mkdirSync(dir, { recursive: true });
  const settings = ["--appendonly", "yes", "--save", "", "--maxmemory-policy", "noeviction"];
  const child = spawn("redis-server", ["--port", String(port), "--bind", "127.0.0.1", "--dir", dir, ...settings], {
    stdio: "ignore",
  });
  const url = `redis://127.0.0.1:${port}`;
  const client = new Redis(url, { maxRetriesPerRequest: null }).on("error", () => undefined);
  await client.ping();
  const info = async (section, field) => {
    const line = (await client.info(section)).split("\r\n").find((text) => text.startsWith(`${field}:`));
    return Number(line.slice(field.length + 1));
  };
  return {
    url,
    client,
    usedMemory: () => info("memory", "used_memory"),
    cpuSeconds: async () => (await info("cpu", "used_cpu_user")) + (await info("cpu", "used_cpu_sys")),
    stop: async () => {
      client.disconnect();
      const exited = once(child, "exit");
      child.kill("SIGKILL");
      await exited;
    },
  };
}

/** Seconds of processor time that a process has taken so far. */
function cpuOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  const ticks = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));
  return (Number(fields[11]) + Number(fields[12])) / ticks;
}

/**
 * Starts workers, waits until they wait for jobs, gives them all of `requests` at once and measures until the last is done.
 * @returns seconds of wall time, of processor time of the workers and of Redis
 */
export async function runFleet({ redis, sink, workers, uploads, rate, requests }) {
  await redis.client.flushall();
  const env = {
    ...process.env,
    ...sink.env,
    REDIS_URL: redis.url,
    VODUP_VOD_ENDPOINT: sink.origin,
    VODUP_COS_ENDPOINT: sink.origin,
    TENCENTCLOUD_SECRET_ID: "AKIDEXAMPLE",
    TENCENTCLOUD_SECRET_KEY: "exampleSecretKey",
    UPLOADS: String(uploads),
    RATE: String(rate),
    ROOTS: "/",
  };
  const children = Array.from({ length: workers }, () =>
    spawn(process.execPath, [join(folder, "dist/main.js"), "worker"], { env, stdio: ["ignore", "pipe", "inherit"] }),
  );
  let done = 0;
  const all = new Promise((resolve) => {
    for (const { stdout } of children) {
      stdout.setEncoding("utf8").on("data", (text) => {
        done += text.split("\n").length - 1;
        if (done === requests.length) resolve();
      });
    }
  });
  const queue = uploadQueue({ connection: redis.client });
  while ((await queue.getWorkers()).length < workers) await new Promise((resolve) => setTimeout(resolve, 50));
  const cpu = () => children.reduce((sum, { pid }) => sum + cpuOf(pid), 0);
  const [cpuBefore, redisBefore, started] = [cpu(), await redis.cpuSeconds(), performance.now()];
  await addUploads(queue, requests);
  await all;
  const wall = (performance.now() - started) / 1000;
  const figures = { wall, cpu: cpu() - cpuBefore, redisCpu: (await redis.cpuSeconds()) - redisBefore };
  const ended = Promise.all(children.map((child) => once(child, "close")));
  for (const child of children) child.kill("SIGTERM");
  await ended;
  await queue.close();
  return figures;
}
