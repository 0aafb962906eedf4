import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { EmulatorOptions } from "../../src/emulator/index.ts";
import type { Point, Uploader } from "./support/crash.ts";
import type { Sample } from "./support/scenarios.ts";
import { builtCli } from "../cli/support/built-cli.ts";
import { enumerate, inPool, nameOf, openScene, runAgain, runUntil } from "./support/crash.ts";
import { bytes, mib } from "./support/trial.ts";

let folder: string;
let sample: Sample;

beforeAll(async () => {
  builtCli();
  folder = await mkdtemp(join(tmpdir(), "vodup-kill-"));
  const [media, cover] = [bytes(5 * mib + 234_567), bytes(100_001, 3)];
  sample = { media, cover, path: join(folder, "film.mp4"), coverPath: join(folder, "film.jpg") };
  await Promise.all([writeFile(sample.path, media), writeFile(sample.coverPath, cover)]);
}, 120_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

/** Dies at the point, runs again, and answers what is wrong; `reached` is false where the first run got by without it. */
async function visit(
  uploader: Uploader,
  point: Point,
  options: EmulatorOptions,
): Promise<{ readonly reached: boolean; readonly problems: string[] }> {
  const scene = await openScene(uploader, sample, options);
  try {
    const first = await runUntil(scene, point);
    // Writes that follow one another closely are gathered into one: how many there are is not the same each time.
    const reached = first.code === "SIGKILL";
    if (!reached && first.code !== 0) return { reached, problems: [`the first run ended with ${first.code}`] };
    const told = first.stdout.trim();
    // Once the state is gone the upload is over, and its FileId has been printed: there is nothing to go on from.
    const over = point.at === "rm" && point.moment === "after";
    const isOver = !reached || over;
    const isTold = told !== "" && scene.emulator.media().some(({ fileId }) => fileId === told);
    if (isOver) return { reached, problems: isTold ? [] : ["it was over, and its FileId had not been printed"] };
    return { reached, problems: await runAgain(scene, sample) };
  } finally {
    await scene.close();
  }
}

describe.each<Uploader>(["cli", "library"])("an upload of six parts and a cover, by the %s", (uploader) => {
  test("killed around every request and every write of its checkpoint, is committed once by the next run", async () => {
    const points = await enumerate(uploader, sample);
    const requests = points.filter(({ at }) => at === "request").length / 2;
    // Apply, open, six parts, join, the cover, commit.
    expect(requests).toBe(11);
    const commits = points.filter(({ at, nth }) => at === "request" && nth === requests);
    const visits = [
      ...points.map((point) => ({ point, options: {} })),
      // Nobody has published what a second CommitUpload is told.
      ...commits.map((point) => ({ point, options: { secondCommit: "unknown-session" as const } })),
    ];
    const problems: string[] = [];
    let reached = 0;
    await inPool(visits, 4, async ({ point, options }) => {
      const outcome = await visit(uploader, point, options).catch((error: unknown) => ({
        reached: false,
        problems: [String(error)],
      }));
      reached += outcome.reached ? 1 : 0;
      problems.push(...outcome.problems.map((problem) => `killed ${nameOf(point)}: ${problem}`));
    });
    console.log(`kill points, ${uploader}: ${reached} of ${visits.length} reached`);
    expect(problems).toEqual([]);
    expect(reached).toBeGreaterThanOrEqual(2 * requests + 12);
  }, 240_000);
});
