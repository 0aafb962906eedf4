import { createReadStream } from "node:fs";
import { open, rm } from "node:fs/promises";
import type { Blob, BlobWriter } from "./store.ts";

/** Stored bytes that are one file. */
export class FileBlob implements Blob {
  readonly size: number;
  readonly path: string;

  constructor(path: string, size: number) {
    this.path = path;
    this.size = size;
  }

  read(start: number, end: number): AsyncIterable<Uint8Array> {
    return end > start ? createReadStream(this.path, { start, end: end - 1 }) : nothing();
  }

  async remove(): Promise<void> {
    await rm(this.path, { force: true });
  }
}

async function* nothing(): AsyncGenerator<Uint8Array, void, undefined> {
  // An empty range.
}

/** Takes a body into a file that does not exist yet. */
export async function openFileWriter(path: string): Promise<BlobWriter> {
  const file = await open(path, "wx");
  let size = 0;
  return {
    write: async (chunk) => {
      await file.appendFile(chunk);
      size += chunk.length;
    },
    finish: async () => {
      await file.close();
      return new FileBlob(path, size);
    },
    abandon: async () => {
      await file.close();
      await rm(path, { force: true });
    },
  };
}
