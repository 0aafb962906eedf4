import { createWriteStream } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

/** What can be read only once, kept where it can be read twice. */
export interface Spool {
  readonly path: string;
  readonly size: number;
  readonly remove: () => Promise<void>;
}

/** Writes a stream into a file that only this user can read: a manifest may hold signed URLs. */
export async function spool(input: Readable, signal: AbortSignal): Promise<Spool> {
  const folder = await mkdtemp(join(tmpdir(), "vodup-manifest-"));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const path = join(folder, "manifest");
    await pipeline(input, createWriteStream(path, { mode: 0o600 }), { signal });
    return { path, size: (await stat(path)).size, remove };
  } catch (error) {
    await remove();
    throw signal.aborted ? signal.reason : error;
  }
}
