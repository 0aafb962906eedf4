import type { Blob, BlobWriter, ObjectStore } from "./store.ts";

class MemoryBlob implements Blob {
  readonly size: number;
  #chunks: readonly Uint8Array[];

  constructor(chunks: readonly Uint8Array[]) {
    this.#chunks = chunks;
    this.size = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  }

  static joined(blobs: readonly Blob[]): MemoryBlob {
    return new MemoryBlob(blobs.flatMap((blob) => (blob instanceof MemoryBlob ? blob.#chunks : [])));
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
    this.#chunks = [];
  }
}

/** Keeps objects in memory. */
export class MemoryStore implements ObjectStore {
  readonly readable = true;

  async writer(): Promise<BlobWriter> {
    const chunks: Uint8Array[] = [];
    return {
      write: (chunk) => {
        chunks.push(chunk);
        return undefined;
      },
      finish: async () => new MemoryBlob(chunks),
      abandon: async () => undefined,
    };
  }

  async publish(_key: string, blobs: readonly Blob[]): Promise<Blob> {
    return MemoryBlob.joined(blobs);
  }

  async close(): Promise<void> {
    // The memory goes with the emulator.
  }
}
