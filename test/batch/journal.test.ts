import { appendFile, mkdir, open, readFile, rename, rm, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import type { JournalOwner, JournalRecord } from "../../src/batch/journal.ts";
import { Journal } from "../../src/batch/journal.ts";
import { all, errorRecord, resultRecord, temporary } from "./support.ts";

const key = (n: number): string => n.toString(16).padStart(32, "0");
const result = (n: number): JournalRecord => resultRecord(key(n), `${n}.mp4`, String(n));

async function place(): Promise<{ path: string; owner: JournalOwner; folder: string }> {
  const folder = await temporary();
  const manifest = join(folder, "m.csv");
  await writeFile(manifest, "source\n");
  return {
    folder,
    path: join(folder, "m.csv.journal"),
    owner: { manifest, destination: { site: "intl", subAppId: null } },
  };
}

async function read(path: string, owner: JournalOwner): Promise<JournalRecord[]> {
  const journal = await Journal.open(path, owner);
  try {
    return await all(journal.records());
  } finally {
    await journal.close();
  }
}

async function written(path: string, owner: JournalOwner, records: readonly JournalRecord[]): Promise<void> {
  const journal = await Journal.open(path, owner);
  await Promise.all(records.map((record) => journal.append(record)));
  await journal.close();
}

describe("a journal", () => {
  test("has what was appended, from several runs, in order; only its owner may read it", async () => {
    const { path, owner } = await place();
    await written(
      path,
      owner,
      Array.from({ length: 500 }, (_, n) => result(n)),
    );
    await written(path, owner, [result(500)]);
    expect((await read(path, owner)).map(({ source }) => source)).toEqual(
      Array.from({ length: 501 }, (_, n) => `${n}.mp4`),
    );
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  test("has a record on the disk when append settles", async () => {
    const { path, owner } = await place();
    const journal = await Journal.open(path, owner);
    const first = journal.append(result(1));
    const second = journal.append(result(2));
    await first;
    expect(await readFile(path, "utf8")).toContain(key(1));
    await second;
    expect(await readFile(path, "utf8")).toContain(key(2));
    await journal.close();
  });

  test("cut off anywhere has every whole line, and goes on behind them", async () => {
    const { path, owner } = await place();
    await written(path, owner, [result(1), result(2)]);
    const whole = await readFile(path);
    const lines = whole.toString().split("\n");
    const [header = "", first = ""] = lines;
    for (let bytes = whole.length - 1; bytes >= 0; bytes -= 1) {
      await writeFile(path, whole.subarray(0, bytes));
      const expected = bytes > header.length + first.length + 1 ? 1 : 0;
      expect(await read(path, owner), `${bytes} bytes`).toHaveLength(expected);
      if (bytes % 25 > 0) continue;
      await written(path, owner, [result(3)]);
      expect((await read(path, owner)).at(-1), `${bytes} bytes`).toEqual(result(3));
    }
  });

  test.each<[string, string]>([
    ["no JSON", "{not json}"],
    ["another object", '{"a":1}'],
    ["a result without FileId", JSON.stringify({ ...result(1), fileId: undefined })],
    ["a key that is none", JSON.stringify({ ...result(1), key: "1" })],
    ["zeros", "\0\0\0"],
  ])("with a whole line that is %s is refused: to pass over it might upload twice", async (_, line) => {
    const { path, owner } = await place();
    await written(path, owner, [result(1)]);
    await appendFile(path, `${line}\n${JSON.stringify(result(2))}\n`);
    await expect(read(path, owner)).rejects.toThrow(/m\.csv\.journal line 3 is not a line of a journal; fix the line/);
  });

  test("is looked at without being made or mended", async () => {
    const { path, owner } = await place();
    expect(await all((await Journal.look(path, owner)).records())).toEqual([]);
    await expect(stat(path)).rejects.toThrow("ENOENT");
    await written(path, owner, [result(1)]);
    await appendFile(path, '{"torn');
    const before = await readFile(path, "utf8");
    expect(await all((await Journal.look(path, owner)).records())).toEqual([result(1)]);
    expect(await readFile(path, "utf8")).toBe(before);
  });
});

describe("a file that is not a journal of this batch", () => {
  test.each([
    ["a text", "hello\nworld\n"],
    ["a text without line end", "hello"],
    ["other JSON", '{"type":"other"}\n'],
    ["a film", `${"x".repeat(2_000_000)}\n`],
    ["a film without line end", "x".repeat(2_000_000)],
  ])("%s is refused, and not touched", async (_, content) => {
    const { path, owner } = await place();
    await writeFile(path, content);
    await expect(Journal.open(path, owner)).rejects.toMatchObject({
      code: "ERR_INVALID_ARG_VALUE",
      message: expect.stringMatching(/^journal: .* is not a journal; choose another file/),
    });
    expect(await readFile(path, "utf8")).toBe(content);
  });

  test("a folder or a device neither", async () => {
    const { path, owner } = await place();
    await mkdir(path);
    for (const other of [path, "/dev/zero"])
      await expect(Journal.open(other, owner)).rejects.toThrow(/is not a journal/);
  });

  test("one of another version", async () => {
    const { path, owner } = await place();
    await writeFile(path, `${JSON.stringify({ type: "journal", version: 2, ...owner })}\n`);
    await expect(Journal.open(path, owner)).rejects.toThrow(/another version of vodup/);
  });

  test("one of uploads to another place", async () => {
    const { path, owner } = await place();
    await written(path, owner, [result(1)]);
    const other = { ...owner, destination: { site: "intl", subAppId: "5" } };
    await expect(Journal.open(path, other)).rejects.toThrow(
      /another place \(subAppId: the default, now 5\).*--journal FILE/,
    );
  });

  test("but one in which nothing was uploaded or kept is begun anew: who forgot an option just adds it", async () => {
    const { path, owner } = await place();
    const other = { ...owner, destination: { site: "intl", subAppId: "5" } };
    const failed = errorRecord("0".repeat(32), "a.mp4", "VOD_API");
    await written(path, owner, [failed]);
    expect(await all((await Journal.look(path, other)).records())).toEqual([]);
    await written(path, other, [result(1)]);
    expect(await read(path, other)).toEqual([result(1)]);
    await expect(Journal.open(path, owner)).rejects.toThrow(/another place/);
  });

  test("unless something is kept to go on from, or may be committed", async () => {
    const { path, owner } = await place();
    const other = { ...owner, destination: { site: "intl", subAppId: "5" } };
    await written(path, owner, []);
    await mkdir(`${path}.state`);
    await writeFile(`${path}.state/${"0".repeat(32)}.json`, "{}");
    await expect(Journal.open(path, other)).rejects.toThrow(/another place/);
    await rm(`${path}.state`, { recursive: true });
    await written(path, owner, [errorRecord("0".repeat(32), "a.mp4", "COMMIT_UNCERTAIN")]);
    await expect(Journal.open(path, other)).rejects.toThrow(/another place/);
  });

  test("one of another manifest, also of one that has the same name in another folder", async () => {
    const { path, owner, folder } = await place();
    await written(path, owner, [result(1)]);
    const renamed = { ...owner, manifest: join(folder, "n.csv") };
    await expect(Journal.open(path, renamed)).rejects.toThrow(
      /belongs to .*m\.csv; give this batch a journal of its own/,
    );
    const namesake = { ...owner, manifest: join(folder, "other/m.csv") };
    await expect(Journal.open(path, namesake)).rejects.toThrow(/change "manifest" in the journal's first line/);
    await rm(owner.manifest);
    await expect(Journal.open(path, renamed)).rejects.toThrow(/belongs to/);
  });

  test("but one that was moved with its manifest is the same", async () => {
    const { path, owner, folder } = await place();
    await written(path, owner, [result(1)]);
    const moved = join(folder, "archive");
    await mkdir(moved);
    for (const name of ["m.csv", "m.csv.journal"]) await rename(join(folder, name), join(moved, name));
    const there = { ...owner, manifest: join(moved, "m.csv") };
    expect(await read(join(moved, "m.csv.journal"), there)).toEqual([result(1)]);
  });
});

test("a journal that cannot be written says that nothing more was sent, and stays right", async () => {
  const { path, owner } = await place();
  await written(path, owner, [result(1)]);
  const journal = await Journal.open(path, owner);
  await journal.close();
  const appended = Promise.allSettled([journal.append(result(2)), journal.append(result(3))]);
  for (const outcome of await appended) {
    expect(outcome).toMatchObject({
      status: "rejected",
      reason: { message: expect.stringContaining("cannot be written") },
    });
  }
  await expect(journal.append(result(4))).rejects.toThrow("cannot be written");
  await truncate(path, (await stat(path)).size);
  expect(await read(path, owner)).toEqual([result(1)]);
});

test("a line of which a full disk took only half is the last one, whatever room there is later", async () => {
  const { path, owner } = await place();
  const journal = await Journal.open(path, owner);
  const probe = await open(path);
  const prototype = Object.getPrototypeOf(probe) as typeof probe;
  await probe.close();
  const append = vi.spyOn(prototype, "appendFile").mockImplementationOnce(async () => {
    await appendFile(path, '{"key":"0000');
    throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC", syscall: "write" });
  });
  try {
    await expect(journal.append(result(1))).rejects.toThrow("cannot be written");
    await expect(journal.append(result(2))).rejects.toThrow("cannot be written");
  } finally {
    append.mockRestore();
  }
  await journal.close();
  await written(path, owner, [result(3)]);
  expect(await read(path, owner)).toEqual([result(3)]);
});

describe("a process that stood still while it opened the journal, and has lost the batch meanwhile,", () => {
  const lost = new Error("lost");
  /** What another process does before this one finds out. */
  const lostAfter = (successor: () => Promise<void>): { check(): Promise<void> } => ({
    check: async () => {
      await successor();
      throw lost;
    },
  });

  test("writes no first line of its own", async () => {
    const { path, owner } = await place();
    const held = lostAfter(() => written(path, owner, [result(1)]));
    await expect(Journal.open(path, owner, held)).rejects.toBe(lost);
    expect(await read(path, owner)).toEqual([result(1)]);
  });

  test("cuts nothing off that its successor wrote", async () => {
    const { path, owner } = await place();
    await written(path, owner, [result(1)]);
    await appendFile(path, '{"type":"resu');
    const held = lostAfter(() => written(path, owner, [result(2), result(3)]));
    await expect(Journal.open(path, owner, held)).rejects.toBe(lost);
    expect(await read(path, owner)).toEqual([result(1), result(2), result(3)]);
  });

  test("looks again if the lock says nothing of it", async () => {
    const { path, owner } = await place();
    await written(path, owner, [result(1)]);
    await appendFile(path, '{"type":"resu');
    let calls = 0;
    const check = async (): Promise<void> => {
      if ((calls += 1) === 1) await written(path, owner, [result(2)]);
    };
    const journal = await Journal.open(path, owner, { check });
    expect(await all(journal.records())).toEqual([result(1), result(2)]);
    await journal.close();
    expect(calls).toBe(2);
  });
});

test("a journal that two processes began at once, by a version that did not look, is as good as another", async () => {
  const { path, owner } = await place();
  await written(path, owner, [result(1)]);
  const text = await readFile(path, "utf8");
  await appendFile(path, `${text.slice(0, text.indexOf("\n"))}\n`);
  await written(path, owner, [result(2)]);
  expect(await read(path, owner)).toEqual([result(1), result(2)]);
});

test("a journal whose first line was damaged is not begun again: it has results", async () => {
  const { path, owner } = await place();
  await written(path, owner, [result(1)]);
  const bytes = await readFile(path);
  // In the path of its manifest.
  bytes[60] = 0xff;
  await writeFile(path, bytes);
  await expect(Journal.open(path, owner)).rejects.toThrow(/is not a journal/);
  expect((await readFile(path)).equals(bytes)).toBe(true);
});
