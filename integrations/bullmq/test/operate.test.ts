import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type StatusServer, UploadMetrics, type UploadWorker, drain, startStatusServer } from "../src/index.ts";
import { eventually } from "./support/eventually.ts";
import { valueOf, samplesOf } from "./support/open-metrics.ts";
import { content } from "./support/seeded.ts";
import { Site, mib } from "./support/site.ts";

let site: Site;
let metrics: UploadMetrics;
let servers: StatusServer[];

beforeEach(async () => {
  site = await Site.open({ certificateLifeSeconds: 7200 });
  metrics = new UploadMetrics({ queue: site.queue });
  servers = [];
});
afterEach(async () => {
  await Promise.all(servers.map((server) => server.close()));
  await site.close();
});

async function serve(worker: UploadWorker): Promise<string> {
  const server = await startStatusServer({ worker, connection: site.connection, metrics, port: 0 });
  servers.push(server);
  return server.url;
}

const statusOf = async (url: string): Promise<[number, string]> => {
  const answer = await fetch(url);
  return [answer.status, (await answer.text()).trim()];
};

const stuck = { operation: "UploadPart", partNumber: 3, times: 1, fault: { kind: "hang" } } as const;

describe("metrics", () => {
  test("are OpenMetrics, and count what was done: jobs, bytes, retries, commits, renewals", async () => {
    const worker = site.work({ uploadMetrics: metrics });
    const url = await serve(worker);
    const busy = { kind: "answer", status: 503, body: "" } as const;
    site.emulator.setFaults([
      { operation: "UploadPart", partNumber: 2, times: 1, fault: busy },
      { operation: "UploadPart", partNumber: 3, times: 1, fault: { kind: "expire-certificate" } },
    ]);
    const bytes = 4 * mib + 5;
    await site.ended(await site.add({ source: await site.file("film.mp4", content(bytes, 1)) }));
    await site.ended(await site.add({ source: "/etc/hostname" }));
    await site.ended(await site.add({ source: `${site.folder}/none.mp4` }));
    const secretName = "https://user:pass@h/x?sign=secret";
    await site.ended(await site.add({ source: secretName }));

    const answer = await fetch(`${url}/metrics`);
    expect(answer.headers.get("content-type")).toBe("application/openmetrics-text; version=1.0.0; charset=utf-8");
    const text = await answer.text();
    expect(valueOf(text, "vodup_jobs", { state: "completed" })).toBe(1);
    expect(valueOf(text, "vodup_jobs", { state: "failed" })).toBe(3);
    expect(valueOf(text, "vodup_jobs", { state: "waiting" })).toBe(0);
    expect(valueOf(text, "vodup_worker_jobs_total", { outcome: "completed" })).toBe(1);
    expect(valueOf(text, "vodup_worker_jobs_total", { outcome: "refused" })).toBe(2);
    expect(valueOf(text, "vodup_worker_jobs_total", { outcome: "failed" })).toBe(1);
    expect(valueOf(text, "vodup_uploaded_bytes_total")).toBe(bytes);
    expect(valueOf(text, "vodup_request_retries_total", { operation: "UploadPart" })).toBe(2);
    expect(valueOf(text, "vodup_certificate_renewals_total")).toBe(1);
    expect(valueOf(text, "vodup_commit_seconds_count")).toBe(1);
    expect(valueOf(text, "vodup_uploads_in_flight")).toBe(0);
    expect(valueOf(text, "process_resident_memory_bytes")).toBeGreaterThan(mib);

    const secrets = site.emulator.secrets().filter((secret) => secret !== "");
    expect([...secrets, "film", site.folder, "sign=", "pass@"].filter((each) => text.includes(each))).toEqual([]);
    // However many jobs there were, the labels are of few values.
    const labels = samplesOf(text).filter(({ name }) => name.startsWith("vodup_"));
    expect(labels.length).toBeLessThan(60);
  });

  test("count tries that are repeated, failures by their code, and of a resumed upload only what this worker sent", async () => {
    site.emulator.setFaults([stuck]);
    const first = site.work({});
    const job = await site.add({ source: await site.file("film.mp4", content(4 * mib, 2)) });
    await eventually("part 3 was asked for", () => site.asked("UploadPart") === 3);
    await first.close();
    const gone = { kind: "answer", status: 503, body: "" } as const;
    site.emulator.setFaults([{ operation: "UploadPart", times: 2, fault: gone }]);
    site.work({ uploadMetrics: metrics });
    await site.ended(job);
    const text = await metrics.register.metrics();
    expect(valueOf(text, "vodup_worker_jobs_total", { outcome: "retried" })).toBe(1);
    expect(valueOf(text, "vodup_worker_jobs_total", { outcome: "completed" })).toBe(1);
    expect(valueOf(text, "vodup_upload_failures_total", { code: "BAD_ANSWER" })).toBe(1);
    expect(valueOf(text, "vodup_uploaded_bytes_total")).toBe(2 * mib);
  });

  test("are answered while Redis is away, but for what it holds; readiness says so, health does not", async () => {
    const worker = site.work({ uploadMetrics: metrics });
    const url = await serve(worker);
    expect(await statusOf(`${url}/readyz`)).toEqual([200, "ok"]);
    process.kill(site.redis.pid, "SIGSTOP");
    const [ready, health, text] = await Promise.all([
      statusOf(`${url}/readyz`),
      statusOf(`${url}/healthz`),
      fetch(`${url}/metrics`).then((answer) => answer.text()),
    ]);
    process.kill(site.redis.pid, "SIGCONT");
    expect(ready).toEqual([503, "Redis did not answer within 1 s"]);
    expect(health).toEqual([200, "ok"]);
    expect(samplesOf(text).filter(({ name }) => name === "vodup_jobs")).toEqual([]);
    expect(valueOf(text, "vodup_uploads_in_flight")).toBe(0);
    await eventually("it is ready again", async () => (await statusOf(`${url}/readyz`))[0] === 200);
    expect(valueOf(await metrics.register.metrics(), "vodup_jobs", { state: "waiting" })).toBe(0);
  });
});

