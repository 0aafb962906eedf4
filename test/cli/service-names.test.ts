import { expect, test } from "vitest";
import { openBench } from "./support/bench.ts";

const answer = (...names: string[]) => ({
  operation: "ParseStreamingManifest",
  fault: {
    kind: "answer" as const,
    status: 200,
    body: JSON.stringify({ Response: { MediaSegmentSet: names, RequestId: "r" } }),
  },
});

test("files that only the service names: a segment is told of even with --quiet, anything else is refused", async () => {
  const bench = await openBench();
  await bench.file("a.m3u8", "#EXTM3U\n1.ts\n");
  for (const name of ["1.ts", "2.ts", ".env"]) await bench.file(name, name);
  bench.emulator.setFaults([answer("1.ts", "2.ts")]);
  const uploaded = await bench.run(["upload", "a.m3u8", "--quiet"]);
  expect(uploaded).toMatchObject({
    code: 0,
    stderr: expect.stringContaining('only the service names "2.ts"') as unknown,
  });
  const batch = await bench.run(["batch", "-", "--quiet", "--journal", "j"], { input: '{"source":"a.m3u8"}\n' });
  expect(batch).toMatchObject({ code: 0, stderr: expect.stringContaining('only the service names "2.ts"') as unknown });
  const before = bench.emulator.media().length;
  bench.emulator.setFaults([answer("1.ts", ".env")]);
  const { code, stdout, stderr } = await bench.run(["upload", "a.m3u8", "--quiet", "--no-resume"]);
  expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
  expect(stderr).toContain('".env", which only the service names');
  expect(bench.emulator.media()).toHaveLength(before);
  await bench.close();
});
