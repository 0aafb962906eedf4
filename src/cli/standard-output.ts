import { fstatSync, writeSync } from "node:fs";
import { reasonOf, systemCode } from "../reason-of.ts";

/** Stdout did not take what was written. */
export class OutputError extends Error {
  /** Whether only its reader has gone (`| head -1`), which is no failure; a full disk is one. */
  readonly isUnread: boolean;

  constructor(cause: unknown) {
    const code = systemCode(cause);
    const why = problems[code ?? ""] ?? reasonOf(cause);
    super(`stdout cannot be written: ${why}${code === undefined || why.includes(code) ? "" : ` (${code})`}`, { cause });
    this.isUnread = unread.has(code ?? "");
  }
}

/** A pipe, or the socket that some supervisors give in its place. */
const unread = new Set(["EPIPE", "ECONNRESET"]);

const problems: Readonly<Record<string, string>> = {
  ENOSPC: "its disk is full",
  EDQUOT: "the quota of its disk is used up",
  EFBIG: "its file may not become larger",
  EIO: "input/output error",
};

/** Stdout, which may be full or unread. After a failure nothing more is written: it would stand behind a gap. */
export class StandardOutput {
  readonly #stream: NodeJS.WriteStream;
  readonly #failed: (failure: OutputError) => void;
  #failure: OutputError | undefined;

  /** @param failed called once, with the first failure */
  constructor(stream: NodeJS.WriteStream, failed: (failure: OutputError) => void) {
    this.#stream = stream;
    this.#failed = failed;
    // What fails is met in write(), and must not end the process here.
    stream.on("error", () => undefined);
  }

  get failure(): OutputError | undefined {
    return this.#failure;
  }

  /** @returns whether the system has taken all of it */
  async write(text: string): Promise<boolean> {
    if (this.#failure !== undefined) return false;
    try {
      const { fd, isTTY } = this.#stream as NodeJS.WriteStream & { readonly fd?: number };
      if (!isTTY && isFile(fd)) writeWhole(fd, Buffer.from(text));
      else await this.#send(text);
      return true;
    } catch (error) {
      if (this.#failure === undefined) this.#failed((this.#failure = new OutputError(error)));
      return false;
    }
  }

  #send(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#stream.write(text, (error) => (error instanceof Error ? reject(error) : resolve()));
    });
  }
}

/** A device, such as /dev/full, is written like a file. */
function isFile(fd: number | undefined): fd is number {
  if (fd === undefined) return false;
  const found = fstatSync(fd);
  return found.isFile() || found.isCharacterDevice();
}

/** A disk that becomes full takes the first bytes, and Node's stream for files does not look at how many. */
function writeWhole(fd: number, bytes: Uint8Array): void {
  for (let from = 0; from < bytes.byteLength;) from += writeSync(fd, bytes, from);
}
