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
