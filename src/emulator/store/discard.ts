import type { Blob, BlobWriter, ObjectStore } from "./store.ts";

class CountedBlob implements Blob {
  readonly size: number;

  constructor(size: number) {
    this.size = size;
  }

  read(): AsyncIterable<Uint8Array> {
    throw new Error("the emulator discards object bytes");
  }

  async remove(): Promise<void> {
    // Nothing is there.
  }
}

/** Counts bytes and lets them go: takes as much as the network gives. */
export class DiscardStore implements ObjectStore {
  readonly readable = false;

  async writer(): Promise<BlobWriter> {
    let size = 0;
    return {
      write: (chunk) => {
        size += chunk.length;
        return undefined;
      },
      finish: async () => new CountedBlob(size),
      abandon: async () => undefined,
    };
  }

  async publish(_key: string, blobs: readonly Blob[]): Promise<Blob> {
    return new CountedBlob(blobs.reduce((sum, blob) => sum + blob.size, 0));
  }

  async close(): Promise<void> {
    // Nothing is held.
  }
}
