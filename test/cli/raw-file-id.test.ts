import { expect, test } from "vitest";
import { openBench } from "./support/bench.ts";

test("a FileId with a line feed and an escape is a success, and is not printed raw", async () => {
  const bench = await openBench();
  await bench.file("a.mp4", "content");
  const body = JSON.stringify({ Response: { FileId: "1\n\u001b[2J", MediaUrl: "http://h.example/x", RequestId: "r" } });
  bench.emulator.setFaults([{ operation: "CommitUpload", fault: { kind: "answer", status: 200, body } }]);
  const { code, stdout } = await bench.run(["upload", "a.mp4"]);
  expect({ code, stdout }).toEqual({ code: 0, stdout: "1\\x0a\\x1b[2J\n" });
  await bench.close();
});

/** Links (OSC 8), titles (OSC 0), C1 controls, turned directions, columns and lines of their own. */
const hostile =
  "1\u001b]8;;http://evil.example\u0007x\u001b]8;;\u0007\u009d0;t\u009c\u202e2\u2066\t\r\u0085\u2028\u007f\b3";

test.each([
  ["one upload", ["upload", "a.mp4"]],
  ["two", ["upload", "a.mp4", "b.mp4"]],
  ["JSON", ["upload", "a.mp4", "--json"]],
  ["a batch", ["batch", "films.ndjson", "--report", "report"]],
])("no other form of FileId reaches a terminal: %s", async (_, args) => {
  const bench = await openBench();
  for (const name of ["a.mp4", "b.mp4"]) await bench.file(name, `content of ${name}`);
  await bench.file("films.ndjson", '{"source":"a.mp4"}\n');
  const Response = { FileId: hostile, MediaUrl: `http://h.example/${hostile}`, RequestId: hostile };
  const body = JSON.stringify({ Response });
  bench.emulator.setFaults([{ operation: "CommitUpload", fault: { kind: "answer", status: 200, body } }]);
  const { code, stdout, stderr } = await bench.run(args);
  expect(code).toBe(0);
  expect(stdout + stderr).not.toMatch(/(?![\t\n])[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
  for (const line of stdout.trim().split("\n")) expect(line.split("\t").length).toBeLessThanOrEqual(2);
  await bench.close();
});

test("vodup pull prints neither a task nor a FileId raw, and --json stays JSON", async () => {
  const bench = await openBench();
  const task = "t\n\u001b[2J\u009b";
  const answer = (operation: string, fields: object) => ({
    operation,
    fault: { kind: "answer" as const, status: 200, body: JSON.stringify({ Response: { ...fields, RequestId: "r" } }) },
  });
  const PullUploadTask = { TaskId: task, ErrCode: 0, ErrCodeExt: "", Message: "", FileId: "5\n\u009b1", FileUrl: "u" };
  bench.emulator.setFaults([
    answer("PullUpload", { TaskId: task }),
    answer("DescribeTaskDetail", { TaskType: "PullUpload", Status: "FINISH", PullUploadTask }),
  ]);
  const url = "https://h.example/a.mp4";
  const runs = [
    ["pull", url],
    ["pull", url, "--wait"],
    ["pull", url, "--wait", "--json"],
  ];
  const outcomes = await Promise.all(runs.map((args) => bench.run(args)));
  for (const { code, stdout, stderr } of outcomes) {
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stdout + stderr).not.toMatch(/(?!\n)\p{Cc}/u);
  }
  expect(outcomes[0]?.stdout).toBe("t\\x0a\\x1b[2J\\x9b\n");
  expect(outcomes[1]?.stdout).toBe("5\\x0a\\x9b1\n");
  expect(JSON.parse(outcomes[2]?.stdout.trim().split("\n").at(-1) ?? "")).toMatchObject({ fileId: "5\n\u009b1" });
  await bench.close();
});
