import type { JournalRecord } from "../../src/batch/journal.ts";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BatchEntry } from "../../src/batch/entry.ts";
import { openBatch } from "../../src/batch/batch-list.ts";
import type { UploadOptions } from "../../src/index.ts";
import { atEnd } from "../support/at-end.ts";

/** A folder that is gone after the test. */
export async function temporary(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "vodup-batch-"));
  atEnd(() => rm(folder, { recursive: true }));
  return folder;
}

export interface Listing {
  readonly entries: readonly BatchEntry[];
  readonly problems: readonly string[];
}

/** What a list has, in its order. */
export async function listing(path: string, defaults: UploadOptions = {}): Promise<Listing> {
  const [entries, problems] = [[] as BatchEntry[], [] as string[]];
  const list = await openBatch({
    path,
    defaults,
    note: (text) => problems.push(text),
    signal: new AbortController().signal,
  });
  for await (const listed of list.entries()) {
    if ("problem" in listed) problems.push(listed.problem);
    else entries.push(listed.entry);
  }
  return { entries, problems };
}

/** What a manifest of this name and content has. */
export async function manifest(name: string, content: string | Uint8Array): Promise<Listing & { folder: string }> {
  const folder = await temporary();
  await writeFile(join(folder, name), content);
  return { folder, ...(await listing(join(folder, name))) };
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

/** A line of a journal for an entry that is uploaded. */
export function resultRecord(key: string, source: string, fileId: string): JournalRecord {
  const transfer = { bytes: 1, parts: 1, retries: 0, crc64: "0", verified: "crc64", resumedParts: 0 } as const;
  return { key, type: "result", source, fileId, mediaUrl: `http://media/${fileId}`, coverUrl: null, ...transfer };
}

/** A line of a journal for an entry that failed. */
export function errorRecord(key: string, source: string, code: string): JournalRecord {
  return { key, type: "error", source, code, message: code, requestId: null, retryable: false };
}
