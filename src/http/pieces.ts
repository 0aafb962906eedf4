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
  if (text.length < leastPiece || secrets.length === 0) return text;
  const plain = plainOf(text);
  const ranges = secrets.flatMap((secret) => {
    if (secret === undefined || secret.length < leastPiece) return [];
    const { forms, all } = formsOf(secret);
    // The shorter of both is cut into windows: a request id has a twentieth of what a token has in all its forms.
    if (plain.length < all.length && !hasWindowOf(plain, all)) return [];
    return forms.flatMap((form) => piecesOf(form, plain));
  });
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
  const ascii = /[^\0-\x7f]/.test(text) ? text.replaceAll(/[^\0-\x7f]/g, "?") : text;
  const lowered = ascii.toLowerCase();
  return /[-_]/.test(lowered) ? lowered.replaceAll("-", "+").replaceAll("_", "/") : lowered;
}

/** Forms of the secrets that were asked for last: those of a session are in each of its answers. */
const known = new Map<string, Forms>();
const mostKnown = 8;

interface Forms {
  readonly forms: readonly string[];
  /** All of them in one text. */
  readonly all: string;
}

function formsOf(secret: string): Forms {
  const forms = known.get(secret) ?? makeForms(secret);
  // The one that was asked for least lately goes: a token is asked for by every answer, a signature by one.
  known.delete(secret);
  known.set(secret, forms);
  const [oldest] = known.keys();
  if (known.size > mostKnown && oldest !== undefined) known.delete(oldest);
  return forms;
}

function makeForms(secret: string): Forms {
  const bytes = Buffer.from(secret);
  const inBase64 = [0, 1, 2].map((before) => {
    const all = Buffer.concat([Buffer.alloc(before), bytes])
      .toString("base64")
      .replace(/={1,2}$/, "");
    // Its first and last characters depend on what stands around it.
    return all.slice(before === 0 ? 0 : before + 1, -1);
  });
  const forms = [secret, bytes.toString("hex"), ...inBase64].map(plainOf);
  return { forms, all: forms.join("\n") };
}

/** Whether a window of the first text, at a multiple of its size, is in the other. */
function hasWindowOf(text: string, other: string): boolean {
  for (let at = 0; at + windowSize <= text.length; at += windowSize) {
    if (other.includes(text.slice(at, at + windowSize))) return true;
  }
  return false;
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