test("the status server has three pages, is of this machine only, and takes no other methods", async () => {
  const url = await serve(site.work());
  expect(new URL(url).hostname).toBe("127.0.0.1");
  expect((await statusOf(`${url}/readyz?x`))[0]).toBe(200);
  expect((await statusOf(`${url}/../etc/passwd`))[0]).toBe(404);
  expect((await fetch(`${url}/metrics`, { method: "POST" })).status).toBe(405);
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const { port } = taken.address() as { port: number };
  const worker = site.work();
  await expect(startStatusServer({ worker, connection: site.connection, metrics, port })).rejects.toThrow(/EADDRINUSE/);
  taken.close();
});

describe("a worker that drains", () => {
  test("is not ready, lets its uploads end, and takes no other", async () => {
    const worker = site.work({ uploadMetrics: metrics, concurrency: 1 });
    const url = await serve(worker);
    site.emulator.setFaults([{ operation: "UploadPart", fault: { kind: "slow-response", ms: 300 } }]);
    const job = await site.add({ source: await site.file("film.mp4", content(4 * mib, 3)) });
    await eventually("it is being sent", () => site.asked("UploadPart") === 1);
    const said: string[] = [];
    const drained = drain(worker, { finishMs: 60_000, tell: (line) => said.push(line) });
    const other = await site.add({ source: await site.file("other.mp4", content(9, 4)) });
    expect(await statusOf(`${url}/readyz`)).toEqual([503, "draining: no more jobs are taken"]);
    expect(await statusOf(`${url}/healthz`)).toEqual([200, "ok"]);
    expect(valueOf(await metrics.register.metrics(), "vodup_worker_draining")).toBe(1);
    expect(await drained).toBe(true);
    expect(await site.queue.getJobState(job.id ?? "")).toBe("completed");
    expect(await site.queue.getJobState(other.id ?? "")).toBe("waiting");
    expect(said).toEqual(["draining: no more jobs are taken; 1 upload may run for 60 s more", "draining: done"]);
  });

  test("stops what has not ended in time, and another worker resumes it", async () => {
    site.emulator.setFaults([stuck]);
    const worker = site.work();
    const job = await site.add({ source: await site.file("film.mp4", content(4 * mib, 5)) });
    await eventually("part 3 was asked for", () => site.asked("UploadPart") === 3);
    const said: string[] = [];
    expect(await drain(worker, { finishMs: 50, tell: (line) => said.push(line) })).toBe(true);
    expect(said.join("\n")).toContain("stopping 1 upload; what was sent is kept");
    expect(await site.queue.getJobState(job.id ?? "")).toBe("waiting");
    site.work();
    expect((await site.ended(job)).returnvalue.transfer.resumedParts).toBe(2);
  });

  test("takes none of the jobs that it was waiting for", async () => {
    const worker = site.work();
    await sleep(200);
    void worker.pause(true);
    const job = await site.add({ source: await site.file("film.mp4", content(9, 6)) });
    await sleep(300);
    expect(site.emulator.requests()).toEqual([]);
    expect(await site.queue.getJobState(job.id ?? "")).toBe("waiting");
    site.work();
    await site.ended(job);
  });

  test("says where Redis does not answer and nothing ran", async () => {
    const worker = site.work();
    await worker.waitUntilReady();
    process.kill(site.redis.pid, "SIGSTOP");
    const said: string[] = [];
    expect(await drain(worker, { finishMs: 50, stopMs: 200, tell: (line) => said.push(line) })).toBe(false);
    process.kill(site.redis.pid, "SIGCONT");
    expect(said.at(-1)).toBe("draining: Redis did not answer; nothing was running");
  });

  test("ends though Redis does not answer", async () => {
    site.emulator.setFaults([stuck]);
    const worker = site.work();
    await site.add({ source: await site.file("film.mp4", content(4 * mib, 7)) });
    await eventually("part 3 was asked for", () => site.asked("UploadPart") === 3);
    process.kill(site.redis.pid, "SIGSTOP");
    const said: string[] = [];
    expect(await drain(worker, { finishMs: 50, stopMs: 200, tell: (line) => said.push(line) })).toBe(false);
    process.kill(site.redis.pid, "SIGCONT");
    expect(said.at(-1)).toContain("Redis did not answer");
  });
});
