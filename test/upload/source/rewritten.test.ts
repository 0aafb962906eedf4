import { chmod, link, mkdtemp, open, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { FaultRule } from "../../../src/emulator/index.ts";
import type { UploadOptions } from "../../../src/index.ts";
import { pause } from "../../support/raw-servers.ts";
import { atEnd, attempt, bench, collect, counts, expectCommittedOnce, mib, random, tempFile } from "../support.ts";

const slow: FaultRule = { operation: "cos", fault: { kind: "slow-response", ms: 150 } };
const patient = { limits: { headersMs: 5_000, bodyMs: 5_000, completeMs: 5_000 } };

/** Whole seconds: `utimes` takes no nanoseconds, and a date that is only nearly the old one would be no test. */
const date = new Date("2026-01-01T00:00:00Z");

async function dated(path: string): Promise<string> {
  await utimes(path, date, date);
  return path;
}

/** Writes into a file as `rsync --inplace -t` and `exiftool -P` do: its date is the old one afterwards. */
async function rewrite(path: string, at: number): Promise<void> {
  const { mtimeNs } = await stat(path, { bigint: true });
  const handle = await open(path, "r+");
  await handle.write(random(4096), 0, 4096, at);
  await handle.utimes(date, date);
  await handle.close();
  expect((await stat(path, { bigint: true })).mtimeNs).toBe(mtimeNs);
}

const sizes: readonly [string, number, UploadOptions][] = [
  ["in one PUT", mib, {}],
  ["in parts", 5 * mib, { partSize: mib, concurrency: 1 }],
];

describe.each(sizes)("a file that is sent %s", (_, size, options) => {
  test("and rewritten with its date kept is not committed", async () => {
    const { emulator, vod } = await bench({ faults: [slow] }, patient);
    const path = await dated(await tempFile(random(size)));
    const sending = attempt(vod, path, options);
    while (!emulator.requests().some(({ operation }) => /^(?:UploadPart|PutObject)$/.test(operation))) await pause(5);
    // By then its first bytes are sent.
    await pause(60);
    await rewrite(path, 0);
    expect((await sending).error).toMatchObject({ code: "SOURCE_CHANGED" });
    expect(emulator.media()).toEqual([]);
  });

  test.each<[string, (path: string) => Promise<unknown>]>([
    ["chmod", (path) => chmod(path, 0o600)],
    ["a link", (path) => link(path, `${path}.link`)],
    ["a rename", (path) => rename(path, `${path}.other`)],
  ])("and only given another change time by %s is compared and committed", async (_name, change) => {
    const { emulator, vod } = await bench({ faults: [slow] }, patient);
    const bytes = random(size);
    const path = await tempFile(bytes);
    const sending = attempt(vod, path, options);
    while (!emulator.requests().some(({ operation }) => /^(?:UploadPart|PutObject)$/.test(operation))) await pause(5);
    await change(path);
    await expectCommittedOnce(emulator, bytes, (await sending).result);
  });
});

async function tree(): Promise<{ folder: string; playlist: string }> {
  const folder = await mkdtemp(join(tmpdir(), "vodup-test-"));
  atEnd(() => rm(folder, { recursive: true, force: true }));
  for (const name of ["a.ts", "b.ts", "c.ts"]) {
    await writeFile(join(folder, name), random(9_000));
    await dated(join(folder, name));
  }
  const lines = [
    "#EXTM3U",
    "#EXT-X-TARGETDURATION:2",
    "#EXTINF:2,",
    "a.ts",
    "#EXTINF:2,",
    "b.ts",
    "#EXTINF:2,",
    "c.ts",
  ];
  await writeFile(join(folder, "x.m3u8"), [...lines, "#EXT-X-ENDLIST", ""].join("\n"));
  return { folder, playlist: await dated(join(folder, "x.m3u8")) };
}

describe("a file of a tree", () => {
  const options = { mediaType: "m3u8", offlineManifest: true, concurrency: 1 };

  test.each(["a.ts", "b.ts", "x.m3u8"])(
    "%s that is rewritten with its date kept is not committed with the others",
    async (name) => {
      const { emulator, vod } = await bench({ faults: [slow] }, patient);
      const { folder, playlist } = await tree();
      const sending = attempt(vod, playlist, options);
      while ((counts(emulator)["PutObject"] ?? 0) < 2) await pause(5);
      if (name === "x.m3u8") {
        await writeFile(playlist, "#EXTM3U\n#EXT-X-ENDLIST\n".padEnd((await stat(playlist)).size));
        await dated(playlist);
      } else await rewrite(join(folder, name), 0);
      expect((await sending).error).toMatchObject({ code: "SOURCE_CHANGED" });
      expect(emulator.media()).toEqual([]);
    },
  );

  test("that is only linked is committed", async () => {
    const { emulator, vod } = await bench({ faults: [slow] }, patient);
    const { folder, playlist } = await tree();
    const sending = attempt(vod, playlist, options);
    while ((counts(emulator)["PutObject"] ?? 0) < 2) await pause(5);
    for (const name of ["a.ts", "b.ts", "c.ts"]) await link(join(folder, name), join(folder, `${name}.link`));
    expect((await sending).result).toBeDefined();
    expect(emulator.media()).toHaveLength(1);
  });

  test("that was sent by an earlier run and rewritten since with its date kept ends the checkpoint", async () => {
    const { emulator, vod } = await bench({}, patient);
    const { folder, playlist } = await tree();
    const checkpoints = collect();
    emulator.setFaults([{ operation: "PutObject", pathEndsWith: "c.ts", fault: { kind: "answer", status: 403 } }]);
    await attempt(vod, playlist, { ...options, onCheckpoint: checkpoints.write });
    emulator.setFaults([]);
    await rewrite(join(folder, "a.ts"), 0);
    const { error } = await attempt(vod, playlist, { ...options, checkpoint: checkpoints.last() });
    expect(error).toMatchObject({ code: "CHECKPOINT_MISMATCH" });
    expect(emulator.media()).toEqual([]);
  });
});

test("an upload that was to be committed is not, when its file was rewritten since with its date kept", async () => {
  const { emulator, vod } = await bench();
  const path = await dated(await tempFile(random(mib)));
  const checkpoints = collect();
  await attempt(vod, path, { onCheckpoint: checkpoints.write });
  const checkpoint = checkpoints.all.find(({ state }) => state === "committing");
  await rewrite(path, 0);
  expect((await attempt(vod, path, { checkpoint })).error).toMatchObject({ code: "CHECKPOINT_MISMATCH" });
  if (checkpoint === undefined) throw new Error("no checkpoint");
  const settled = await vod.settle(checkpoint);
  expect(settled.fileId).toBe(emulator.media()[0]?.fileId);
  expect(emulator.media()).toHaveLength(1);
});
