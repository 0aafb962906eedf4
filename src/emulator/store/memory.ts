import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openFileWriter } from "./file-blob.ts";
import type { Blob, BlobWriter, ObjectStore } from "./store.ts";

/** Bytes held in memory by all objects and parts together; what comes beyond that goes to a temporary folder. */
const defaultLimit = 256 * 2 ** 20;

class MemoryBlob implements Blob {
  readonly size: number;
  #chunks: readonly Uint8Array[];
  readonly #release: (bytes: number) => void;

  constructor(chunks: readonly Uint8Array[], size: number, release: (bytes: number) => void) {
    this.#chunks = chunks;
    this.size = size;
    this.#release = release;
  }

  async *read(start: number, end: number): AsyncGenerator<Uint8Array, void, undefined> {
    let offset = 0;
    for (const chunk of this.#chunks) {
      const from = Math.max(start - offset, 0);
      const to = Math.min(end - offset, chunk.length);
      if (from < to) yield chunk.subarray(from, to);
      offset += chunk.length;
    }
  }

  async remove(): Promise<void> {
    if (this.#chunks.length > 0) this.#release(this.size);
    this.#chunks = [];
  }
}

/** An object as the bodies that it was made of, one after the other. */
class JoinedBlob implements Blob {
  readonly size: number;
  readonly #blobs: readonly Blob[];

  constructor(blobs: readonly Blob[]) {
    this.#blobs = blobs;
    this.size = blobs.reduce((sum, blob) => sum + blob.size, 0);
  }

  async *read(start: number, end: number): AsyncGenerator<Uint8Array, void, undefined> {
    let offset = 0;
    for (const blob of this.#blobs) {
      const from = Math.max(start - offset, 0);
      const to = Math.min(end - offset, blob.size);
      if (from < to) yield* blob.read(from, to);
      offset += blob.size;
    }
  }

  async remove(): Promise<void> {
    for (const blob of this.#blobs) await blob.remove();
  }
}

/** Keeps objects in memory as long as all of them fit there, and the rest as temporary files until `close()`. */
export class MemoryStore implements ObjectStore {
  readonly readable = true;
  readonly #limit: number;
  #held = 0;
  #folder: Promise<string> | undefined;
  #files = 0;

  constructor(limit: number = defaultLimit) {
    this.#limit = limit;
  }

  async writer(): Promise<BlobWriter> {
    let chunks: Uint8Array[] = [];
    let size = 0;
    let file: BlobWriter | undefined;
    const release = (bytes: number): void => {
      this.#held -= bytes;
    };
    const toFile = async (chunk: Uint8Array): Promise<void> => {
      if (file === undefined) {
        file = await openFileWriter(await this.#path());
        for (const earlier of chunks) await file.write(earlier);
        release(size);
        [chunks, size] = [[], 0];
      }
      await file.write(chunk);
    };
    return {
      write: (chunk) => {
        if (file !== undefined || this.#held + chunk.length > this.#limit) return toFile(chunk);
        chunks.push(chunk);
        size += chunk.length;
        this.#held += chunk.length;
        return undefined;
      },
      finish: async () => file?.finish() ?? new MemoryBlob(chunks, size, release),
      abandon: async () => {
        release(size);
        await file?.abandon();
      },
    };
  }

  async publish(_key: string, blobs: readonly Blob[], replaced: Blob | undefined): Promise<Blob> {
    await replaced?.remove();
    const [only] = blobs;
    return blobs.length === 1 && only !== undefined ? only : new JoinedBlob(blobs);
  }

  async close(): Promise<void> {
    if (this.#folder !== undefined) await rm(await this.#folder, { recursive: true, force: true });
  }

  async #path(): Promise<string> {
    this.#folder ??= mkdtemp(join(tmpdir(), "vodup-emulator-"));
    return join(await this.#folder, String((this.#files += 1)));
  }
}
