import { appendFile, mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openBatch } from "../../src/batch/batch-list.ts";
import { Watch } from "../../src/batch/watch.ts";
import { until } from "./support/run-cli.ts";

let folder: string;
let stop: AbortController;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "vodup-watch-"));
  stop = new AbortController();
});

afterEach(async () => {
  stop.abort();
  await rm(folder, { recursive: true, force: true });
});

/** The watch of the folder, at a time that the test moves. Between two looks it really waits, for a second. */
async function watching(quietMs: number) {
  const clock = { now: 1_000_000 };
  const list = await openBatch({ path: folder, defaults: {}, note: () => undefined, signal: stop.signal });
  let looks = 0;
  const entries: typeof list.entries = (isOver) => {
    looks += 1;
    return list.entries(isOver);
  };
  /** One that began after this call is over when the next one begins. */
  const looked = async (): Promise<void> => {
    const enough = looks + 2;
    await until(() => looks >= enough, "a look through the folder", 30_000);
  };
  const watch = new Watch({ ...list, entries }, quietMs, () => clock.now);
  const arrivals = watch.arrivals(stop.signal);
  const next = async (): Promise<{ name: string; key: string }> => {
    const { value } = (await arrivals.next()) as { value: { source: string; key: string } };
    return { name: value.source.slice(folder.length + 1), key: value.key };
  };
  return { watch, clock, next, looked };
}

const old = async (name: string): Promise<void> => {
  const past = new Date(Date.now() - 3_600_000);
  await writeFile(join(folder, name), name);
  await utimes(join(folder, name), past, past);
};

test("a failure that passes is tried again after a minute, then after two", async () => {
  await old("a.mp4");
  const { watch, clock, next } = await watching(1);
  const { name, key } = await next();
  expect(name).toBe("a.mp4");
  watch.again(key);
  let again = next();
  await old("b.mp4");
  // Whatever else arrives meanwhile goes first.
  expect(await again).toMatchObject({ name: "b.mp4" });
  clock.now += 60_001;
  expect(await next()).toMatchObject({ name: "a.mp4" });
  watch.again(key);
  clock.now += 60_001;
  again = next();
  await old("c.mp4");
  expect(await again).toMatchObject({ name: "c.mp4" });
  clock.now += 60_000;
  expect(await next()).toMatchObject({ name: "a.mp4" });
});

test("a file that grows is handed out when it has stayed as it is, and once more after it changed", async () => {
  const path = join(folder, "a.mp4");
  await writeFile(path, "one");
  const { clock, next, looked } = await watching(60_000);
  const first = next();
  await looked();
  clock.now += 59_000;
  await appendFile(path, "two");
  await looked();
  // It was another one a moment ago: the time begins from the last change.
  clock.now += 59_000;
  await looked();
  clock.now += 2_000;
  expect(await first).toMatchObject({ name: "a.mp4" });
  const second = next();
  await appendFile(path, "three");
  await looked();
  clock.now += 61_000;
  expect(await second).toMatchObject({ name: "a.mp4" });
});

test("a folder that is gone ends it with an error", async () => {
  const { next } = await watching(1);
  await rm(folder, { recursive: true });
  await expect(next()).rejects.toMatchObject({ code: "SOURCE_NOT_FOUND" });
});
