import { mkdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { openBench, type Bench } from "../cli/support/bench.ts";
import { hasNamespaces, startContained } from "./support/namespace.ts";
import { bytes } from "./support/trial.ts";
import { seedOf, seeded, soakSeconds } from "./support/weather.ts";

/** One batch, two or three processes that know nothing of each other, killed, frozen and woken; then it is run to its end. */
async function round(bench: Bench, name: string, random: () => number): Promise<string[]> {
  const folder = join(bench.folder, name);
  await mkdir(folder);
  const films = Array.from({ length: 6 + Math.floor(random() * 10) }, (_, index) => `${name} ${index}`);
  const contents = new Map(
    films.map((film) => [film, bytes(1 + Math.floor(random() * 300_000), Math.floor(random() * 2 ** 31))]),
  );
  for (const [film, content] of contents) await writeFile(join(folder, `${film}.mp4`), content);
  await writeFile(join(folder, "m.csv"), ["source", ...films.map((film) => `${film}.mp4`), ""].join("\n"));
  const slow = { kind: "slow-response", ms: 20 + Math.floor(random() * 120) } as const;
  bench.emulator.setFaults([
    { operation: "CommitUpload", probability: 0.7, seed: Math.floor(random() * 2 ** 31), fault: slow },
    { operation: "ApplyUpload", probability: 0.5, seed: Math.floor(random() * 2 ** 31), fault: slow },
  ]);
  const lock = join(folder, "m.csv.journal.lock");
  const start = () =>
    startContained(["batch", "m.csv", "--files", String(1 + Math.floor(random() * 4))], {
      env: bench.env,
      cwd: folder,
    });
  const runs = [start()];
  for (let step = 0; step < 3; step += 1) {
    await pause(250 + random() * 500);
    const last = runs.at(-1);
    if (random() < 0.5) last?.freeze();
    else last?.kill();
    // As it is when nobody has touched it for longer than a lock counts.
    const longAgo = new Date(Date.now() - 10 * 60_000);
    await utimes(lock, longAgo, longAgo).catch(() => undefined);
    runs.push(start());
  }
  for (const run of runs) {
    await pause(random() * 200);
    run.thaw();
  }
  const codes = await Promise.all(runs.map(({ ended }) => ended));
  bench.emulator.setFaults([]);
  const longAgo = new Date(Date.now() - 10 * 60_000);
  await utimes(lock, longAgo, longAgo).catch(() => undefined);
  const last = await bench.run(["batch", "m.csv"], { cwd: folder });
  const problems = last.code === 0 ? [] : [`${name}: the last run ended with ${last.code}: ${last.stderr}`];
  for (const [film, content] of contents) {
    const medias = bench.emulator.media().filter(({ fields }) => fields["MediaName"] === film);
    if (medias.length !== 1) problems.push(`${film}: ${medias.length} medias, exit codes ${codes.join(", ")}`);
    for (const { key } of medias) {
      const stored = await bench.emulator.readObject(key);
      if (!content.equals(stored)) problems.push(`${film}: ${stored.length} bytes are stored that are not the file's`);
    }
  }
  return problems;
}

test.runIf(hasNamespaces)(
  "processes in containers of one name at one folder, killed, frozen and woken: each file is one media, of its bytes",
  async () => {
    const seed = seedOf("two processes");
    const random = seeded(seed);
    const bench = await openBench();
    try {
      const end = Date.now() + soakSeconds * 1000;
      const problems: string[] = [];
      let rounds = 0;
      while (Date.now() < end && problems.length === 0)
        problems.push(...(await round(bench, `r${(rounds += 1)}`, random)));
      console.log(`two processes: ${rounds} batches, ${bench.emulator.media().length} medias, seed ${seed}`);
      expect({ seed, problems }).toEqual({ seed, problems: [] });
    } finally {
      await bench.close();
    }
  },
  soakSeconds * 1000 + 120_000,
);
