import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { EmulatorOptions } from "../../src/emulator/index.ts";
import type { Point } from "./support/crash.ts";
import type { Sample } from "./support/scenarios.ts";
import { builtCli } from "../cli/support/built-cli.ts";
import { enumerate, inPool, manifestName, nameOf, openScene, runUntil } from "./support/crash.ts";
import { bytes } from "./support/trial.ts";

let folder: string;
let sample: Sample;

beforeAll(async () => {
  builtCli();
  folder = await mkdtemp(join(tmpdir(), "vodup-kill-"));
  const [media, cover] = [bytes(100_001), bytes(10_001, 3)];
  sample = { media, cover, path: join(folder, "film.mp4"), coverPath: join(folder, "film.jpg") };
  await Promise.all([writeFile(sample.path, media), writeFile(sample.coverPath, cover)]);
}, 120_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

/** Dies at the point, runs twice again, and answers what is wrong with the end. */
async function visit(point: Point, options: EmulatorOptions): Promise<{ reached: boolean; problems: string[] }> {
  const scene = await openScene("batch", sample, options);
  try {
    const { emulator } = scene;
    const first = await runUntil(scene, point);
    emulator.setFaults([]);
    const codes = [(await scene.start().ended).code, (await scene.start().ended).code];
    const problems = codes.join() === "0,0" ? [] : [`the runs after it ended with ${codes.join(" and ")}`];
    const media = emulator.media();
    const committed = emulator.sessions().filter(({ state }) => state === "committed");
    if (media.length !== 1 || committed.length !== 1) {
      problems.push(`${media.length} media, ${committed.length} sessions committed`);
    }
    const lines = (await readFile(join(scene.folder, `${manifestName}.journal`), "utf8")).split("\n").slice(1, -1);
    const told = lines.map((line) => (JSON.parse(line) as { fileId?: string }).fileId);
    if (told.join() !== media[0]?.fileId) problems.push(`the journal has ${told.join()}, not ${media[0]?.fileId}`);
    const left = (await readdir(scene.folder)).filter((name) => !/^(films\.ndjson(\.journal)?)$/.test(name));
    if (left.length > 0) problems.push(`left: ${left.join(", ")}`);
    return { reached: first.code === "SIGKILL", problems };
  } finally {
    await scene.close();
  }
}

test("an entry of a batch, killed around every request and every write of its checkpoint, is committed once", async () => {
  const points = await enumerate("batch", sample);
  const requests = points.filter(({ at }) => at === "request").length / 2;
  // Apply, the media, the cover, commit.
  expect(requests).toBe(4);
  const commits = points.filter(({ at, nth }) => at === "request" && nth === requests);
  const visits = [
    ...points.map((point) => ({ point, options: {} })),
    // Nobody has published what a second CommitUpload is told.
    ...commits.map((point) => ({ point, options: { secondCommit: "unknown-session" as const } })),
  ];
  const problems: string[] = [];
  let reached = 0;
  await inPool(visits, 4, async ({ point, options }) => {
    const outcome = await visit(point, options).catch((error: unknown) => ({
      reached: false,
      problems: [String(error)],
    }));
    reached += outcome.reached ? 1 : 0;
    problems.push(...outcome.problems.map((problem) => `killed ${nameOf(point)}: ${problem}`));
  });
  console.log(`kill points, batch: ${reached} of ${visits.length} reached`);
  expect(problems).toEqual([]);
  expect(reached).toBeGreaterThanOrEqual(2 * requests + 8);
}, 240_000);
