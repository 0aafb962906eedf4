import { open, type FileHandle } from "node:fs/promises";
import type { OutcomeLine } from "./records.ts";
import { RecordError } from "./records.ts";

/** Characters of lines that are collected before they are written. */
const most = 65_536;

/** NDJSON, a line for each source that has ended. Each run writes it from scratch, from what the journal has. */
export class Report {
  readonly #path: string;
  readonly #handle: FileHandle;
  #waiting = "";
  #writing: Promise<void> = Promise.resolve();

  private constructor(path: string, handle: FileHandle) {
    this.#path = path;
    this.#handle = handle;
  }

  /** @throws what the file system says */
  static async begin(path: string): Promise<Report> {
    return new Report(path, await open(path, "w", 0o600));
  }

  /** @throws RecordError */
  async add(line: OutcomeLine): Promise<void> {
    this.#waiting += `${JSON.stringify(line)}\n`;
    if (this.#waiting.length > most) await this.flush();
  }

  /** @throws RecordError */
  async flush(): Promise<void> {
    const text = this.#waiting;
    this.#waiting = "";
    // One after the other: a line must not stand in the middle of another.
    this.#writing = this.#writing.then(() => this.#handle.appendFile(text));
    try {
      await this.#writing;
    } catch (cause) {
      throw new RecordError(this.#path, cause);
    }
  }

  async close(): Promise<void> {
    try {
      await this.flush();
    } finally {
      await this.#handle.close();
    }
  }
}
