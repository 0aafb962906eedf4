import { createHash } from "node:crypto";
import { stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import type { BatchEntry } from "../../src/batch/entry.ts";
import type { JournalRecord } from "../../src/batch/journal.ts";
import { Batch } from "../../src/batch/batch.ts";
import { openBatch } from "../../src/batch/batch-list.ts";
import { InHand } from "../../src/batch/in-hand.ts";
import { Journal } from "../../src/batch/journal.ts";
import { KeyTable, known } from "../../src/batch/key-table.ts";
import { Tally } from "../../src/batch/tally.ts";
import { all, errorRecord, resultRecord, temporary } from "./support.ts";

const never = new AbortController().signal;

/** A manifest of these lines, with a journal that has `records`, which may name sources instead of keys. */
async function scene(lines: readonly object[], records: readonly JournalRecord[] = []) {
  const path = join(await temporary(), "m.ndjson");
  await writeFile(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  const list = await openBatch({ path, defaults: {}, note: () => undefined, signal: new AbortController().signal });
  const keys = new Map<string, string>();
  for await (const listed of list.entries()) if ("entry" in listed) keys.set(listed.entry.name, listed.entry.key);
  const journal = await Journal.open(`${path}.journal`, { manifest: path, destination: {} });
  for (const record of records) await journal.append({ ...record, key: keys.get(record.key) ?? record.key });
  await journal.close();
  const again = await Journal.look(`${path}.journal`, { manifest: path, destination: {} });
  return { batch: new Batch(list, again), path };
}

const result = (key: string): JournalRecord => resultRecord(key, key, "1");
const error = (key: string, code: string): JournalRecord => errorRecord(key, key, code);
const taken = async (batch: Batch, files = 1): Promise<string[]> => {
  const names: string[] = [];
  await batch.run(
    new InHand(files),
    never,
    () => true,
    async ({ name }) => void names.push(name),
  );
  return names;
};

describe("a batch", () => {
  test("counts each entry once, and takes what the journal does not have as uploaded", async () => {
    const lines = ["a", "b", "c", "a", "d", "b"].map((name) => ({ source: `${name}.mp4` }));
    const other = "f".repeat(32);
    const records = [result("b.mp4"), error("c.mp4", "NETWORK"), result(other)];
    const { batch } = await scene([...lines, { source: "a.mp4", mediaName: "another" }], records);
    expect(await batch.survey(never)).toEqual({
      total: 5,
      earlier: 1,
      uncertain: 0,
      repeated: 2,
      changed: 0,
      changedNames: [],
      problems: [],
      problemCount: 0,
    });
    expect(await all(batch.settled())).toMatchObject([{ type: "result", source: "b.mp4", fileId: "1" }]);
    expect(await taken(batch)).toEqual(["a.mp4", "c.mp4", "d.mp4", "a.mp4"]);
  });

  test("leaves alone what may be committed, until the journal has a result or the line no more", async () => {
    const lines = ["a", "b"].map((name) => ({ source: `${name}.mp4` }));
    const uncertain = ["a.mp4", "b.mp4"].map((key) => error(key, "COMMIT_UNCERTAIN"));
    const { batch } = await scene(lines, [...uncertain, result("b.mp4")]);
    expect(await batch.survey(never)).toMatchObject({ total: 2, earlier: 1, uncertain: 1 });
    expect(await all(batch.settled())).toMatchObject([
      { type: "error", source: "a.mp4", code: "COMMIT_UNCERTAIN" },
      { type: "result", source: "b.mp4", fileId: "1" },
    ]);
    expect(await taken(batch)).toEqual([]);
  });

  test("does not mind that a media has reached its expireTime since it was uploaded", async () => {
    const soon = new Date(Date.now() + 60_000).toISOString();
    const lines = [{ source: "a.mp4", expireTime: soon }, { source: "b.mp4" }, { source: "c.mp4", expireTime: soon }];
    const { batch } = await scene(lines, [result("a.mp4"), error("c.mp4", "COMMIT_UNCERTAIN")]);
    const left = await scene(lines);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 120_000 });
    try {
      expect(await batch.survey(never)).toMatchObject({ total: 3, earlier: 1, uncertain: 1, problems: [] });
      expect(await taken(batch)).toEqual(["b.mp4"]);
      const { problems } = await left.batch.survey(never);
      expect(problems).toHaveLength(2);
      expect(problems[0]).toContain("line 1: expireTime: must be in the future");
    } finally {
      vi.useRealTimers();
    }
  });

  test("tells the first twenty mistakes and counts all", async () => {
    const { batch } = await scene(Array.from({ length: 50 }, (_, n) => ({ source: `${n}.mp4`, classId: "x" })));
    const { problems, problemCount } = await batch.survey(never);
    expect([problems.length, problemCount]).toEqual([20, 50]);
    expect(problems[19]).toContain("m.ndjson line 20: classId");
  });

  test("has so many entries in hand and no more", async () => {
    const { batch } = await scene(Array.from({ length: 40 }, (_, n) => ({ source: `${n}.mp4` })));
    await batch.survey(never);
    let [now, most, count] = [0, 0, 0];
    await batch.run(
      new InHand(7),
      never,
      () => true,
      async () => {
        most = Math.max(most, (now += 1));
        await new Promise((resolve) => setTimeout(resolve, 5));
        now -= 1;
        count += 1;
      },
    );
    expect([most, count]).toEqual([7, 40]);
  });

  test("takes nothing more when it is told so, and lets what is in hand come to its end", async () => {
    const { batch } = await scene(Array.from({ length: 20 }, (_, n) => ({ source: `${n}.mp4` })));
    await batch.survey(never);
    const ended: string[] = [];
    await batch.run(
      new InHand(3),
      never,
      () => ended.length < 5,
      async ({ name }) => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        ended.push(name);
      },
    );
    expect(ended.length).toBeGreaterThanOrEqual(5);
    expect(ended.length).toBeLessThanOrEqual(8);
  });

  test.each<[string, (size: number) => string]>([
    ["is written over", (size) => "x".repeat(size)],
    ["is cut short", () => ""],
  ])("whose manifest %s in the middle ends what it has begun, and fails", async (_, content) => {
    const lines = Array.from({ length: 500 }, (_n, n) => ({ source: `${n}.mp4`, sessionContext: "s".repeat(1000) }));
    const { batch, path } = await scene(lines);
    await batch.survey(never);
    const aborted: boolean[] = [];
    const work = async ({ name }: BatchEntry, signal: AbortSignal): Promise<void> => {
      if (name === "0.mp4") await writeFile(path, content((await stat(path)).size));
      await new Promise((resolve) => setTimeout(resolve, 2));
      aborted.push(signal.aborted);
    };
    await expect(batch.run(new InHand(2), never, () => true, work)).rejects.toMatchObject({ code: "SOURCE_CHANGED" });
    expect(aborted.length).toBeLessThan(500);
    expect(aborted).not.toContain(true);
  });

  test("ends with the signal's reason once everything in hand has ended", async () => {
    const { batch } = await scene(Array.from({ length: 20 }, (_, n) => ({ source: `${n}.mp4` })));
    await batch.survey(never);
    const controller = new AbortController();
    const reason = new Error("enough");
    let open = 0;
    const work = async (_: BatchEntry, signal: AbortSignal): Promise<void> => {
      open += 1;
      await new Promise((resolve) => signal.addEventListener("abort", () => setTimeout(resolve, 20)));
      open -= 1;
      throw signal.reason;
    };
    setTimeout(() => controller.abort(reason), 20);
    await expect(batch.run(new InHand(4), controller.signal, () => true, work)).rejects.toBe(reason);
    expect(open).toBe(0);
  });
});

