const [erase, up] = ["\u001b[2K", "\u001b[1A"];
const escape = "\u001b";
const color = new RegExp(`^${escape}\\[\\d+m$`);
const pieces = new RegExp(`${escape}\\[[\\d;]*[A-Za-z]|[\\s\\S]`, "gu");

/** What a terminal of so many columns shows of a text: as much of one as a progress line needs. */
export class Screen {
  readonly #columns: number;
  readonly #rows: string[] = [""];
  #row = 0;
  #column = 0;

  constructor(columns: number) {
    this.#columns = columns;
  }

  /** @throws for a control sequence that nobody may send here */
  write(text: string): this {
    for (const [piece] of text.matchAll(pieces)) {
      if (piece === erase) this.#rows[this.#row] = "";
      else if (piece === up) this.#row = Math.max(0, this.#row - 1);
      else if (!color.test(piece)) this.#put(piece);
    }
    return this;
  }

  get rows(): readonly string[] {
    return this.#rows.map((row) => row.trimEnd());
  }

  /** Where the shell's prompt would come. */
  get cursor(): { readonly row: number; readonly column: number } {
    return { row: this.#row, column: this.#column };
  }

  #put(character: string): void {
    const row = this.#rows[this.#row] ?? "";
    if (character === "\r") this.#column = 0;
    else if (character === "\n") this.#rows[(this.#row += 1)] ??= "";
    else if (/\p{Cc}/u.test(character)) throw new Error(`a control character: ${JSON.stringify(character)}`);
    else if (this.#column === this.#columns) this.write("\r\n").#put(character);
    else {
      this.#rows[this.#row] = row.padEnd(this.#column).slice(0, this.#column) + character + row.slice(this.#column + 1);
      this.#column += 1;
    }
  }
}
