import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { FaultRule } from "vodup/emulator";
import { addUploads, jobIdOf, uploadQueue } from "../src/index.ts";
import { eventually } from "./support/eventually.ts";
import { freePort } from "./support/redis-server.ts";
import { content } from "./support/seeded.ts";
import { Site, mib } from "./support/site.ts";
import { timing } from "../../../test/support/timing.ts";

let site: Site;
beforeEach(async () => (site = await Site.open()));
afterEach(() => site.close());

const refused: FaultRule = {
  operation: "UploadPart",
  partNumber: 3,
  fault: { kind: "answer", status: 403, body: "<Error><Code>AccessDenied</Code><Message>injected</Message></Error>" },
};
const stuck: FaultRule = { operation: "UploadPart", partNumber: 3, times: 1, fault: { kind: "hang" } };

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** The sums of all that is committed. */
async function committed(): Promise<(string | undefined)[]> {
  const objects = await site.emulator.objects();
  return site.emulator.media().map(({ key }) => objects.get(key)?.sha256);
}

describe("a job", () => {
  test("has its result, its last progress and no certificate when it is done", async () => {
    const bytes = content(3 * mib + 1, 1);
    site.work({ partsEveryMs: 60_000 });
    const options = { mediaName: "film", sourceContext: "job 1", cover: await site.file("film.jpg", content(99, 2)) };
    const job = await site.ended(await site.add({ source: await site.file("film.mp4", bytes), options }));
    const [media] = site.emulator.media();
    expect(media?.fields).toMatchObject({ MediaName: "film", SourceContext: "job 1", CoverType: "jpg" });
    expect(job.returnvalue).toMatchObject({ fileId: media?.fileId, transfer: { bytes: bytes.length, parts: 4 } });
    const total = bytes.length + 99;
    expect(job.progress).toEqual({ phase: "done", sentBytes: total, totalBytes: total });
    expect(await committed()).toEqual([sha256(bytes)]);
    const raw = await site.connection.hgetall(`bull:vodup:${job.id}`);
    const secrets = site.emulator.secrets().filter((secret) => secret !== "");
    expect(secrets.length).toBeGreaterThan(2);
    expect(secrets.filter((secret) => JSON.stringify(raw).includes(secret))).toEqual([]);
  });

  test("reads an http URL by ranges", async () => {
    const bytes = content(3 * mib, 3);
    const ranges: string[] = [];
    const server = createServer((request, response) => {
      const [, from = "0", to = "0"] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
      ranges.push(request.headers.range ?? "");
      const part = bytes.subarray(Number(from), Number(to) + 1);
      response.writeHead(206, { ETag: '"v1"', "Content-Range": `bytes ${from}-${to}/${bytes.length}` }).end(part);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    try {
      const { port } = server.address() as { port: number };
      site.work({ hosts: [`127.0.0.1:${port}`] });
      const job = await site.ended(await site.add({ source: `http://127.0.0.1:${port}/film.mp4?signed=1` }));
      expect(job.returnvalue.transfer.bytes).toBe(bytes.length);
      expect(await committed()).toEqual([sha256(bytes)]);
      expect(ranges).toContain(`bytes=${mib}-${2 * mib - 1}`);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  test("is added once: the same source with the same options is the same job", async () => {
    const source = await site.file("film.mp4", content(10, 4));
    const [a, b] = [
      { source, options: { mediaName: "a", classId: 1 } },
      { source, options: { classId: 1, mediaName: "a", extInfo: undefined } },
    ];
    expect(jobIdOf(a)).toBe(jobIdOf(b));
    expect(jobIdOf(a)).not.toBe(jobIdOf({ source }));
    await addUploads(site.queue, [a, b, a]);
    site.work();
    await site.ended(await site.add(b));
    expect(await site.queue.getJobCounts()).toMatchObject({ completed: 1, waiting: 0 });
    expect(site.emulator.media()).toHaveLength(1);
  });

  test("is forgotten after a time, so that Redis does not grow", async () => {
    const keeping = uploadQueue({
      connection: site.connection,
      defaultJobOptions: { removeOnComplete: { count: 3 } },
    });
    const requests = Array.from({ length: 8 }, async (_, n) => ({
      source: await site.file(`${n}.mp4`, content(9, n)),
    }));
    await addUploads(keeping, await Promise.all(requests));
    site.work();
    await eventually("all are uploaded", () => site.emulator.media().length === 8);
    await eventually("all jobs have ended", async () => (await keeping.getJobCountByTypes("active", "waiting")) === 0);
    expect(await keeping.getCompletedCount()).toBe(3);
    const jobs = (await site.connection.keys("bull:vodup:*")).filter((key) => /:[0-9a-f]{40}$/.test(key));
    expect(jobs).toHaveLength(3);
    await keeping.close();
    const byDefault = uploadQueue({ connection: site.connection });
    expect(byDefault.jobsOpts).toMatchObject({ removeOnComplete: { count: 10_000 }, removeOnFail: { count: 10_000 } });
    await byDefault.close();
  });
});

describe("a failure", () => {
  test("that would come again ends the job at once, says its code, and leaves nothing stored", async () => {
    site.emulator.setFaults([refused]);
    site.work();
    const source = await site.file("film.mp4", content(4 * mib, 5));
    const [missing, forbidden] = await Promise.all([
      site.add({ source: join(site.folder, "none.mp4") }).then((job) => site.ended(job)),
      site.add({ source }).then((job) => site.ended(job)),
    ]);
    expect([missing.failedReason, missing.attemptsMade]).toEqual([expect.stringMatching(/^SOURCE_NOT_FOUND: /), 1]);
    expect([forbidden.failedReason, forbidden.attemptsMade]).toEqual([expect.stringMatching(/^COS_API: /), 1]);
    expect(forbidden.data.checkpoint).toBeUndefined();
    expect(site.emulator.uploads()).toEqual([]);
    expect(site.asked("AbortMultipartUpload")).toBe(1);
  });

  test("of options, or of a URL that is none, ends the job at once", async () => {
    site.work();
    const source = await site.file("film.mp4", content(10, 6));
    const job = await site.ended(await site.add({ source, options: { partSize: 1 } }));
    expect([job.failedReason, job.attemptsMade]).toEqual([expect.stringContaining("partSize"), 1]);
    const noUrl = await site.ended(await site.add({ source: "https://[" }));
    expect([noUrl.failedReason, noUrl.attemptsMade]).toEqual([expect.stringMatching(/^SOURCE_REFUSED: .*URL/), 1]);
    expect(site.asked("ApplyUpload")).toBe(0);
  });

  test("that passes is tried again from where it was", async () => {
    const bytes = content(4 * mib, 7);
    const busy = { kind: "answer", status: 503, body: "" } as const;
    // Two tries of a request in each of two runs.
    site.emulator.setFaults([{ operation: "UploadPart", partNumber: 3, times: 4, fault: busy }]);
    site.work();
    const job = await site.ended(await site.add({ source: await site.file("film.mp4", bytes) }));
    expect(job.attemptsMade).toBe(3);
    expect(job.returnvalue.transfer.resumedParts).toBe(2);
    expect(site.asked("ApplyUpload")).toBe(1);
    expect(await committed()).toEqual([sha256(bytes)]);
  });

  test("of the source's being another since then begins from the beginning, with what was sent removed", async () => {
    const path = await site.file("film.mp4", content(4 * mib, 8));
    site.emulator.setFaults([stuck]);
    const first = site.work();
    const job = await site.add({ source: path });
    await eventually("part 3 was asked for", () => site.asked("UploadPart") === 3);
    await first.close();
    const [old] = site.emulator.uploads();
    const bytes = content(2 * mib, 9);
    await writeFile(path, bytes);
    site.work();
    const done = await site.ended(job);
    expect([done.attemptsMade, done.returnvalue.transfer.resumedParts]).toEqual([2, 0]);
    expect(await committed()).toEqual([sha256(bytes)]);
    expect(site.emulator.uploads()).toEqual([]);
    const aborted = site.emulator.requests().filter(({ operation }) => operation === "AbortMultipartUpload");
    expect(aborted.map(({ uploadId }) => uploadId)).toEqual([old?.uploadId]);
  });

  test("of a commit that nobody can tell of is final, and keeps the checkpoint that can settle it", async () => {
    // The session is refused as unknown, and no media is under its path: a puzzle for people, not for another try.
    const unknown = JSON.stringify({
      Response: { RequestId: "r", Error: { Code: "InvalidParameterValue.VodSessionKey", Message: "unknown" } },
    });
    const lost: FaultRule = { operation: "CommitUpload", nth: 1, fault: { kind: "answer", status: 502, body: "" } };
    const puzzle = { kind: "answer", status: 200, body: unknown } as const;
    site.emulator.setFaults([lost, { operation: "CommitUpload", nth: 2, fault: puzzle }]);
    site.work();
    const job = await site.ended(await site.add({ source: await site.file("film.mp4", content(10, 10)) }));
    expect([job.failedReason, job.attemptsMade]).toEqual([expect.stringMatching(/^COMMIT_UNCERTAIN: /), 1]);
    expect(job.data.checkpoint?.state).toBe("committing");
    site.emulator.setFaults([]);
    await job.retry("failed");
    const settled = await site.ended(job);
    expect(settled.returnvalue.fileId).toBe(site.emulator.media()[0]?.fileId);
    expect(site.asked("ApplyUpload")).toBe(1);
    expect(site.emulator.media()).toHaveLength(1);
  });

  test("of a commit that gets no answer is tried again, with the same session", async () => {
    const gone = { kind: "reset-after-effect" } as const;
    // Two tries in each of two runs, and the question what became of it.
    site.emulator.setFaults(
      ["CommitUpload", "DescribeMediaInfos"].map((operation) => ({ operation, times: 4, fault: gone })),
    );
    site.work();
    const job = await site.ended(await site.add({ source: await site.file("film.mp4", content(10, 14)) }));
    expect(job.attemptsMade).toBeGreaterThan(1);
    expect(job.returnvalue.fileId).toBe(site.emulator.media()[0]?.fileId);
    expect(site.asked("ApplyUpload")).toBe(1);
    expect(site.emulator.media()).toHaveLength(1);
  });
});

describe("workers", () => {
  test("that are closed give their jobs back, and another goes on with the parts", async () => {
    const bytes = content(4 * mib, 11);
    site.emulator.setFaults([stuck]);
    const first = site.work();
    const job = await site.add({ source: await site.file("film.mp4", bytes) });
    await eventually("part 3 was asked for", () => site.asked("UploadPart") === 3);
    await first.close();
    expect(await site.queue.getJobState(job.id ?? "")).toBe("waiting");
    expect(site.emulator.uploads()[0]?.parts).toHaveLength(2);
    site.work();
    const done = await site.ended(job);
    expect([done.attemptsMade, done.stalledCounter, done.returnvalue.transfer.resumedParts]).toEqual([1, 0, 2]);
    expect(site.asked("UploadPart")).toBe(5);
    expect(await committed()).toEqual([sha256(bytes)]);
  });

  test("stop sending when a lock cannot be renewed, though no checkpoint is due", async () => {
    const parts = 40;
    site.emulator.setFaults([{ operation: "UploadPart", fault: { kind: "slow-response", ms: 200 } }]);
    // Nobody else looks for the job, and the first renewal comes when some parts were sent.
    site.work({ partsEveryMs: 60_000, lockDuration: 1_000, stalledInterval: 60_000 });
    const job = await site.add({ source: await site.file("film.mp4", content(parts * mib, 15)) });
    await eventually("part 2 was asked for", () => site.asked("UploadPart") === 2);
    await site.connection.del(`bull:vodup:${job.id}:lock`);
    await eventually("its upload was stopped", async () => {
      const sent = site.asked("UploadPart");
      await sleep(600);
      return site.asked("UploadPart") === sent;
    });
    expect(site.asked("UploadPart")).toBeLessThan(parts);
  });

  test("begin jobs together no faster than the limiter allows", timing, async () => {
    const limiter = { max: 2, duration: 250 };
    const requests = Array.from({ length: 12 }, async (_, n) => ({
      source: await site.file(`${n}.mp4`, content(9, n)),
    }));
    await addUploads(site.queue, await Promise.all(requests));
    const started = Date.now();
    for (let number = 0; number < 3; number += 1) site.work({ limiter, concurrency: 6 });
    await eventually("all are uploaded", () => site.emulator.media().length === 12);
    // The sixth window opens five windows after the first.
    expect(Date.now() - started).toBeGreaterThanOrEqual(5 * 250);
    const times = site.emulator.requests().filter(({ operation }) => operation === "ApplyUpload");
    const most = Math.max(
      ...times.map(({ time }) => times.filter((t) => t.time >= time && t.time < time + 250).length),
    );
    // A window of the clock may touch two of the limiter's, and be one request late for each.
    expect(most).toBeLessThanOrEqual(2 * limiter.max + 2);
  });

  describe("as the README has them", () => {
    let env: NodeJS.ProcessEnv;
    beforeEach(() => {
      const { secretId, secretKey, origin } = site.emulator;
      env = {
        ...process.env,
        REDIS_URL: `redis://127.0.0.1:${site.redis.port}`,
        TENCENTCLOUD_SECRET_ID: secretId,
        TENCENTCLOUD_SECRET_KEY: secretKey,
        VODUP_VOD_ENDPOINT: origin,
        VODUP_COS_ENDPOINT: origin,
        ROOTS: site.folder,
      };
    });

    function run(...args: string[]) {
      const cwd = join(import.meta.dirname, "..");
      const child = spawn(process.execPath, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
      const said = { out: "", err: "" };
      child.stdout.setEncoding("utf8").on("data", (text: string) => (said.out += text));
      child.stderr.setEncoding("utf8").on("data", (text: string) => (said.err += text));
      return { child, said, exit: once(child, "close").then(([code]) => code as number) };
    }

    test("add, work, and stop by SIGTERM", async () => {
      const source = await site.file("film.mp4", content(10, 12));
      const adding = run("dist/main.js", "add", source);
      expect([await adding.exit, adding.said]).toEqual([0, { out: `${jobIdOf({ source })}\n`, err: "" }]);
      const working = run("dist/main.js", "worker");
      await eventually("it is uploaded and said", () => working.said.out.includes("\n"));
      working.child.kill("SIGTERM");
      const out = `${jobIdOf({ source })} ${site.emulator.media()[0]?.fileId}\n`;
      const err = "SIGTERM\ndraining: no more jobs are taken, and nothing is running\ndraining: done\n";
      expect([await working.exit, working.said]).toEqual([0, { out, err }]);
      const misused = run("dist/main.js", "work");
      expect([await misused.exit, misused.said.out]).toEqual([2, ""]);
      env.RATE = "fast";
      const misset = run("dist/main.js", "worker");
      expect([await misset.exit, misset.said.err]).toEqual([1, expect.stringContaining("RATE must be")]);
    });

    test("say in one line what is wrong: with the settings, and where no Redis is", async () => {
      env.REDIS_URL = `redis://127.0.0.1:${await freePort()}`;
      const adding = run("dist/main.js", "add", "/film.mp4");
      expect([await adding.exit, adding.said]).toEqual([
        1,
        { out: "", err: expect.stringMatching(/^vodup-bullmq: connect ECONNREFUSED 127\.0\.0\.1:\d+\n$/) as string },
      ]);
      const working = run("dist/main.js", "worker");
      await eventually("it has said so", () => working.said.err.includes("ECONNREFUSED"));
      await sleep(500);
      expect(working.said.err.match(/ECONNREFUSED/g)).toHaveLength(1);
      working.child.kill("SIGKILL");
      env.ROOTS = "";
      const unnamed = run("dist/main.js", "worker");
      expect([await unnamed.exit, unnamed.said.err]).toEqual([
        1,
        expect.stringMatching(/^vodup-bullmq: name what this worker may upload: .*\n$/),
      ]);
    });

    test("its program uploads with the options that it names, and stops", async () => {
      const page = await readFile(join(import.meta.dirname, "../README.md"), "utf8");
      const [, block = ""] = /```js\n([\s\S]*?)```/.exec(page) ?? [];
      const source = await site.file("film.mp4", content(10, 13));
      const program = run(
        "--input-type=module",
        "--eval",
        block.replace("/mnt/library/film.mp4", source).replaceAll("/mnt/library", site.folder),
      );
      await eventually("it is uploaded and said", () => program.said.out.includes("\n"));
      program.child.kill("SIGTERM");
      const drained = "draining: no more jobs are taken, and nothing is running\ndraining: done\n";
      expect([await program.exit, program.said.err]).toEqual([0, drained]);
      const [media] = site.emulator.media();
      expect(media?.fields).toMatchObject({ MediaName: "A film", SourceContext: "film 1" });
      expect(program.said.out).toContain(media?.fileId);
    });
  });
});