test("the table of keys agrees with a Map, through its growing and with keys that begin alike", () => {
  const table = new KeyTable();
  const map = new Map<string, number>();
  for (let n = 0; n < 30_000; n += 1) {
    const digest = createHash("sha256")
      .update(String(n % 20_000))
      .digest("hex");
    const key = n % 100 === 0 ? `00000001${digest.slice(0, 24)}` : digest.slice(0, 32);
    const flag = [known.listed, known.done, known.uncertain, known.taken][n % 4] ?? 0;
    table.add(key, flag);
    map.set(key, (map.get(key) ?? 0) | flag);
  }
  expect(table.size).toBe(map.size);
  expect([...map].filter(([key, flags]) => table.get(key) !== flags)).toEqual([]);
  expect(table.get("f".repeat(32))).toBe(0);
});

test("the tally knows what is done, failed and left, how fast it goes and how long it takes", () => {
  let now = 1_000;
  const tally = new Tally({ total: 12, earlier: 2, failed: 1 }, () => now);
  expect(tally.progress()).toMatchObject({
    done: 2,
    failed: 1,
    active: 0,
    bytes: 0,
    bytesPerSecond: 0,
    etaMs: undefined,
  });
  tally.begin("a");
  tally.begin("b");
  tally.begin("c");
  tally.moved("a", { sentBytes: 3_000, writtenBytes: 3_500, resumedBytes: 0 });
  tally.moved("b", { sentBytes: 9_000, writtenBytes: 9_000, resumedBytes: 8_000 });
  now += 2_000;
  expect(tally.progress()).toMatchObject({
    active: 3,
    bytes: 4_000,
    writtenBytes: 4_500,
    elapsedMs: 2_000,
    bytesPerSecond: 2_250,
  });
  tally.end("a", "done");
  tally.end("b", "failed");
  tally.end("c", "left");
  tally.moved("c", { sentBytes: 99, writtenBytes: 99, resumedBytes: 0 });
  now += 2_000;
  // One uploaded and one failed in 4 s: of 7 that are left each takes two.
  expect(tally.progress()).toMatchObject({ done: 3, failed: 2, active: 0, bytes: 4_000, etaMs: 14_000 });
  expect([tally.doneNow, tally.left, tally.durationMs]).toEqual([1, 7, 4_000]);
});
