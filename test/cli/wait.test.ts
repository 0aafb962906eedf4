import { afterEach, describe, expect, test } from "vitest";
import type { EmulatorOptions } from "../../src/emulator/index.ts";
import type { Bench } from "./support/bench.ts";
import { openBench } from "./support/bench.ts";
import { until } from "./support/run-cli.ts";

let bench: Bench;

afterEach(() => bench.close());

async function open(tasks: EmulatorOptions["tasks"]): Promise<string> {
  bench = await openBench({ tasks });
  return bench.file("film.mp4", "film");
}

const flow = ["--procedure", "LongVideoPreset", "--wait"];

describe("upload --wait", () => {
  test("ends when the task flow has succeeded", async () => {
    const path = await open({ processingMs: 50 });
    const { code, stdout } = await bench.run(["upload", path, ...flow, "--json"]);
    expect(code).toBe(0);
    const lines = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const last = lines.slice(-3);
    expect(last.map(({ type }) => type)).toEqual(["stored", "processed", "result"]);
    expect(last[1]).toMatchObject({ status: "FINISH", taskType: "Procedure" });
    expect({ ...last[0], type: "result" }).toEqual(last[2]);
  });

  test("without a task flow ends when the media can be found", async () => {
    const path = await open({});
    expect(await bench.run(["upload", path, "--wait"])).toMatchObject({ code: 0, stderr: "" });
    expect(bench.count("DescribeMediaInfos")).toBe(1);
  });

  test("exits by the outcome: the FileId is told, the failure too, and nothing is left", async () => {
    const path = await open({ processingMs: 0, fail: ["CoverBySnapshot"] });
    const { code, stdout, stderr } = await bench.run(["upload", path, ...flow]);
    expect(code).toBe(1);
    expect(stdout).toBe(`${bench.emulator.media()[0]?.fileId}\n`);
    expect(stderr).toContain("CoverBySnapshot");
    expect(await bench.stateFiles()).toEqual([]);
  });

  test("can be stopped and run again: it waits on, and uploads nothing twice", async () => {
    const path = await open({ processingMs: 3_600_000 });
    const run = bench.start(["upload", path, ...flow]);
    await until(() => bench.count("DescribeTaskDetail") > 0, "the question about the task");
    run.child.kill("SIGTERM");
    const { code, stdout, stderr } = await run.ended;
    expect(code).toBe(143);
    expect(stderr).toContain("to resume: vodup upload");
    bench.emulator.advanceClock(7_200_000);
    bench.emulator.clearRequests();
    expect(await bench.run(["upload", path, ...flow])).toMatchObject({ code: 0, stdout });
    expect(bench.count("ApplyUpload") + bench.count("PutObject") + bench.count("CommitUpload")).toBe(0);
    expect(await bench.stateFiles()).toEqual([]);
  });
});
