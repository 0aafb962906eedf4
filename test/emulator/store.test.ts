import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { MemoryStore } from "../../src/emulator/store/memory.ts";
import type { Blob } from "../../src/emulator/store/store.ts";

async function keep(store: MemoryStore, ...chunks: string[]): Promise<Blob> {
  const writer = await store.writer();
  for (const chunk of chunks) await writer.write(Buffer.from(chunk));
  return writer.finish();
}

async function textOf(blob: Blob, start = 0, end = blob.size): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of blob.read(start, end)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

async function folders(): Promise<Set<string>> {
  const names = await readdir(tmpdir());
  return new Set(names.filter((name) => name.startsWith("vodup-emulator-")));
}

/** Runs `work` and answers the temporary folders that it left. */
async function made(work: () => Promise<void>): Promise<string[]> {
  const before = await folders();
  await work();
  return [...(await folders())].filter((name) => !before.has(name)).map((name) => join(tmpdir(), name));
}

test("what memory has no room for goes to files: objects of both read as one, and the files end with the store", async () => {
  const store = new MemoryStore(10);
  onTestFinished(() => store.close());
  let object: Blob | undefined;
  const [folder = ""] = await made(async () => {
    const parts = [await keep(store, "0123", "4567"), await keep(store, "89", "ab", "cd"), await keep(store, "ef")];
    object = await store.publish("key", parts, undefined);
  });
  // The first part is in memory, the second moved to a file when its second chunk came, the third fits again.
  expect(await readdir(folder)).toHaveLength(1);
  expect(await textOf(object as Blob)).toBe("0123456789abcdef");
  expect(await textOf(object as Blob, 3, 13)).toBe("3456789abc");
  expect(await textOf(object as Blob, 8, 8)).toBe("");
  await (object as Blob).remove();
  expect(await readdir(folder)).toEqual([]);
  await store.close();
  expect(existsSync(folder)).toBe(false);
});

test("bytes that are removed, replaced or abandoned make room again", async () => {
  const store = new MemoryStore(10);
  onTestFinished(() => store.close());
  const left = await made(async () => {
    const first = await keep(store, "0123456789");
    await first.remove();
    await first.remove();
    const abandoned = await store.writer();
    await abandoned.write(Buffer.from("0123456789"));
    await abandoned.abandon();
    let kept = await store.publish("key", [await keep(store, "01234")], undefined);
    for (const text of ["abcde", "fghij", "klmno"]) {
      kept = await store.publish("key", [await keep(store, text)], kept);
    }
    expect(await textOf(kept)).toBe("klmno");
  });
  expect(left).toEqual([]);
});
