import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Bench } from "./support/bench.ts";
import { createTestEvent } from "../../src/events/index.ts";
import { VodClient } from "../../src/index.ts";
import { openBench } from "./support/bench.ts";
import { until } from "./support/run-cli.ts";

let bench: Bench;
let vod: VodClient;

beforeAll(async () => {
  bench = await openBench({ pullWaitMs: 50, tasks: { processingMs: 20 } });
  vod = new VodClient({
    credentials: bench.emulator,
    vodEndpoint: bench.emulator.vodEndpoint,
    cosEndpoint: bench.emulator.cosEndpoint,
  });
}, 60_000);

afterEach(async () => {
  // What a test left in the queue is not the next one's.
  bench.emulator.setFaults([]);
  bench.emulator.advanceClock(31_000);
  const left = (await vod.call("DescribeEventsState", {})).CountOfEventsToPull;
  if (left === 0) return;
  let taken = 0;
  for await (const event of vod.pullEvents()) {
    await event.confirm();
    taken += 1;
    if (taken >= left) break;
  }
});

afterAll(async () => {
  await vod.close();
  await bench.close();
});

const lines = (text: string): Record<string, unknown>[] =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

async function upload(count = 1): Promise<string[]> {
  const fileIds: string[] = [];
  for (let at = 0; at < count; at += 1) {
    fileIds.push((await vod.upload(Buffer.of(at), { mediaType: "mp4", sourceContext: "order 7" })).fileId);
  }
  return fileIds;
}

