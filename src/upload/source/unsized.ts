import { setTimeout as delay } from "node:timers/promises";
import type { FileHandle } from "node:fs/promises";
import { SourceError } from "../../errors.ts";
import { openController } from "../../http/abort.ts";
import { streamSource, type StreamSource } from "./source.ts";

const chunkSize = 64 * 1024;
/** How often a device is asked again that has nothing yet. */
const askAgainMs = 50;

/**
 * What an opened path gives first, if its size says nothing: a file of /proc says that it has 0 bytes, and has some.
 * @returns undefined when there is nothing yet, as in a log of the kernel
 * @throws SourceError `SOURCE_UNREADABLE` for what looks like a file and is none: asking again does not help
 */
export async function firstBytes(handle: FileHandle, path: string): Promise<Buffer | undefined> {
  try {
    return await read(handle);
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? String(cause);
    const message = `${path} cannot be read: it is not a file of bytes (it says that it has none, and reading it: ${why})`;
    throw new SourceError("SOURCE_UNREADABLE", message, { cause });
  }
}

/**
 * Devices, and files whose size says nothing. They are opened so that no read waits: one that does occupies a thread,
 * and then neither an abort nor even `process.exit()` ends the process.
 * @param first what was read already
 */
export function unsizedSource(
  handle: FileHandle,
  names: { readonly path: string; readonly fileName: string | undefined },
  size: number | undefined,
  first?: Buffer,
): StreamSource {
  const over = openController();
  const close = (): void => {
    over.abort();
    void handle.close().catch(() => undefined);
  };
  const chunks = async function* (): AsyncGenerator<Buffer> {
    if (first !== undefined) yield first;
    while (!over.signal.aborted) {
      const chunk = await read(handle);
      if (chunk === undefined) await delay(askAgainMs);
      else if (chunk.byteLength === 0) break;
      else yield chunk;
    }
  };
  return streamSource({ [Symbol.asyncIterator]: chunks }, names.path, names.fileName, size, close);
}

/** What follows; undefined: nothing yet. */
async function read(handle: FileHandle): Promise<Buffer | undefined> {
  try {
    const buffer = Buffer.allocUnsafe(chunkSize);
    const { bytesRead } = await handle.read(buffer, 0, chunkSize, null);
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EAGAIN") return undefined;
    throw error;
  }
}
