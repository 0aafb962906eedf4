/**
 * Two XML documents written by different encoders, compared by what they say. Not a parser: a scanner that is enough
 * for the small documents of requests, and that takes anything unusual (CDATA, comments) for a difference.
 */

const namedEntities: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

function decodeEntities(text: string): string {
  return text.replaceAll(
    /&(?:#x([0-9a-fA-F]+)|#(\d+)|(\w+));/g,
    (whole, hex?: string, decimal?: string, name?: string) => {
      if (name !== undefined) return namedEntities[name] ?? whole;
      const point = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
      return point <= 0x10_ffff ? String.fromCodePoint(point) : whole;
    },
  );
}

/** Tags and texts in order; without declaration, namespace, and white space between tags. */
export function xmlTokens(document: string): string[] {
  const tokens: string[] = [];
  for (const [token] of document.matchAll(/<[^<>]*>|[^<]+/g)) {
    if (token.startsWith("<?")) continue;
    if (token.startsWith("<"))
      tokens.push(token.replace(/(?<!\s)\s+xmlns="[^"]*"/, "").replace(/(?<!\s)\s+(?=\/?>$)/, ""));
    else if (token.trim() !== "") tokens.push(decodeEntities(token));
  }
  return tokens;
}
