// What a terminal shows of what a program writes, as far as vodup's command needs one, and a picture of it that moves.

const colours = { 31: "#ff7b72", 32: "#7ee787", 33: "#e3b341", 34: "#79c0ff", 36: "#76d9e6" };
const escapes = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/** A screen that does not scroll: rows of characters, each with its colour. Lines that are too long are wrapped. */
export class Terminal {
  #columns;
  #rows = [[]];
  #row = 0;
  #column = 0;
  #colour = undefined;

  constructor(columns) {
    this.#columns = columns;
  }

  /** @throws {Error} at a sequence that it does not know: the picture would show something else than the terminal */
  write(text) {
    const [plain, ...sequences] = text.split("\u001B");
    for (const character of plain) this.#put(character);
    for (const sequence of sequences) {
      const [, codes = "", kind = "", rest = ""] = /^\[([\d;]*)([A-Za-z])([^]*)$/.exec(sequence) ?? [];
      if (kind === "m") for (const code of codes.split(";")) this.#paint(Number(code));
      else if (kind === "K" && codes === "2") this.#rows[this.#row] = [];
      else if (kind === "J" && codes === "") this.#eraseBelow();
      else if (kind === "C") this.#column = Math.min(this.#columns - 1, this.#column + Number(codes || 1));
      else if (kind === "A") this.#row = Math.max(0, this.#row - Number(codes || 1));
      else throw new Error(`the terminal does not know ${JSON.stringify(sequence.slice(0, 10))}`);
      for (const character of rest) this.#put(character);
    }
  }

  #paint(code) {
    if (code === 0 || code === 39) this.#colour = undefined;
    else if (colours[code] !== undefined) this.#colour = colours[code];
    // Bold, dim and their ends are not drawn.
    else if (![1, 2, 22].includes(code)) throw new Error(`the terminal does not know style ${code}`);
  }

  #put(character) {
    if (character === "\r") this.#column = 0;
    else if (character === "\n") this.#nextRow();
    else if (/\p{Cc}/u.test(character)) throw new Error(`the terminal does not know ${JSON.stringify(character)}`);
    else this.#draw(character);
  }

  #eraseBelow() {
    this.#rows.length = this.#row + 1;
    this.#rows[this.#row].length = Math.min(this.#rows[this.#row].length, this.#column);
  }

  #nextRow() {
    this.#rows[++this.#row] ??= [];
  }

  #draw(character) {
    if (this.#column === this.#columns) {
      this.#nextRow();
      this.#column = 0;
    }
    const row = this.#rows[this.#row];
    while (row.length < this.#column) row.push({ character: " " });
    row[this.#column++] = { character, colour: this.#colour };
  }

  /** @returns the rows as pieces of one colour */
  snapshot() {
    return this.#rows.map((row) => {
      const pieces = [];
      for (const { character, colour } of row) {
        const last = pieces.at(-1);
        if (last?.colour === colour && last !== undefined) last.text += character;
        else pieces.push({ text: character, colour });
      }
      return pieces;
    });
  }
}

const [fontSize, charWidth, lineHeight, padding] = [14, 8.4, 20, 16];

function drawRow(pieces, y) {
  let column = 0;
  const drawn = pieces.map(({ text, colour }) => {
    const place = `x="${(padding + column * charWidth).toFixed(1)}" textLength="${(text.length * charWidth).toFixed(1)}"`;
    column += text.length;
    const escaped = text.replaceAll(/[&<>]/g, (character) => escapes[character]);
    return `<text ${place} y="${y}"${colour === undefined ? "" : ` fill="${colour}"`}>${escaped}</text>`;
  });
  return drawn.join("");
}

/**
 * Frames one below the other in a strip that moves up behind a window. What moves nothing (a viewer without CSS, a reader
 * who wants less motion) shows the last one.
 * @param frames `{ atMs, rows }`, the first at 0
 * @param options `title`, `columns`, `rows`, and `holdMs`: how long the last frame stays before it begins again
 */
export function svgOf(frames, { title, columns, rows, holdMs }) {
  const width = Math.ceil(columns * charWidth + 2 * padding);
  const height = rows * lineHeight + 2 * padding;
  const total = frames.at(-1).atMs + holdMs;
  const steps = frames.map(({ atMs }, index) => {
    return `${((100 * atMs) / total).toFixed(2)}%{transform:translateY(${-index * height}px)}`;
  });
  const last = -(frames.length - 1) * height;
  const drawn = frames.map((frame, index) => {
    const lines = frame.rows.map((pieces, row) =>
      drawRow(pieces, index * height + padding + row * lineHeight + fontSize),
    );
    return lines.join("");
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">
<title>${title}</title>
<style>
text{font:${fontSize}px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;white-space:pre}
.strip{transform:translateY(${last}px);animation:play ${(total / 1000).toFixed(2)}s step-end infinite}
@keyframes play{${steps.join("")}}
@media(prefers-reduced-motion:reduce){.strip{animation:none}}
</style>
<rect width="${width}" height="${height}" rx="8" fill="#0d1117"/>
<g class="strip" fill="#e6edf3">
${drawn.join("\n")}
</g>
</svg>
`;
}
