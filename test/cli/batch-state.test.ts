import { access, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Checkpoint } from "../../src/index.ts";
import type { HeldLock } from "../../src/state/lock.ts";
import { BatchState } from "../../src/batch/state.ts";
import { StoredFile } from "../../src/state/checkpoint-store.ts";
import { LostLockError } from "../../src/state/lock.ts";
import { atEnd } from "../support/at-end.ts";

async function closed(check: HeldLock["check"]): Promise<string> {
  const parent = await mkdtemp(join(tmpdir(), "vodup-state-"));
  atEnd(() => rm(parent, { recursive: true, force: true }));
  const folder = join(parent, "m.csv.journal.state");
  const state = await BatchState.open(
    folder,
    { check, isOurs: () => true, release: () => Promise.resolve() },
    () => false,
  );
  await state.close();
  return folder;
}

test("the empty folder of a batch's checkpoints is removed at its end", async () => {
  await expect(access(await closed(() => Promise.resolve()))).rejects.toThrow("ENOENT");
});

test("but not by a process whose batch was taken over: the other one writes into it", async () => {
  const folder = await closed(() => Promise.reject(new LostLockError("lock")));
  await expect(access(folder)).resolves.toBeUndefined();
});

test("a checkpoint of a process whose lock was taken over does not replace what the other one has written", async () => {
  const folder = await mkdtemp(join(tmpdir(), "vodup-state-"));
  atEnd(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, "entry.json");
  await writeFile(path, "of the other");
  for (const state of ["uploading", "committing"] as const) {
    const check = (): Promise<void> => Promise.reject(new LostLockError("lock"));
    const lost: HeldLock = { check, isOurs: () => false, release: () => Promise.resolve() };
    const store = new StoredFile(path, undefined, (checkpoint) => checkpoint, lost);
    await expect(store.save({ state } as Checkpoint)).rejects.toThrow();
    expect(await readFile(path, "utf8")).toBe("of the other");
  }
});
