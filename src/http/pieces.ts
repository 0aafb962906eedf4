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
  const long = secrets.filter((secret) => secret !== undefined && secret.length >= leastPiece) as string[];
  if (long.length === 0 || text.length < leastPiece || !mayHavePieces(text, long)) return text;
  const plain = plainOf(text);
  const ranges = long.flatMap((secret) => formsOf(secret).flatMap((form) => piecesOf(form, plain)));
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

/** What separates the values of JSON, XML and headers. */
const delimiter = /[\s"'<>&,:;{}()[\]\\]/;
/** `leastPiece` characters and more without any. */
const longRuns = /[^\s"'<>&,:;{}()[\]\\]{20,}/g;

/**
 * Whether a text can have a piece of a secret. Nearly all have none, and of those only the long runs are looked at: no
 * secret but a strange one has a delimiter that a piece could reach across.
 */
function mayHavePieces(text: string, secrets: readonly string[]): boolean {
  if (secrets.some((secret) => delimiter.test(secret))) return true;
  const runs = text.match(longRuns)?.map(plainOf) ?? [];
  if (runs.length === 0) return false;
  return secrets.some((secret) => {
    const all = allFormsOf(secret);
    // The shorter of both is cut into windows: a request id has a twentieth of what a token has in all its forms.
    return runs.some((run) => (run.length < all.length ? hasWindowOf(run, all) : hasWindowOf(all, run)));
  });
}

type Range = readonly [begin: number, end: number];

/** As it is compared: of the same length, without case, and base64 of either alphabet as one. */
function plainOf(text: string): string {
  const ascii = /[^\0-\x7f]/.test(text) ? text.replaceAll(/[^\0-\x7f]/g, "?") : text;
  const lowered = ascii.toLowerCase();
  return /[-_]/.test(lowered) ? lowered.replaceAll("-", "+").replaceAll("_", "/") : lowered;
}

/** All forms in one text, of the secrets that were asked for last: each answer of a session asks for its token. */
const known = new Map<string, string>();
const mostKnown = 8;

function allFormsOf(secret: string): string {
  const all = known.get(secret) ?? joinedForms(secret);
  // The one that was asked for least lately goes.
  known.delete(secret);
  known.set(secret, all);
  const [oldest] = known.keys();
  if (known.size > mostKnown && oldest !== undefined) known.delete(oldest);
  return all;
}

/** Quickly made, with a little beside: what is found in it is only a reason to look closer. */
function joinedForms(secret: string): string {
  const bytes = Buffer.from(secret);
  const step = bytes.length + (3 - (bytes.length % 3)) + 3;
  const shifted = Buffer.alloc(3 * step);
  for (const before of [0, 1, 2]) bytes.copy(shifted, before * step + before);
  return [plainOf(secret), bytes.toString("hex"), shifted.toString("base64").toLowerCase()].join("\n");
}

function formsOf(secret: string): string[] {
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
