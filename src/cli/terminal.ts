import type { WriteStream } from "node:tty";

/**
 * Characters that move the cursor or colour the screen (C0 but for the line feed, DEL, C1); a file name may hold them.
 */
const control = /(?!\n)\p{Cc}/gu;

/** Stdout, for results, and stderr, for people. Owns the progress line, which everything else is written above. */
export class Terminal {
  readonly #stdout: NodeJS.WriteStream;
  readonly #stderr: NodeJS.WriteStream;
  #shown = "";

  constructor(stdout: NodeJS.WriteStream, stderr: NodeJS.WriteStream) {
    this.#stdout = stdout;
    this.#stderr = stderr;
    // A reader that has gone (`vodup … | head -1`) is met in print(), and must not end the process here.
    stdout.on("error", () => undefined);
    stderr.on("error", () => undefined);
  }

  /**
   * Writes lines to stdout.
   * @returns settles when the system has taken them; rejects when nobody reads stdout any more
   */
  print(text: string): Promise<void> {
    // Results that go elsewhere than to the screen leave the line alone.
    const shown = this.#stdout.isTTY ? this.#shown : "";
    if (shown !== "") this.transient("");
    const written = new Promise<void>((resolve, reject) => {
      this.#stdout.write(`${text}\n`, (error) => (error instanceof Error ? reject(error) : resolve()));
    });
    if (shown !== "") this.transient(shown);
    return written;
  }

  /** Writes lines to stderr. */
  note(text: string): void {
    // In one write: between two a screen shows no progress line, and many results a second make it flicker.
    const again = this.#shown;
    this.#stderr.write(`${this.#erase()}${visible(text)}\n${again}`);
  }

  /** Replaces the progress line; "" removes it. Only for a terminal. */
  transient(text: string): void {
    if (!this.isInteractive) return;
    const line = `${this.#erase()}${visible(text)}`;
    this.#shown = visible(text);
    if (line !== "") this.#stderr.write(line);
  }

  get isInteractive(): boolean {
    return this.#stderr.isTTY;
  }

  /** Columns of what stdout is shown on. */
  get width(): number {
    return (this.#stdout.isTTY && this.#stdout.columns) || 80;
  }

  /** Columns of the terminal; some that are really programs say 0. */
  get columns(): number {
    return (this.#stderr as Partial<WriteStream>).columns || 80;
  }

  #erase(): string {
    return this.#shown === "" ? "" : "\r\u001b[2K";
  }
}

/** Control characters as `\\x1b`. */
export function visible(text: string): string {
  return text.replace(control, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

/** As {@link visible}, with line feeds too: what takes one line whatever it is called. */
export function visibleLine(text: string): string {
  return visible(text).replaceAll("\n", "\\x0a");
}
