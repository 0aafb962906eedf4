/** A rule of docs/wire.md that the signer did not keep. */
export interface SignatureMistake {
  /** Its number, such as `5.1`. */
  readonly rule: string;
  /** `what: how it was signed`, such as `path: signed percent-encoded instead of decoded`. */
  readonly text: string;
}

/** The first line in which two texts differ. */
export interface LineDifference {
  readonly text: "CanonicalRequest" | "HttpString" | "StringToSign";
  /** Counted from 1. */
  readonly line: number;
  /** Undefined when the text has no such line. */
  readonly expected: string | undefined;
  readonly signed: string | undefined;
}

/** Of a signature that did not fit: what should have been signed and, as far as it can be told, what was. */
export interface SignatureMismatch {
  /** Those that together give exactly the client's signature; empty when no known one does, nor two of them. */
  readonly mistakes: readonly SignatureMistake[];
  /** The CanonicalRequest (TC3) or HttpString (COS) that fits the request; a token in it reads `TOKEN+/=`. */
  readonly expected: string;
  readonly difference: LineDifference | undefined;
}

/** One way to go wrong: changes the right recipe into the one that was followed. */
export interface KnownMistake<Recipe> extends SignatureMistake {
  readonly make: (right: Recipe) => Recipe;
  /** Too rare to be looked for together with another: every pair costs time. */
  readonly rare?: boolean | undefined;
}

/** What a recipe gives. */
export interface Signed {
  /** CanonicalRequest or HttpString. */
  readonly canonical: string;
  readonly stringToSign: string;
  readonly signature: string;
}

export interface Search<Recipe> {
  readonly canonicalName: "CanonicalRequest" | "HttpString";
  /** The recipe as documented, for the request as it came. */
  readonly right: Recipe;
  readonly known: readonly KnownMistake<Recipe>[];
  readonly sign: (recipe: Recipe) => Signed;
  /** The client's. */
  readonly signature: string;
  /** The same recipe with a token replaced, for showing. */
  readonly shown: (recipe: Recipe) => Recipe;
}

/**
 * Finds out how a signature that does not fit was made: follows every known wrong recipe, and every two of the
 * commoner ones at once, until one gives the client's signature.
 */
export function findMistakes<Recipe>(search: Search<Recipe>): SignatureMismatch {
  const { right, known, sign, signature, shown, canonicalName } = search;
  const expected = sign(shown(right)).canonical;
  const made = (recipe: Recipe): boolean => sign(recipe).signature === signature;
  const wrong = known.map((mistake) => ({ mistakes: [mistake], recipe: mistake.make(right) }));
  const single = wrong.find(({ recipe }) => made(recipe));
  const found = single ?? findPair(search, made);
  if (found === undefined) return { mistakes: [], expected, difference: undefined };
  const canonical = sign(shown(found.recipe)).canonical;
  const difference =
    differenceOf(canonicalName, expected, canonical) ??
    differenceOf("StringToSign", sign(shown(right)).stringToSign, sign(shown(found.recipe)).stringToSign);
  return { mistakes: found.mistakes.map(({ rule, text }) => ({ rule, text })), expected, difference };
}

function findPair<Recipe>(
  search: Search<Recipe>,
  made: (recipe: Recipe) => boolean,
): { mistakes: KnownMistake<Recipe>[]; recipe: Recipe } | undefined {
  const known = search.known.filter(({ rare }) => rare !== true);
  for (const [index, first] of known.entries()) {
    const half = first.make(search.right);
    for (const second of known.slice(index + 1)) {
      const recipe = second.make(half);
      if (made(recipe)) return { mistakes: [first, second], recipe };
    }
  }
  return undefined;
}

function differenceOf(text: LineDifference["text"], expected: string, signed: string): LineDifference | undefined {
  if (expected === signed) return undefined;
  const [right, wrong] = [expected.split("\n"), signed.split("\n")];
  const index = right.findIndex((line, at) => line !== wrong[at]);
  const at = index < 0 ? right.length : index;
  return { text, line: at + 1, expected: right[at], signed: wrong[at] };
}

/** A mismatch in one sentence, for the log. */
export function describeMismatch({ mistakes }: SignatureMismatch): string {
  if (mistakes.length === 0) return "another secret key, or another text than ours was signed";
  return mistakes.map(({ text }) => text).join("; and ");
}

/** A mismatch that needs no search: the mistake is written in the Authorization. */
export function plainMismatch(rule: string, text: string): SignatureMismatch {
  return { mistakes: [{ rule, text }], expected: "", difference: undefined };
}
