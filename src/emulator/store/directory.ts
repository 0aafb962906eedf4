import { mkdir, mkdtemp, open, rename, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { FileBlob, openFileWriter } from "./file-blob.ts";
import type { Blob, BlobWriter, ObjectStore } from "./store.ts";

/** A key's segments as file names: each stays inside the folder whatever the key says. */
function fileName(segment: string): string {
  // oxlint-disable-next-line no-control-regex
  const escaped = segment.replace(/[%\\:\u0000-\u001f]/g, (character) => encodeURIComponent(character));
  if (escaped === "" || escaped === "." || escaped === "..") return `%${escaped.replaceAll(".", "2E")}`;
  return escaped;
}

/** Keeps each object as a file of the folder, named after its key. Unfinished ones never show there. */
export class DirectoryStore implements ObjectStore {
  readonly readable = true;
  readonly #folder: string;
  readonly #workshop: string;
  #made = 0;

  private constructor(folder: string, workshop: string) {
    this.#folder = folder;
    this.#workshop = workshop;
  }

  static async open(folder: string): Promise<DirectoryStore> {
    await mkdir(folder, { recursive: true });
    // In the same folder, so that a rename never crosses file systems.
    return new DirectoryStore(resolve(folder), await mkdtemp(join(folder, ".unfinished-")));
  }

  async writer(): Promise<BlobWriter> {
    return openFileWriter(join(this.#workshop, String((this.#made += 1))));
  }

  async publish(key: string, blobs: readonly Blob[]): Promise<Blob> {
    const files = blobs.filter((blob) => blob instanceof FileBlob);
    const [first, ...rest] = files;
    if (first === undefined) throw new Error("an object is made of at least one blob");
    const joined = await open(first.path, "a");
    try {
      for (const blob of rest) {
        for await (const chunk of blob.read(0, blob.size)) await joined.appendFile(chunk);
        await blob.remove();
      }
    } finally {
      await joined.close();
    }
    const target = join(this.#folder, ...key.split("/").map(fileName));
    await mkdir(dirname(target), { recursive: true });
    await rename(first.path, target);
    return new FileBlob(
      target,
      files.reduce((sum, blob) => sum + blob.size, 0),
    );
  }

  async close(): Promise<void> {
    await rm(this.#workshop, { recursive: true, force: true });
  }
}
