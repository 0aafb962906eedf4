/**
 * The first name of an object that is a known one misspelt: in another case, with other separators, with one or two
 * neighbouring letters wrong, missing or too many, or with a word before it (a `sessionToken` is a `token`). All other
 * names mean something to somebody else: an object may serve several purposes. One whose right name is there too, or
 * that has no value, misleads nobody.
 */
export function misspelt(given: object, known: readonly string[]): { name: string; likely: string } | undefined {
  const values = given as Record<string, unknown>;
  for (const name of Object.keys(given)) {
    if (known.includes(name) || values[name] === undefined) continue;
    const likely = known.find((one) => isLike(bare(name), bare(one)) && values[one] === undefined);
    if (likely !== undefined) return { name, likely };
  }
  return undefined;
}

function bare(name: string): string {
  return name.replace(/[^a-z0-9]/gi, "").toLowerCase();
}

function isLike(a: string, b: string): boolean {
  if (a === b || (b.length > 4 && a.endsWith(b))) return true;
  const shorter = Math.min(a.length, b.length);
  let same = 0;
  while (same < shorter && a[same] === b[same]) same += 1;
  let end = 0;
  while (end < shorter - same && a.at(-1 - end) === b.at(-1 - end)) end += 1;
  return Math.max(a.length, b.length) - same - end <= (shorter > 4 ? 2 : 1);
}
