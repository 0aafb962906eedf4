/** Decodes one name or value of a query, where `+` may stand for a space. */
function decodeQueryText(text: string): string | undefined {
  return decodePercent(text.replaceAll("+", "%20"));
}

/** Undefined when the escapes are no UTF-8 text. */
export function decodePercent(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** A request line's target in its parts. */
export interface Target {
  readonly rawPath: string;
  readonly rawQuery: string;
  /** Undefined when the escapes are no UTF-8 text. */
  readonly path: string | undefined;
  readonly query: ReadonlyMap<string, string>;
  /** Some parameter is there twice or is not decodable. */
  readonly ambiguous: boolean;
}

export function parseTarget(url: string): Target {
  // A proxy is sent the absolute form.
  const target = url.replace(/^https?:\/\/[^/?]*/i, "");
  const mark = target.indexOf("?");
  const rawPath = (mark < 0 ? target : target.slice(0, mark)) || "/";
  const rawQuery = mark < 0 ? "" : target.slice(mark + 1);
  const query = new Map<string, string>();
  let ambiguous = false;
  for (const pair of rawQuery.split("&")) {
    if (pair === "") continue;
    const equals = pair.indexOf("=");
    const name = decodeQueryText(equals < 0 ? pair : pair.slice(0, equals));
    const value = decodeQueryText(equals < 0 ? "" : pair.slice(equals + 1));
    if (name === undefined || value === undefined || query.has(name)) ambiguous = true;
    else query.set(name, value);
  }
  return { rawPath, rawQuery, path: decodePercent(rawPath), query, ambiguous };
}
