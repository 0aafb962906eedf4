// Reads multipart/form-data as it arrives, with memory for one chunk: what form-upload.mjs needs of it, and no more.

/**
 * @typedef {object} FormPart
 * @property {string} name
 * @property {string | undefined} fileName
 * @property {AsyncGenerator<Uint8Array, void>} body To be read before the next part is asked for; what is left of it is
 * skipped then.
 */

export class FormError extends Error {}

const mostHeaderBytes = 16 * 1024;

/**
 * The parts of a form, one after the other.
 *
 * @param {AsyncIterable<Uint8Array>} chunks
 * @param {string | undefined} contentType
 * @returns {AsyncGenerator<FormPart, void>}
 * @throws {FormError} when it is no form, or ends before its closing boundary
 */
export async function* formParts(chunks, contentType) {
  const match = /^multipart\/form-data\s*;.*?\bboundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/is.exec(contentType ?? "");
  if (match === null) throw new FormError("not multipart/form-data with a boundary");
  const delimiter = Buffer.from(`\r\n--${match[1] ?? match[2]}`);
  const input = new Scanner(chunks);
  // The first boundary has no line in front of it where the body begins with it.
  for await (const _ of input.until(delimiter));
  for (;;) {
    if ((await input.peek(2)) === "--") return;
    const line = await input.text(Buffer.from("\r\n"));
    if (line.trim() !== "") throw new FormError("a boundary is followed by something else");
    const headers = await input.text(Buffer.from("\r\n\r\n"));
    const disposition = /^content-disposition:(.*)$/im.exec(headers)?.[1] ?? "";
    const name = parameter(disposition, "name");
    if (name === undefined) throw new FormError("a part has no name");
    let read = false;
    const body = (async function* () {
      yield* input.until(delimiter);
      read = true;
    })();
    yield { name, fileName: parameter(disposition, "filename"), body };
    if (!read) for await (const _ of input.until(delimiter));
  }
}

/**
 * @param {string} header
 * @param {string} name
 */
function parameter(header, name) {
  const value = new RegExp(`;\\s*${name}="([^"]*)"`, "i").exec(header)?.[1];
  // The three characters that a form encodes in a name (WHATWG HTML, multipart/form-data).
  return value?.replace(/%22|%0D|%0A/gi, decodeURIComponent);
}

/** Finds delimiters in a sequence of chunks, whichever way they are cut. */
class Scanner {
  /** @type {AsyncIterator<Uint8Array>} */
  #chunks;
  #held = Buffer.from("\r\n");

  /** @param {AsyncIterable<Uint8Array>} chunks */
  constructor(chunks) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /**
   * What comes before the delimiter, which is consumed too.
   * @param {Buffer} delimiter
   * @returns {AsyncGenerator<Uint8Array, void>}
   */
  async *until(delimiter) {
    for (;;) {
      const at = this.#held.indexOf(delimiter);
      if (at >= 0) {
        const last = this.#held.subarray(0, at);
        this.#held = this.#held.subarray(at);
        if (last.length > 0) yield last;
        // Only now: who reads no further than `last` leaves the delimiter to whoever comes next.
        this.#held = this.#held.subarray(delimiter.length);
        return;
      }
      // The end of what is there may be the beginning of the delimiter.
      const safe = Math.max(0, this.#held.length - delimiter.length + 1);
      const ready = this.#held.subarray(0, safe);
      this.#held = this.#held.subarray(safe);
      if (ready.length > 0) yield ready;
      await this.#more();
    }
  }

  /**
   * The next bytes, which stay where they are.
   * @param {number} size
   */
  async peek(size) {
    while (this.#held.length < size) await this.#more();
    return this.#held.toString("latin1", 0, size);
  }

  /** @param {Buffer} delimiter */
  async text(delimiter) {
    const pieces = [];
    let size = 0;
    for await (const piece of this.until(delimiter)) {
      pieces.push(piece);
      size += piece.length;
      if (size > mostHeaderBytes) throw new FormError("the headers of a part are too long");
    }
    return Buffer.concat(pieces).toString("utf8");
  }

  async #more() {
    const { done, value } = await this.#chunks.next();
    if (done === true) throw new FormError("the form ends before its closing boundary");
    this.#held = this.#held.length === 0 ? Buffer.from(value) : Buffer.concat([this.#held, value]);
  }
}
