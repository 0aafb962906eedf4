import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Bench } from "./support/bench.ts";
import { VodClient } from "../../src/index.ts";
import { openBench } from "./support/bench.ts";

let bench: Bench;

beforeAll(async () => {
  bench = await openBench({
    tasks: { processingMs: 20, fail: ["SampleSnapshot"] },
    pullSource: async (url) => (url.includes("missing") ? undefined : Buffer.from("a film")),
  });
  const vod = new VodClient({ credentials: bench.emulator, vodEndpoint: bench.emulator.vodEndpoint });
  const TranscodeTaskSet = [{ Definition: 100_010 }];
  await vod.call("CreateProcedureTemplate", { Name: "good", MediaProcessTask: { TranscodeTaskSet } });
  const SampleSnapshotTaskSet = [{ Definition: 10 }];
  await vod.call("CreateProcedureTemplate", {
    Name: "bad",
    MediaProcessTask: { TranscodeTaskSet, SampleSnapshotTaskSet },
  });
  await vod.close();
}, 60_000);

afterAll(() => bench.close());

const url = "https://source.example/lesson.mp4";
const lines = (text: string): Record<string, unknown>[] =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe("vodup pull", () => {
  test("prints the task's id, or with --wait the FileId", async () => {
    const started = await bench.run(["pull", url]);
    expect(started).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\S+-pull-\S+\n$/), stderr: "" });
    const { code, stdout } = await bench.run(["pull", url, "--wait"]);
    expect([code, stdout]).toEqual([0, `${bench.emulator.media().at(-1)?.fileId}\n`]);
  });

  test("every flag reaches the service", async () => {
    const flags = {
      "media-type": "mp4",
      "media-name": "Lesson",
      cover: "https://source.example/lesson.jpg",
      "storage-region": "ap-singapore",
      "class-id": "7",
      "source-context": "order 7",
      "session-context": "session",
      "expire-time": "2099-01-02T03:04:05Z",
      "session-id": "once",
      "tasks-priority": "-3",
      "sub-app-id": "1500000001",
    };
    const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
    expect(await bench.run(["pull", url, ...args])).toMatchObject({ code: 0 });
    expect(bench.emulator.requests().findLast(({ operation }) => operation === "PullUpload")?.json).toEqual({
      MediaUrl: url,
      MediaType: "mp4",
      SubAppId: 1_500_000_001,
      MediaName: "Lesson",
      CoverUrl: "https://source.example/lesson.jpg",
      StorageRegion: "ap-singapore",
      ClassId: 7,
      SourceContext: "order 7",
      SessionContext: "session",
      ExpireTime: "2099-01-02T03:04:05Z",
      SessionId: "once",
      TasksPriority: -3,
    });
  });

  test("--wait waits for the task flow too, and exits by it", async () => {
    const good = await bench.run(["pull", url, "--wait", "--procedure", "good"]);
    expect(good).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\n$/) });
    const bad = await bench.run(["pull", url, "--wait", "--procedure", "bad"]);
    // The media is there all the same.
    expect(bad).toMatchObject({ code: 1, stdout: expect.stringMatching(/^\d+\n$/) });
    expect(bad.stderr).toContain("SampleSnapshot 10: SourceFileError");
  });

  test("a source that cannot be had fails", async () => {
    const { code, stdout, stderr } = await bench.run(["pull", "https://source.example/missing.mp4", "--wait"]);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain("source file error");
  });

  test("--json ends with one line of result or error", async () => {
    const done = lines((await bench.run(["pull", url, "--wait", "--json"])).stdout).at(-1);
    expect(done).toEqual({
      type: "result",
      source: url,
      taskId: expect.any(String),
      sessionId: expect.any(String),
      duplicate: false,
      fileId: expect.any(String),
      mediaUrl: expect.any(String),
    });
    const { code, stdout } = await bench.run(["pull", "https://source.example/missing.mp4", "--wait", "--json"]);
    expect(code).toBe(1);
    expect(lines(stdout).at(-1)).toEqual({
      type: "error",
      source: "https://source.example/missing.mp4",
      code: "TASK_FAILED",
      message: expect.stringContaining("source file error"),
      requestId: null,
      retryable: false,
    });
  });

  test("tells no password or query of the URL", async () => {
    const secret = "https://user:hunter2@source.example/missing.mp4?sig=s3cr3t";
    for (const extra of [[], ["--json"], ["--debug"]]) {
      const { stdout, stderr } = await bench.run(["pull", secret, "--wait", ...extra]);
      expect(stdout + stderr).not.toMatch(/hunter2|s3cr3t/);
    }
  });

  test.each([[["lesson.mp4"]], [["ftp://source.example/a.mp4"]], [[]], [[url, url]], [[url, "--class-id", "x"]]])(
    "%j is refused before anything is sent",
    async (args) => {
      const before = bench.count("PullUpload");
      expect(await bench.run(["pull", ...args])).toMatchObject({ code: 2, stdout: "" });
      expect(bench.count("PullUpload")).toBe(before);
    },
  );
});
