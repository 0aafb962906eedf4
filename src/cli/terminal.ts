import type { WriteStream } from "node:tty";
import type { ExitCode } from "./exit-codes.ts";
import { StandardOutput, type OutputError } from "./standard-output.ts";

/**
 * Characters that move the cursor or colour the screen (C0 but for the line feed, DEL, C1), and those that turn the
 * direction of text; a file name or what a server says may hold them.
 */
const control = /(?!\n)[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** Stdout, for results, and stderr, for people. Owns the progress line, which everything else is written above. */
export class Terminal {
  readonly #stdout: NodeJS.WriteStream;
  readonly #stderr: NodeJS.WriteStream;
  readonly #output: StandardOutput;
  #shown = "";
  /** Columns that there were when it was made. */
  #shownFor = 0;

  constructor(stdout: NodeJS.WriteStream, stderr: NodeJS.WriteStream) {
    this.#stdout = stdout;
    this.#stderr = stderr;
    this.#output = new StandardOutput(stdout, (failure) => {
      if (!failure.isUnread) this.note(`vodup: ${failure.message}`, "error");
    });
    // There is nowhere left to say it.
    stderr.on("error", () => undefined);
  }

  /**
   * Writes lines to stdout. Control characters come out as JSON escapes, in which a line of JSON stays the same value.
   * What a command does goes on where stdout takes nothing; the exit code then says so, where it would be 0.
   * @returns when the system has taken them: whether it has
   */
  print(text: string): Promise<boolean> {
    // Results that go elsewhere than to the screen leave the line alone.
    const isBelow = this.#stdout.isTTY && this.#shown !== "";
    if (isBelow) this.#stderr.write(this.#erase());
    const written = this.#output.write(`${escaped(text)}\n`);
    if (isBelow) this.#stderr.write(this.#drawing());
    return written;
  }

  /** As {@link print}, where going on is of no use. @throws OutputError when stdout did not take them */
  async deliver(text: string): Promise<void> {
    if (!(await this.print(text)) && this.outputError !== undefined) throw this.outputError;
  }

  /** Why stdout takes nothing any more. It was told on stderr, unless only its reader has gone. */
  get outputError(): OutputError | undefined {
    return this.#output.failure;
  }

  /** Results that could not be written are no success, but for those that nobody reads any more. */
  exitCode(code: ExitCode): ExitCode {
    return code === 0 && this.outputError?.isUnread === false ? 5 : code;
  }

  /**
   * Writes a line to stderr: a line feed within it, which a file name may hold, begins no other one.
   * @param tone of the name in front of it, where the terminal has colours
   */
  note(text: string, tone?: "error"): void {
    this.notes(visibleLine(text), tone);
  }

  /** Writes lines to stderr. */
  notes(text: string, tone?: "error"): void {
    // In one write: between two a screen shows no progress line, and many results a second make it flicker.
    this.#stderr.write(`${this.#erase()}${this.#paint(visible(text), tone)}\n${this.#drawing()}`);
  }

  /** Replaces the progress line, or lines; "" removes them. Only for a terminal. */
  transient(text: string): void {
    if (!this.isInteractive) return;
    const erase = this.#erase();
    this.#shown = visible(text);
    this.#shownFor = this.columns;
    const line = `${erase}${this.#drawing()}`;
    if (line !== "") this.#stderr.write(line);
  }

  get isInteractive(): boolean {
    return this.#stderr.isTTY;
  }

  /** Whether stderr is a terminal with colours, and nobody has set NO_COLOR. */
  get hasColors(): boolean {
    if (!this.isInteractive || (process.env["NO_COLOR"] ?? "") !== "") return false;
    return (this.#stderr as Partial<WriteStream>).hasColors?.() ?? false;
  }

  /** Rows of the terminal; 24 where it does not say. */
  get rows(): number {
    return (this.#stderr as Partial<WriteStream>).rows || 24;
  }

  /** Columns of what stdout is shown on. */
  get width(): number {
    return (this.#stdout.isTTY && this.#stdout.columns) || 80;
  }

  /** Columns of the terminal; some that are really programs say 0. */
  get columns(): number {
    const stderr: Partial<WriteStream> & { _refreshSize?: () => void } = this.#stderr;
    // What Node does when a signal says that the size changed, but at once: until this turn of its loop has ended,
    // more would be drawn for the size of before.
    if (stderr.isTTY === true) stderr._refreshSize?.();
    return stderr.columns || 80;
  }

  /**
   * Leaves the cursor before the first character of the lines. There it stays when the terminal is made narrower,
   * whether or not that breaks the lines into more rows; from their end nobody could say how far up they begin.
   * What was made for more columns than there are now is left out, until it is made again.
   */
  #drawing(): string {
    if (this.#shown === "" || this.columns < this.#shownFor) return "";
    const above = this.#shown.split("\n").length - 1;
    return `${this.#paint(this.#shown)}\r${"\u001b[1A".repeat(above)}`;
  }

  /** Not all from the first column: tmux takes that for clearing the screen, and keeps what was there as history. */
  #erase(): string {
    return this.#shown === "" ? "" : "\r\u001b[2K\u001b[C\u001b[J\r";
  }

  /** Colours what is visible already, so that nothing of it can be taken for an escape sequence. */
  #paint(text: string, tone?: "error"): string {
    if (!this.hasColors) return text;
    const painted = text
      .replace(/^vodup: note:/, "\u001b[33m$&\u001b[39m")
      .replace(/\[(#*)(-*)\]/g, "[\u001b[32m$1\u001b[39m$2]");
    return tone === "error" ? painted.replace(/^vodup:/, "\u001b[31m$&\u001b[39m") : painted;
  }
}

/** Control characters as `\\x1b`. */
export function visible(text: string): string {
  return text.replace(control, (character) =>
    character <= "\xff" ? `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}` : unit(character),
  );
}

/** The same as `\\u001b`. */
function escaped(text: string): string {
  // A tab is between a FileId and its source.
  return text.replace(control, (character) => (character === "\t" ? character : unit(character)));
}

function unit(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** As {@link visible}, with line feeds too: what takes one line whatever it is called. */
export function visibleLine(text: string): string {
  return visible(text).replaceAll("\n", "\\x0a");
}
