import { chmod, mkdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Bench } from "./support/bench.ts";
import { openBench } from "./support/bench.ts";

let bench: Bench;

beforeEach(async () => {
  bench = await openBench();
});

afterEach(() => bench.close());

test("what a batch leaves behind is its owner's alone, whatever the umask", async () => {
  await bench.file("a.mp4", "a");
  await bench.file("films.csv", "source\na.mp4\n");
  const args = ["batch", "films.csv", "--report", "report.ndjson"];
  expect((await bench.run(args, { shell: 'umask 0; exec "$@"' })).code).toBe(0);
  for (const name of ["report.ndjson", "films.csv.journal"]) {
    expect([name, (await stat(join(bench.folder, name))).mode & 0o777]).toEqual([name, 0o600]);
  }
});

test.each([
  ["cannot be listed", 0o000, ["in/closed/"]],
  ["can be listed and not entered", 0o600, ["in/closed/b.mp4", "in/closed/c.mp4", "in/closed/deep/"]],
])("a folder that %s fails as an entry of its own, and the rest is uploaded", async (_, mode, failing) => {
  await mkdir(join(bench.folder, "in/closed/deep"), { recursive: true });
  for (const name of ["in/a.mp4", "in/closed/b.mp4", "in/closed/c.mp4", "in/z.mp4"]) await bench.file(name, name);
  await chmod(join(bench.folder, "in/closed"), mode);
  const args = ["batch", "in", "--report", "report.ndjson", "--journal", "journal"];
  const first = await bench.run(args, { unprivileged: true });
  const report = (await readFile(join(bench.folder, "report.ndjson"), "utf8"))
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { type: string; source: string; code?: string });
  expect(first.code).toBe(7);
  expect(first.stderr).toContain("permission denied");
  const outcomes = report.map(({ source, code }) => `${source} ${code ?? "uploaded"}`).toSorted();
  const expected = failing.map((source) => `${source} SOURCE_UNREADABLE`);
  expect(outcomes).toEqual(["in/a.mp4 uploaded", ...expected, "in/z.mp4 uploaded"]);
  await chmod(join(bench.folder, "in/closed"), 0o700);
  expect((await bench.run(args, { unprivileged: true })).code).toBe(0);
  expect(bench.emulator.media()).toHaveLength(4);
});

test("a folder that cannot be listed is exit code 3 where it is the one that was named", async () => {
  await mkdir(join(bench.folder, "in"));
  await chmod(join(bench.folder, "in"), 0o000);
  const { code, stderr } = await bench.run(["batch", "in"], { unprivileged: true });
  expect({ code, stderr }).toEqual({ code: 3, stderr: expect.stringContaining("permission denied") });
});
