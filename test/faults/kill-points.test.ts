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

describe("ids of multipart uploads that are lost", () => {
  const lost = { operation: "InitiateMultipartUpload", times: 2, fault: { kind: "reset-after-effect" } } as const;

  /** The request of the first run that opens the third upload: its answer, too, never arrives. */
  const third: Point = { at: "request", nth: 4, moment: "after" };

  /** Kills the first run there and the second at the point; answers what the third one leaves wrong. */
  async function twice(uploader: Uploader, point: Point, options: EmulatorOptions): Promise<string[]> {
    const scene = await openScene(uploader, sample, options);
    try {
      await runUntil(scene, third, [lost]);
      const open = scene.emulator.uploads().length;
      if (open !== 3) return [`${open} uploads were open instead of 3`];
      await runUntil(scene, point);
      return await runAgain(scene, sample);
    } finally {
      await scene.close();
    }
  }

  test.each<Uploader>(["cli", "library"])(
    "by the %s, killed again around each request of the run that looks for them: none is left",
    async (uploader) => {
      // The list, two removals, the parts of the one that is taken, the first part.
      const visits = [1, 2, 3, 4, 5].flatMap((nth) =>
        (["before", "after"] as const).map((moment): Point => ({ at: "request", nth, moment })),
      );
      const problems: string[] = [];
      await inPool(visits, 3, async (point) => {
        const found = await twice(uploader, point, {}).catch((error: unknown) => [String(error)]);
        problems.push(...found.map((problem) => `killed ${nameOf(point)}: ${problem}`));
      });
      expect(problems).toEqual([]);
    },
    120_000,
  );

  test("where no certificate may list, they stay, and nothing else is wrong", async () => {
    const point: Point = { at: "request", nth: 1, moment: "before" };
    const options = { listMultipartUploads: false };
    expect(await twice("library", point, options)).toEqual(["3 multipart uploads left open"]);
  }, 60_000);
});
