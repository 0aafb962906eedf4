import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Bench } from "./support/bench.ts";
import { openBench } from "./support/bench.ts";
import { until } from "./support/run-cli.ts";

const count = 2_000;
const limitMs = 150_000;

let bench: Bench;

beforeEach(async () => {
  bench = await openBench({ requestLogLimit: 100_000 });
});

afterEach(() => bench.close());

interface Line {
  readonly type: string;
  readonly source: string;
  readonly fileId: string;
}

const fileOf = ({ fields }: { readonly fields: Readonly<Record<string, unknown>> }): string =>
  `${fields["MediaName"] as string}.mp4`;
const linesOf = async (path: string): Promise<Line[]> =>
  (await readFile(path, "utf8"))
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Line);

test(
  `${count} small files, killed twice with kill -9: ${count} commits, none twice, journal and report right`,
  async () => {
    const names = Array.from({ length: count }, (_, n) => `film ${n}.mp4`);
    await mkdir(join(bench.folder, "in"));
    for (const name of names) await writeFile(join(bench.folder, "in", name), `content of ${name}`);
    const manifest = join(bench.folder, "in/films.csv");
    await writeFile(manifest, `source\n${names.join("\n")}\n`);
    const args = ["batch", manifest, "--files", "16", "--api-rate", "10000", "--report", join(bench.folder, "report")];

    for (const commits of [500, 1_200]) {
      const run = bench.start(args, { limitMs });
      await until(() => bench.emulator.media().length >= commits, `${commits} commits`, limitMs);
      run.child.kill("SIGKILL");
      expect((await run.ended).code).toBe("SIGKILL");
      expect(bench.emulator.media().length).toBeLessThan(count);
    }
    const { code, stdout, stderr } = await bench.run(args, { limitMs });
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining(`${count} of ${count} uploaded (`) });

    // What the service has: each file once, in a session of its own.
    const media = bench.emulator.media();
    const byName = new Map(media.map((one) => [fileOf(one), one.fileId]));
    expect(media).toHaveLength(count);
    expect([...byName.keys()].sort()).toEqual([...names].sort());
    expect(bench.emulator.sessions().filter(({ state }) => state === "committed")).toHaveLength(count);
    for (const one of media) {
      expect((await bench.emulator.readObject(one.key)).toString()).toBe(`content of ${fileOf(one)}`);
    }
    // What the journal and the report say of it: the same, each once.
    const told = (lines: readonly Line[]): string[] => lines.map(({ source, fileId }) => `${source} ${fileId}`).sort();
    const expected = names.map((name) => `${name} ${byName.get(name)}`).sort();
    const [header, ...journal] = await linesOf(`${manifest}.journal`);
    expect(header).toMatchObject({ type: "journal" });
    expect(told(journal)).toEqual(expected);
    const report = await linesOf(join(bench.folder, "report"));
    expect(report.every(({ type }) => type === "result")).toBe(true);
    expect(told(report)).toEqual(expected);
    // The last run did what the others had not, and nothing is left of them.
    expect(stdout.split("\n").length - 1).toBeLessThanOrEqual(count - 1_200 + 16);
    expect((await readdir(join(bench.folder, "in"))).filter((name) => !name.startsWith("film "))).toEqual([
      "films.csv",
      "films.csv.journal",
    ]);
  },
  limitMs * 3,
);
