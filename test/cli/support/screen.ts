const escape = "\u001b";
const [eraseRow, right, eraseBelow, up] = ["2K", "C", "J", "1A"].map((code) => `${escape}[${code}`);
/** Erases all from the row of the cursor on. */
export const erase: string = `${eraseRow}${right}${eraseBelow}\r`;
const color = new RegExp(`^${escape}\\[\\d+m$`);
const pieces = new RegExp(`${escape}\\[[\\d;]*[A-Za-z]|[\\s\\S]`, "gu");

/**
 * What a terminal of so many columns shows of a text: as much of one as a progress line needs. A line that is longer than
 * the terminal is wide is shown in more rows, also when it became so by {@link resize}.
 */
export class Screen {
  #columns: number;
  readonly #lines: string[] = [""];
  #line = 0;
  /** In the line, from 0. */
  #offset = 0;

  constructor(columns: number) {
    this.#columns = columns;
  }

  /** @throws for a control sequence that nobody may send here */
  write(text: string): this {
    for (const [piece] of text.matchAll(pieces)) {
      if (piece === eraseRow) this.#blankRow();
      else if (piece === right) this.#offset += 1;
      else if (piece === eraseBelow) this.#lines.splice(this.#line, Infinity, this.#current.slice(0, this.#offset));
      else if (piece === up) this.#up();
      else if (!color.test(piece)) this.#put(piece);
    }
    return this;
  }

  /** As most terminals do it: the cursor stays before the same character. */
  resize(columns: number): this {
    this.#columns = columns;
    return this;
  }

  get rows(): readonly string[] {
    return this.#lines.flatMap((line) => this.#rowsOf(line)).map((row) => row.trimEnd());
  }

  /** Where the shell's prompt would come. */
  get cursor(): { readonly row: number; readonly column: number } {
    const above = this.#lines.slice(0, this.#line).flatMap((line) => this.#rowsOf(line)).length;
    const row = above + Math.floor(this.#offset / this.#columns);
    return { row, column: this.#offset % this.#columns };
  }

  get #current(): string {
    return this.#lines[this.#line] ?? "";
  }

  #rowsOf(line: string): string[] {
    const count = Math.max(1, Math.ceil(line.length / this.#columns));
    return Array.from({ length: count }, (_, row) => line.slice(row * this.#columns, (row + 1) * this.#columns));
  }

  #blankRow(): void {
    const start = this.#offset - (this.#offset % this.#columns);
    const line = this.#current;
    const blank = " ".repeat(Math.min(this.#columns, Math.max(0, line.length - start)));
    this.#lines[this.#line] = line.slice(0, start) + blank + line.slice(start + this.#columns);
  }

  #up(): void {
    const column = this.#offset % this.#columns;
    if (this.#offset >= this.#columns) this.#offset -= this.#columns;
    else if (this.#line > 0) {
      this.#line -= 1;
      this.#offset = (this.#rowsOf(this.#current).length - 1) * this.#columns + column;
    }
  }

  #put(character: string): void {
    if (character === "\r") this.#offset -= this.#offset % this.#columns;
    else if (character === "\n") {
      this.#lines[(this.#line += 1)] ??= "";
      this.#offset %= this.#columns;
    } else if (/\p{Cc}/u.test(character)) throw new Error(`a control character: ${JSON.stringify(character)}`);
    else {
      const line = this.#current.padEnd(this.#offset);
      this.#lines[this.#line] = line.slice(0, this.#offset) + character + line.slice(this.#offset + 1);
      this.#offset += 1;
    }
  }
}
