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