describe("vodup events", () => {
  test("prints each event as a line and ends after --max", async () => {
    const [first, second] = await upload(3);
    const { code, stdout, stderr } = await bench.run(["events", "--max", "2"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(lines(stdout)).toMatchObject([
      { type: "NewFileUpload", format: "3.0", fileId: first, sourceContext: "order 7", isServerUpload: true },
      { type: "NewFileUpload", fileId: second, raw: { EventType: "NewFileUpload" } },
    ]);
  });

  test("without --confirm events come again, with it they do not", async () => {
    const [fileId] = await upload();
    for (const args of [
      ["--max", "1"],
      ["--max", "1", "--confirm"],
    ]) {
      const { stdout } = await bench.run(["events", ...args]);
      expect(lines(stdout)).toMatchObject([{ fileId }]);
      bench.emulator.advanceClock(31_000);
    }
    expect(await vod.call("DescribeEventsState", {})).toMatchObject({ CountOfEventsToPull: 0 });
  });

  test("goes on until it is told to end, and through failures that pass", async () => {
    bench.emulator.setFaults([{ operation: "PullEvents", times: 1, fault: { kind: "reset-before" } }]);
    const run = bench.start(["events", "--confirm", "--retries", "0"]);
    await until(() => run.stderr().includes("note"), "the note of the failure");
    const [fileId] = await upload();
    await until(() => run.stdout().includes("\n"), "the event");
    run.child.kill("SIGTERM");
    const { code, stdout } = await run.ended;
    expect(code).toBe(143);
    expect(lines(stdout)).toMatchObject([{ fileId }]);
  });

  test("an empty queue, which the service reports as an error, is waited at until an event comes", async () => {
    const pulls = (): ReturnType<typeof bench.emulator.requests> =>
      bench.emulator.requests().filter(({ operation }) => operation === "PullEvents");
    const before = pulls().length;
    const run = bench.start(["events", "--confirm", "--max", "1"]);
    await until(() => pulls().length >= before + 4, "a few empty pulls");
    expect(pulls()[before]).toMatchObject({ code: "ResourceNotFound" });
    const [fileId] = await upload();
    const { code, stdout, stderr } = await run.ended;
    expect([code, stderr]).toEqual([0, ""]);
    expect(lines(stdout)).toMatchObject([{ type: "NewFileUpload", fileId }]);
  });

  test("a minute of an empty queue, by a clock that runs sixty times as fast, and then an event", async () => {
    const fast = await bench.file(
      "fast.mjs",
      "const now = performance.now.bind(performance); performance.now = () => now() * 60;",
    );
    const before = bench.count("PullEvents");
    const run = bench.start(["events", "--confirm", "--max", "1"], { env: { NODE_OPTIONS: `--import=${fast}` } });
    // Each is held for 50 ms: 3 s by that clock, after which there is no pause. The service holds them for 5 s.
    await until(() => bench.count("PullEvents") >= before + 20, "a minute of empty pulls");
    expect([run.stdout(), run.stderr()]).toEqual(["", ""]);
    const [fileId] = await upload();
    const { code, stdout, stderr } = await run.ended;
    expect([code, stderr]).toEqual([0, ""]);
    expect(lines(stdout)).toMatchObject([{ type: "NewFileUpload", fileId }]);
  });

  test("ends with 5 when its time is over, and with 4 when it is not allowed to", async () => {
    expect(await bench.run(["events", "--timeout", "0.3"])).toMatchObject({ code: 5, stdout: "" });
    const body = JSON.stringify({
      Response: { Error: { Code: "UnauthorizedOperation", Message: "" }, RequestId: "r" },
    });
    bench.emulator.setFaults([{ operation: "PullEvents", fault: { kind: "answer", status: 200, body } }]);
    expect(await bench.run(["events"])).toMatchObject({ code: 4 });
  });

  test.each([["0"], ["many"], ["-1"]])("--max %s is refused", async (max) => {
    expect(await bench.run(["events", `--max=${max}`])).toMatchObject({ code: 2, stdout: "" });
  });
});

describe("vodup events config", () => {
  test("prints the configuration, and changes it before", async () => {
    const config = async (...args: string[]) => {
      const { code, stdout, stderr } = await bench.run(["events", "config", ...args]);
      expect(code).toBe(0);
      return { config: lines(stdout)[0], stderr };
    };
    expect(await config()).toEqual({
      config: { mode: "PULL", notificationUrl: "", uploadEvents: "ON", deleteEvents: "ON", persistenceEvents: "OFF" },
      stderr: "",
    });
    const pushed = await config("--push", "http://127.0.0.1:9/hook", "--delete-events", "off");
    expect(pushed.config).toMatchObject({
      mode: "PUSH",
      notificationUrl: "http://127.0.0.1:9/hook",
      deleteEvents: "OFF",
    });
    const { stderr } = await bench.run(["events", "--timeout", "4"]);
    expect(stderr).toContain("vodup events config --pull");
    const back = await config("--pull", "--delete-events", "on", "--upload-events", "off");
    expect(back.config).toMatchObject({ mode: "PULL", uploadEvents: "OFF" });
    expect(back.stderr).toContain("--upload-events on");
    await config("--upload-events", "on");
  });

  test("the key comes from a variable and is told to nobody", async () => {
    const env = { SIGN_KEY: "abcDEF0123456789" };
    const { code, stdout, stderr } = await bench.run(["events", "config", "--sign-key-env", "SIGN_KEY"], { env });
    expect(code).toBe(0);
    expect(stdout + stderr).not.toContain(env.SIGN_KEY);
    expect(bench.count("ModifyEventConfig")).toBeGreaterThan(0);
    await bench.run(["events", "config", "--sign-key-env", "SIGN_KEY"], { env: { SIGN_KEY: "" } });
  });

  test.each([
    ["--push", "ftp://x/"],
    ["--push", "http://x/", "--pull"],
    ["--upload-events", "yes"],
    ["--sign-key-env", "NO_SUCH_VARIABLE"],
  ])("%s %s is refused before anything is sent", async (...args) => {
    const before = bench.emulator.requests().length;
    expect(await bench.run(["events", "config", ...args])).toMatchObject({ code: 2, stdout: "" });
    expect(bench.emulator.requests()).toHaveLength(before);
  });
});

describe("vodup listen", () => {
  const signKey = "abcDEF0123456789";
  const start = async (args: readonly string[], env: Record<string, string> = {}) => {
    const run = bench.start(["listen", "--port", "0", ...args], { env });
    await until(() => run.stderr().includes("listening on "), "the port");
    const url = /http:\S+/.exec(run.stderr())?.[0] ?? "";
    const post = async (body: unknown, path = ""): Promise<number> => {
      const headers = { "content-type": "application/json" };
      return (await fetch(`${url}${path}`, { method: "POST", headers, body: JSON.stringify(body) })).status;
    };
    return { run, post };
  };

  test("prints what is posted, in both formats, and ends after --max", async () => {
    const { run, post } = await start(["--max", "2"]);
    expect(await post(createTestEvent("NewFileUpload", { fileId: "1", sourceContext: "주문" }))).toBe(200);
    expect(await post(createTestEvent("NewFileUpload", { fileId: "2", format: "2.0" }), "any/path")).toBe(200);
    const { code, stdout, stderr } = await run.ended;
    expect(code).toBe(0);
    expect(lines(stdout)).toMatchObject([
      { type: "NewFileUpload", format: "3.0", fileId: "1", sourceContext: "주문" },
      { type: "NewFileUpload", format: "2.0", fileId: "2" },
    ]);
    expect(stderr).toContain("without --sign-key-env nobody checks who posts");
  });

  test("with a key takes signed events only, and prints no signature", async () => {
    const { run, post } = await start(["--sign-key-env", "SIGN_KEY", "--max", "1"], { SIGN_KEY: signKey });
    expect(await post(createTestEvent("NewFileUpload"))).toBe(403);
    expect(await post(createTestEvent("NewFileUpload", {}, "another"))).toBe(403);
    expect(await post(createTestEvent("NewFileUpload", { fileId: "7" }, signKey))).toBe(200);
    const { code, stdout, stderr } = await run.ended;
    expect(code).toBe(0);
    expect(lines(stdout)).toMatchObject([{ fileId: "7" }]);
    expect(lines(stdout)[0]?.["raw"]).not.toHaveProperty("Sign");
    expect(stderr).toContain("403 sign-mismatch");
    expect(stdout + stderr).not.toContain(signKey);
  });

  test("receives what an upload pushes", async () => {
    const { run, post } = await start(["--max", "1"]);
    expect(post).toBeDefined();
    const url = /http:\S+/.exec(run.stderr())?.[0] ?? "";
    await bench.run(["events", "config", "--push", `${url}hook`]);
    const [fileId] = await upload();
    const { code, stdout } = await run.ended;
    await bench.run(["events", "config", "--pull"]);
    expect(code).toBe(0);
    expect(lines(stdout)).toMatchObject([{ type: "NewFileUpload", fileId, sourceContext: "order 7" }]);
  });

  test("ends by a signal with everything printed that was answered", async () => {
    const { run, post } = await start([]);
    await Promise.all(Array.from({ length: 20 }, (_, at) => post(createTestEvent("FileDeleted", { fileId: `${at}` }))));
    run.child.kill("SIGINT");
    const { code, stdout } = await run.ended;
    expect([code, lines(stdout).length]).toEqual([130, 20]);
  });

  test("a port that is taken is a failure that says so", async () => {
    const { run } = await start([]);
    const port = /:(\d+)\//.exec(run.stderr())?.[1] ?? "";
    const { code, stderr } = await bench.run(["listen", "--port", port]);
    expect([code, stderr]).toEqual([1, expect.stringContaining("EADDRINUSE")]);
    run.child.kill("SIGTERM");
    await run.ended;
  });

  test.each([
    [[]],
    [["--port", "70000"]],
    [["--port", "0", "--sign-key-env", "NO_SUCH_VARIABLE"]],
    [["--port", "0", "--max", "0"]],
  ])("%j is refused", async (args) => {
    expect(await bench.run(["listen", ...args])).toMatchObject({ code: 2, stdout: "" });
  });
});
