/** A secret of which this number of characters in a row is shown is given away in part; fewer may be a coincidence. */
const leastPiece = 20;

/** Any piece of 2n - 1 characters holds one of those that begin at a multiple of n: n are looked for. */
const windowSize = 10;

/**
 * Takes out what is a piece of a secret, or of its base64 or hexadecimal form: a server may cut it off, break it into
 * lines or headers, change its case, or encode it with what stands around it.
 * @param hidden what is put in its place
 */
export function withoutPieces(text: string, secrets: readonly (string | undefined)[], hidden: string): string {
  if (text.length < leastPiece) return text;
  const plain = plainOf(text);
  const ranges = secrets.flatMap((secret) =>
    secret === undefined || secret.length < leastPiece ? [] : formsOf(secret).flatMap((form) => piecesOf(form, plain)),
  );
  if (ranges.length === 0) return text;
  let shown = "";
  let from = 0;
  for (const [begin, end] of ranges.sort(([a], [b]) => a - b)) {
    if (end <= from) continue;
    if (begin >= from) shown += text.slice(from, begin) + hidden;
    from = end;
  }
  return shown + text.slice(from);
}

type Range = readonly [begin: number, end: number];

/** As it is compared: of the same length, without case, and base64 of either alphabet as one. */
function plainOf(text: string): string {
  return text
    .replaceAll(/[^\0-\x7f]/g, "?")
    .toLowerCase()
    .replaceAll("-", "+")
    .replaceAll("_", "/");
}

/** Forms of the secrets that were asked for last: those of a session are in each of its answers. */
const known = new Map<string, readonly string[]>();
const mostKnown = 8;

function formsOf(secret: string): readonly string[] {
  const before = known.get(secret);
  if (before !== undefined) return before;
  if (known.size >= mostKnown) known.clear();
  const forms = makeForms(secret);
  known.set(secret, forms);
  return forms;
}

function makeForms(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const inBase64 = [0, 1, 2].map((before) => {
    const all = Buffer.concat([Buffer.alloc(before), bytes])
      .toString("base64")
      .replace(/={1,2}$/, "");
    // Its first and last characters depend on what stands around it.
    return all.slice(before === 0 ? 0 : before + 1, -1);
  });
  return [secret, bytes.toString("hex"), ...inBase64].map(plainOf);
}

function piecesOf(form: string, text: string): Range[] {
  const found: Range[] = [];
  for (let at = 0; at + windowSize <= form.length; at += windowSize) {
    const window = form.slice(at, at + windowSize);
    for (let hit = text.indexOf(window); hit !== -1;) {
      let [before, after] = [0, windowSize];
      // What holds the window before this one was found by that.
      while (before < Math.min(at, hit, windowSize - 1) && form[at - before - 1] === text[hit - before - 1])
        before += 1;
      while (at + after < form.length && form[at + after] === text[hit + after]) after += 1;
      if (before + after >= leastPiece) found.push([hit - before, hit + after]);
      hit = text.indexOf(window, hit + after);
    }
  }
  return found;
}
